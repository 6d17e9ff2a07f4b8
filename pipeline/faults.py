"""What is wrong with a recipe, in a line that a person can act on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pipeline import keys
from pipeline.suggest import did_you_mean, nearest

LONGEST = 60
"""Characters of a value that are shown."""

KeyPath = tuple[Any, ...]
"""Keys and list indices from the top of a recipe."""

Places = dict[tuple[str, ...], str]
"""Key path -> where it is written: a file and line, or a `--set`; `()` -> the file."""


def faults_of(errors: Iterable[Mapping[str, Any]], raw: Any, places: Places) -> list[str]:
    """Return a line for each fault that pydantic found.

    Args:
      errors: As `ValidationError.errors()` lists them.
      raw: The recipe as written.
      places: Where each key is written.
    """
    by_path: dict[KeyPath, Mapping[str, Any]] = {}
    for error in errors:
        by_path.setdefault(_path_in_file(raw, error), error)
    deepest = {p: e for p, e in by_path.items() if not any(_is_above(p, q) for q in by_path)}
    return [_line(path, error, raw, places) for path, error in deepest.items()]


def fault_about(message: str, raw: Any, places: Places) -> str:
    """Return the line of a fault that is told as `key.path: what is wrong`."""
    path = _written(message.partition(': ')[0].split('.'), raw)
    return f'{_place(path, places)}: {message}'


def _line(path: KeyPath, error: Mapping[str, Any], raw: Any, places: Places) -> str:
    if not path:
        return fault_about(str(error['ctx']['error']), raw, places)
    kind = (*path, keys.KEY_OF_VARIANT)
    place = _place(kind if error['type'] == 'union_tag_invalid' else path, places)
    return f'{place}: {".".join(map(str, path))}: {_explained(path, error, raw)}'


def _path_in_file(raw: Any, error: Mapping[str, Any]) -> KeyPath:
    """Drop from the location of a pydantic error what the file doesn't show: tags of unions."""
    path = _written(error['loc'], raw)
    return (*path, error['loc'][-1]) if error['type'] == 'missing' else path


def _written(parts: Iterable[Any], raw: Any) -> KeyPath:
    """Return those of the parts of a path that lead on in the recipe."""
    path: list[Any] = []
    for part in parts:
        if isinstance(raw, dict) and part in raw:
            path.append(part)
        elif isinstance(raw, list) and str(part).isdigit() and int(part) < len(raw):
            path.append(int(part))
        else:
            continue
        raw = raw[path[-1]]
    return tuple(path)


def _is_above(path: KeyPath, other: KeyPath) -> bool:
    return len(path) < len(other) and other[: len(path)] == path


def _place(path: KeyPath, places: Places) -> str:
    """Return where a key is written, or else the nearest above it."""
    path = tuple(map(str, path))
    return next(places[path[:n]] for n in range(len(path), -1, -1) if path[:n] in places)


def _explained(path: KeyPath, error: Mapping[str, Any], raw: Any) -> str:
    value = error['input']
    allowed = _allowed(path, error, raw)
    match error['type']:
        case 'missing':
            return f'is required, {keys.in_words(allowed)}{_described(allowed)}'
        case 'extra_forbidden':
            known = keys.key_names(keys.allowed_at(path[:-1], raw))
            return f'unknown key; {nearest(path[-1], known)}'
        case 'value_error':
            return str(error['ctx']['error'])
        case 'union_tag_invalid' | 'union_tag_not_found':
            known = keys.values(keys.allowed_at((*path, keys.KEY_OF_VARIANT), raw))
            if keys.KEY_OF_VARIANT not in value:
                return f'{keys.KEY_OF_VARIANT} is required: {keys.either(known)}'
            kind = value[keys.KEY_OF_VARIANT]
            return f'kind {_shown(kind)} is unknown; {nearest(kind, known)}'
        case 'string_pattern_mismatch':
            return f'{_shown(value)} is not allowed{_described(allowed)}'
        case 'string_type' if error['loc'][-1] == '[key]':
            return f'the key {_shown(path[-1])} is not a string; quote it'
        case 'string_type' if value is not None and not isinstance(value, dict | list):
            return f'{_shown(value)} is not a string; quote it'
        case _ if allowed:
            return _not_allowed(value, allowed)
        case _:
            return f'{_shown(value)}: {error["msg"]}'


def _allowed(path: KeyPath, error: Mapping[str, Any], raw: Any) -> list[keys.Node]:
    """Return what is allowed; where a short form is written, under the key it stands for."""
    allowed = keys.allowed_at(path, raw)
    key = error['loc'][-1]
    if path[-1:] != (key,) and key in keys.key_names(allowed):
        return keys.allowed_at((*path, key), raw)
    return allowed


def _not_allowed(value: Any, nodes: Sequence[keys.Node]) -> str:
    nodes = [n for n in nodes if n.get('type') != 'null']
    words, names = keys.values(nodes), keys.key_names(nodes)
    allowed = keys.in_words(nodes)
    if kinds := keys.kinds(nodes):
        allowed = f'a kind ({", ".join(kinds)}) or settings'
    elif names:
        allowed = f'settings ({", ".join(names)})'
    if value is None:
        return f'is empty; expected {allowed}'
    if words and all(map(keys.is_constant, nodes)):
        return f'{_shown(value)} is not allowed; {nearest(value, words)}'
    if names or len(nodes) > 1:
        return f'{_shown(value)} is not allowed; {did_you_mean(value, words)}expected {allowed}'
    return f'{_shown(value)} is not {allowed}'


def _described(nodes: Sequence[keys.Node]) -> str:
    about = next((n['description'] for n in nodes if 'description' in n), '')
    return f': {about.splitlines()[0].rstrip(".")}' if about else ''


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= LONGEST else f'{text[: LONGEST - 1]}…'

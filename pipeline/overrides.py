"""`--set key.path=value`: one key of a recipe, changed on the command line."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from components.image_example_gen.settings import DIGITS


def override(raw: dict[str, Any], assignment: str) -> tuple[Any, ...]:
    """Set one key of a recipe as read from its file, in place, and return the key's path.

    Items of lists are counted from 0: `gate.slices.0.min_examples`. Short forms become long
    where a key of theirs is set: `features.age.buckets` of `age: numeric`. Another `kind` starts
    from its defaults. Relative paths are taken from the working directory.

    Args:
      raw: The recipe.
      assignment: `key.path=value`, the value in YAML.

    Raises:
      ValueError: It isn't an assignment, or a key on the way can't have keys of its own.
    """
    dotted, equals, text = assignment.partition('=')
    parts = dotted.strip().split('.')
    if not equals or not all(parts):
        raise ValueError(f'--set {assignment}: expected key.path=value')
    at: Any = raw
    path: tuple[Any, ...] = ()
    while True:
        try:
            part, parts = _next_part(at, path, parts)
        except LookupError as error:
            raise ValueError(f'--set {assignment}: {error.args[0]}') from None
        path = (*path, part)
        if not parts:
            value = _from_here(path, _value(text))
            if part == 'kind' and at.get(part, value) != value:
                at.clear()  # what was set is of another kind
            at[part] = value
            return path
        if isinstance(at, dict):
            at[part] = _with_keys(at.get(part), path)
        at = at[part]


def _value(text: str) -> Any:
    try:
        return YAML(typ='safe', pure=True).load(text)
    except YAMLError:
        return text


def _from_here(path: tuple[Any, ...], value: Any) -> Any:
    """Take relative paths from where the command is given, not from the recipe's folder."""
    match path, value:
        case ('data', 'local', _), {'path': named}:
            return value | {'path': _from_here((*path, 'path'), named)}
        case ((('data', 'local', _) | ('data', 'local', _, 'path')), list()):
            return [_from_here(path, item) for item in value]
        case (
            (
                ('data', 'local', _)
                | ('data', 'local', _, 'path')
                | ('data', 'query_file' | 'schema' | 'images')
                | ('data', 'images', 'query_file')
            ),
            str(),
        ) if '://' not in value and not value.startswith('$') and value != DIGITS:
            return str(Path(value).absolute())
    return value


def _next_part(at: Any, path: tuple[Any, ...], parts: list[str]) -> tuple[Any, list[str]]:
    """Take the next key, or index, and return it with the parts that are left.

    Raises:
      LookupError: There can't be such a key.
    """
    where = '.'.join(map(str, path))
    if isinstance(at, list):
        if not parts[0].isdigit() or int(parts[0]) >= len(at):
            raise LookupError(f'{where} is a list of {len(at)}, counted from 0: no {parts[0]!r}')
        return int(parts[0]), parts[1:]
    if not isinstance(at, dict):
        raise LookupError(f'{where} is a value; it has no key {parts[0]!r}')
    for n in range(len(parts), 0, -1):
        if (name := '.'.join(parts[:n])) in at:
            return name, parts[n:]
    if path == ('data', 'local'):  # names of tables hold dots
        return '.'.join(parts), []
    return parts[0], parts[1:]


def _with_keys(value: Any, path: tuple[Any, ...]) -> Any:
    """Return a value in its long form, which keys can be set in."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    match path:
        case ('features', _) | ('train', 'schedule'):
            return {'kind': value}
        case ('data', 'local', _):
            return {'path': value}
    return value

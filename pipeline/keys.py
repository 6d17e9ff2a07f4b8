"""What a recipe's types allow under each key, in plain words, read off their JSON Schema."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from models.settings import DOTTED_PATH
from pipeline.recipe import Recipe

Node = dict[str, Any]
"""A JSON Schema, as pydantic writes it."""

KEY_OF_VARIANT = 'kind'
"""Settings of several kinds differ in this key."""


@cache
def schema_of(settings: type[BaseModel]) -> Node:
    """Return the JSON Schema of settings, with every reference replaced by what it refers to.

    `description` tells of a key, if that has one; `about` of the settings below it.
    """
    schema = settings.model_json_schema()
    inlined: Node = _inlined(schema, schema.pop('$defs', {}))
    return inlined


def alternatives(node: Node) -> list[Node]:
    """Return the schemas any of which a value may follow."""
    parts = node.get('anyOf') or node.get('oneOf')
    if not parts:
        return [node]
    own = {k: node[k] for k in ('description',) if k in node}
    return [a | own for part in parts for a in alternatives(part)]


def allowed_at(path: Sequence[Any], raw: Any) -> list[Node]:
    """Return the schemas of what may stand at a key path; none if the path is unknown.

    Args:
      path: Keys and list indices from the top of the recipe.
      raw: The recipe as written; its `kind`s decide between settings of several kinds.
    """
    nodes = [schema_of(Recipe)]
    for part in path:
        nodes = [a for n in _of_kind(nodes, raw) for a in _below(n, part)]
        raw = _child(raw, part)
    return _of_kind(nodes, raw)


def key_names(nodes: Iterable[Node]) -> list[str]:
    """Return the keys that settings may have, in the order of the types."""
    return list(dict.fromkeys(key for n in nodes for key in n.get('properties', {})))


def is_constant(node: Node) -> bool:
    """Whether only certain words are allowed."""
    return 'enum' in node or 'const' in node


def values(nodes: Iterable[Node]) -> list[str]:
    """Return the words that are allowed as they stand."""
    constants = [n['enum'] if 'enum' in n else [n['const']] for n in nodes if is_constant(n)]
    return [str(value) for some in constants for value in some]


def kinds(nodes: Sequence[Node]) -> list[str]:
    """Return the kinds of settings of several kinds."""
    of_kinds = [n['properties'][KEY_OF_VARIANT] for n in nodes if _has_kind(n)]
    return values(of_kinds) if len(of_kinds) > 1 else []


def in_words(nodes: Sequence[Node], literal: Callable[[str], str] = str) -> str:
    """Say what is allowed.

    Example: `a whole number from 2 to 1000 or null`.

    Args:
      nodes: Schemas, any of which a value may follow.
      literal: How a word that is allowed as it stands is written.
    """
    said = list(map(literal, values(nodes)))
    said += [_noun(n, literal) for n in nodes if not is_constant(n) and n.get('type') != 'null']
    if any(n.get('type') == 'null' for n in nodes):
        said.append(literal('null'))
    return either(said)


def either(said: Iterable[str]) -> str:
    """Join alternatives: `a, b or c`. Whole numbers go without saying beside numbers."""
    distinct = dict.fromkeys(said)
    last = [s for s in distinct if 'whole ' not in s or s.replace('whole ', '') not in distinct]
    first = [', '.join(last[:-1])] if last[1:] else []
    return ' or '.join(first + last[-1:])


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_inlined(v, definitions) for v in value]
    if not isinstance(value, dict):
        return value
    if '$ref' in value:
        beside = {k: v for k, v in value.items() if k != '$ref'}
        value = definitions[value['$ref'].rpartition('/')[2]]
        value = value | {'about': value.get('description', '')} | beside
    return {k: _inlined(v, definitions) for k, v in value.items()}


def _below(node: Node, part: Any) -> list[Node]:
    """Return the schemas of what may stand under a key, or at an index, of a value."""
    below = node.get('items') if isinstance(part, int) else None
    below = below or node.get('properties', {}).get(part) or node.get('additionalProperties')
    return alternatives(below) if isinstance(below, dict) else []


def _of_kind(nodes: list[Node], raw: Any) -> list[Node]:
    """Keep of settings of several kinds those of the kind that is written, if it is known.

    Where no key names the kind, it is told by the keys that one of them requires.
    """
    kind = _child(raw, KEY_OF_VARIANT)
    same = [n for n in nodes if _has_kind(n) and kind in values([n['properties'][KEY_OF_VARIANT]])]
    if same or not isinstance(raw, dict):
        return same or nodes
    fit = [n for n in nodes if 'properties' in n and set(n.get('required', ())) <= set(raw)]
    if not fit or any(map(_has_kind, nodes)):
        return nodes
    return [max(fit, key=lambda n: len(n.get('required', ())))]


def _child(raw: Any, part: Any) -> Any:
    """Return what a recipe, as written, has under a key or at an index; None: nothing."""
    if isinstance(raw, dict):
        return raw.get(part)
    if isinstance(raw, list) and isinstance(part, int) and part < len(raw):
        return raw[part]
    return None


def _has_kind(node: Node) -> bool:
    return KEY_OF_VARIANT in node.get('properties', {})


def _noun(node: Node, literal: Callable[[str], str], plural: bool = False) -> str:
    match node.get('type'):
        case 'integer':
            return f'{"whole numbers" if plural else "a whole number"}{_bounds(node)}'
        case 'number':
            return f'{"numbers" if plural else "a number"}{_bounds(node)}'
        case 'boolean':
            return f'{literal("true")} or {literal("false")}'
        case 'string':
            kind = 'non-empty string' if node.get('minLength') else 'string'
            kind = 'dotted path' if node.get('pattern') == DOTTED_PATH else kind
            kind = 'time' if node.get('format') == 'date-time' else kind
            return f'{kind}s' if plural else f'a {kind}'
        case 'array':
            items = f'{_count(node)}{_plural(node["items"], literal)}'
            return f'{"lists" if plural else "a list"} of {items}'
        case 'object' if 'properties' in node:
            return 'settings'
        case 'object':
            below = node.get('additionalProperties')
            to = f' to {_plural(below, literal)}' if isinstance(below, dict) else ''
            return f'{"mappings" if plural else "a mapping"}{to}'
        case _:
            return 'any values' if plural else 'any value'


def _plural(node: Node, literal: Callable[[str], str]) -> str:
    nodes = alternatives(node)
    said = list(map(literal, values(nodes)))
    said += [_noun(n, literal, plural=True) for n in nodes if not is_constant(n)]
    return either(said)


def _count(node: Node) -> str:
    low, high = node.get('minItems'), node.get('maxItems')
    of = 'of ' if is_constant(node['items']) else ''
    if low and high:
        return f'{low} to {high} {of}'
    return f'{low} or more {of}' if low else ''


def _bounds(node: Node) -> str:
    low, above = node.get('minimum'), node.get('exclusiveMinimum')
    high, below = node.get('maximum'), node.get('exclusiveMaximum')
    if low is not None and high is not None:
        return f' from {low} to {high}'
    said = [
        f'{words} {bound}'
        for words, bound in (
            ('of at least', low), ('above', above), ('of at most', high), ('below', below),
        )
        if bound is not None
    ]  # fmt: skip
    return f' {" and ".join(said)}' if said else ''

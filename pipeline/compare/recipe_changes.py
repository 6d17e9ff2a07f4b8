"""What recipes differ in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = '(absent)'


@dataclass(frozen=True)
class Change:
    """A key whose value is not the same in all recipes.

    Attributes:
        key: Path of the key, dots between.
        values: Of each recipe; `ABSENT` where there is none.
    """

    key: str
    values: tuple[Any, ...]


def changes(recipes: Sequence[Mapping[str, Any]]) -> list[Change]:
    """List the keys that differ, in the order of the recipes.

    Args:
        recipes: As written, or with defaults filled in.
    """
    flat = [dict(_leaves(recipe)) for recipe in recipes]
    keys = dict.fromkeys(key for own in flat for key in own)
    every = [Change(key, tuple(own.get(key, ABSENT) for own in flat)) for key in keys]
    return [c for c in every if any(v != c.values[0] for v in c.values)]


def _leaves(value: Any, path: str = '') -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(below, f'{path}.{key}' if path else str(key))
    elif isinstance(value, list) and any(isinstance(v, Mapping) for v in value):
        for i, below in enumerate(value):
            yield from _leaves(below, f'{path}.{i}')
    else:
        yield path, value

"""What is different from the model that was blessed last."""

from collections.abc import Iterator, Mapping
from typing import Any

_ABSENT = object()


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the keys whose values differ.

    Args:
        before: Nested mappings.
        now: The same of this run.

    Returns:
        `key` (its path, dots between), `before` and `now`; None where there is none.
    """
    return [
        {'key': key, 'before': old, 'now': new} for key, old, new in _differences('', before, now)
    ]


def _differences(path: str, before: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            inner = f'{path}.{key}' if path else str(key)
            yield from _differences(inner, before.get(key, _ABSENT), now.get(key, _ABSENT))
    elif before != now:
        yield path, _shown(before), _shown(now)


def _shown(value: Any) -> Any:
    return None if value is _ABSENT else value

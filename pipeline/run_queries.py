"""Which runs to list, and in which order."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from components.evaluator.settings import METRICS
from pipeline.records import Run
from pipeline.suggest import nearest

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    '<=': operator.le,
    '>=': operator.ge,
    '!=': operator.ne,
    '<': operator.lt,
    '>': operator.gt,
    '=': operator.eq,
}
_CONDITION = re.compile(r'\s*(?P<key>[\w-]+)\s*(?P<operator><=|>=|!=|==|<|>|=)\s*(?P<value>.+?)\s*')
_BLESSED = {'yes': True, 'true': True, 'no': False, 'false': False}

ALL_METRICS = {m.name: m for metrics in METRICS.values() for m in metrics.values()}

KEYS = ('blessed', 'state', 'task', 'recipe', 'seconds', 'started')


class QueryError(ValueError):
    """A condition or a key that can't be followed; one line."""


def whole(run: Run) -> dict[str, Any]:
    """Return metric -> {candidate, baseline} of the whole split that was judged."""
    for slices in run.metrics.values():
        for measured in slices:
            if not measured['slice']:
                return dict(measured['metrics'])
    return {}


def metric_of(run: Run, name: str) -> float | None:
    """Return a metric of the whole split that was judged; None where there is none."""
    value = whole(run).get(name, {}).get('candidate')
    return None if value is None else float(value)


def select(runs: Iterable[Run], conditions: Sequence[str]) -> tuple[list[Run], list[str]]:
    """Return the runs that meet all conditions, and the metrics these are on.

    Raises:
      QueryError: A condition can't be read, or names no metric or key.
    """
    tests = [_test(c) for c in conditions]
    metrics = [key for key, _ in tests if key in ALL_METRICS]
    return [r for r in runs if all(test(r) for _, test in tests)], metrics


def sort(runs: Iterable[Run], key: str | None) -> tuple[list[Run], list[str]]:
    """Return runs in order, and the metric this is by, if it is one.

    Args:
      runs: Oldest first.
      key: A metric, `seconds` or `started`; `-` in front turns the order round. None: newest
        first. Runs without a value come last, whichever way.

    Raises:
      QueryError: There is no such key.
    """
    newest = list(reversed(list(runs)))
    if key is None:
        return newest, []
    name, turned = key.removeprefix('-'), key.startswith('-')
    if name == 'started':
        return (newest[::-1] if turned else newest), []
    if name != 'seconds' and name not in ALL_METRICS:
        known = [*ALL_METRICS, 'seconds', 'started']
        raise QueryError(f'--sort {key}: is no metric; {nearest(name, known)}')
    descending = (name in ALL_METRICS and ALL_METRICS[name].higher_is_better) != turned

    def value(run: Run) -> float | None:
        return run.seconds if name == 'seconds' else metric_of(run, name)

    with_value = [r for r in newest if value(r) is not None]
    without = [r for r in newest if value(r) is None]
    ordered = sorted(with_value, key=lambda r: value(r) or 0.0, reverse=descending)
    return ordered + without, [name] if name in ALL_METRICS else []


def _test(condition: str) -> tuple[str, Callable[[Run], bool]]:
    match = _CONDITION.fullmatch(condition)
    if not match:
        raise QueryError(
            f'--filter {condition}: is no condition; write key, one of < <= > >= = !=, and a '
            'value: rmse<1.1'
        )
    key, value = match['key'], match['value']
    compare = _OPERATORS[match['operator'].replace('==', '=')]
    if key in ALL_METRICS or key == 'seconds':
        number = _number(condition, value)
        return key, lambda run: _holds(
            compare, run.seconds if key == 'seconds' else metric_of(run, key), number
        )
    if key == 'blessed':
        if value not in _BLESSED:
            raise QueryError(f'--filter {condition}: blessed is yes or no, not {value}')
        return key, lambda run: compare(run.blessed, _BLESSED[value])
    if key == 'started':
        return key, lambda run: compare(f'{run.started:%Y-%m-%dT%H:%M:%S}'[: len(value)], value)
    if key in KEYS:
        return key, lambda run: compare(getattr(run, key), value)
    raise QueryError(
        f'--filter {condition}: {key} is no metric and no key; '
        f'{nearest(key, [*ALL_METRICS, *KEYS])}'
    )


def _holds(compare: Callable[[Any, Any], bool], value: float | None, bound: float) -> bool:
    return value is not None and compare(value, bound)


def _number(condition: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise QueryError(f'--filter {condition}: {value} is no number') from None

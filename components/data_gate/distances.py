"""Drift and skew: how far the values of a column are from those they are compared with.

The distances are TFDV's: L-infinity for strings (the largest change of a value's share of the
rows that have a value), approximate Jensen-Shannon divergence for numbers.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from components.data_gate.check import Check
from components.data_gate.column_stats import Column, Split

MEASURES = {
    'STRING': 'L-infinity distance',
    'INTEGER': 'Jensen-Shannon divergence',
    'FLOAT': 'Jensen-Shannon divergence',
}
REFERENCES = {'drift': 'the train split that passed last', 'skew': 'the train split'}


def check_distances(
    kind: Literal['drift', 'skew'], split: Split, other: Split, bounds: Mapping[str, float]
) -> Iterator[Check]:
    """Hold the distances between two splits against bounds.

    Args:
        kind: `drift`: `other` is the same split of earlier data; `skew`: another one of this.
        split: the split to judge.
        other: what it is compared with.
        bounds: largest distance allowed, by column.
    """
    comparable = {}
    for name, bound in bounds.items():
        now, then = split.columns.get(name), other.columns.get(name)
        if now and then and _comparable(now, then):
            comparable[name] = bound
        else:
            yield _not_comparable(kind, split, name, now, then, bound)
    if comparable:
        for name, distance in _measured(split, other, comparable).items():
            yield _judged(kind, split, other, name, distance, comparable[name])


def distances(split: Split, other: Split) -> dict[str, float]:
    """Measure every column that both splits have values of, of the same type."""
    both = {
        name: 1.0
        for name, now in split.columns.items()
        if (then := other.columns.get(name)) and _comparable(now, then)
    }
    return _measured(split, other, both) if both else {}


def _comparable(now: Column, then: Column) -> bool:
    return bool(then.type == now.type and now.present and then.present)


def _measured(split: Split, other: Split, bounds: Mapping[str, float]) -> dict[str, float]:
    """Let TFDV measure the columns that `bounds` names."""
    import tensorflow_data_validation as tfdv

    schema = schema_pb2.Schema()
    for name, bound in bounds.items():
        feature = schema.feature.add(name=name)
        if split.columns[name].type == 'STRING':
            feature.type = schema_pb2.BYTES
            feature.drift_comparator.infinity_norm.threshold = bound
        else:
            integer = split.columns[name].type == 'INTEGER'
            feature.type = schema_pb2.INT if integer else schema_pb2.FLOAT
            feature.drift_comparator.jensen_shannon_divergence.threshold = bound
    anomalies = tfdv.validate_statistics(
        _statistics(split, bounds), schema, previous_statistics=_statistics(other, bounds)
    )
    return {
        '.'.join(info.path.step): info.drift_measurements[0].value
        for info in anomalies.drift_skew_info
    }


def _statistics(
    split: Split, names: Mapping[str, float]
) -> statistics_pb2.DatasetFeatureStatisticsList:
    columns = [split.columns[name].proto for name in names]
    dataset = statistics_pb2.DatasetFeatureStatistics(num_examples=split.rows, features=columns)
    return statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])


def _judged(
    kind: str, split: Split, other: Split, name: str, distance: float, bound: float
) -> Check:
    """Hold one distance against its bound."""
    now, then = split.columns[name], other.columns[name]
    expected = f'{MEASURES[now.type]} of at most {bound:g} from {REFERENCES[kind]}'
    seen = f'{distance:.4g} over {now.present:,} rows: {_largest_change(now, then)}'
    fix = f'check the source, or, if it is meant, raise data_gate.{kind}.{name}'
    return Check(
        kind, split.name, name, distance <= bound, expected, seen, now.present, fix, distance,
        bound,
    )  # fmt: skip


def _not_comparable(
    kind: str, split: Split, name: str, now: Column | None, then: Column | None, bound: float
) -> Check:
    """Report a column that can't be compared; that is a fault unless it is new."""
    reference = REFERENCES[kind]
    if now is None or not now.present:
        passed, seen = False, 'no such column' if now is None else f'no value in {now.rows:,} rows'
    elif then is None or not then.present:
        passed, seen = kind == 'drift', f'no value to compare with in {reference}'
    else:
        passed, seen = False, f'{now.type}, where {reference} has {then.type}'
    expected = f'values to compare with {reference}'
    fix = f'mend the query, or take {name} out of data_gate.{kind}'
    return Check(kind, split.name, name, passed, expected, seen, split.rows, fix, None, bound)


def _largest_change(now: Column, then: Column) -> str:
    """Say what changed most: the share of a value, or the mean."""
    if now.type != 'STRING':
        return f'mean {then.numbers.mean:.4g} there, {now.numbers.mean:.4g} here'
    if now.counts is None or then.counts is None:
        return 'too many values to name one'
    before, after = _shares(then.counts), _shares(now.counts)
    value = max({*before, *after}, key=lambda v: (abs(after.get(v, 0) - before.get(v, 0)), v))
    return f'`{value}` {before.get(value, 0):.1%} there, {after.get(value, 0):.1%} here'


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {value: count / total for value, count in counts.items()}

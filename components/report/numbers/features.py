"""What the columns of the data hold: from TFDV's statistics of each split."""

from collections.abc import Mapping, Sequence
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2

from components.data_gate.column_stats import Column, Split
from components.report.numbers.plain import plain

MAX_COLUMNS = 120
TOP_VALUES = 10

_STANDARD = statistics_pb2.Histogram.STANDARD


def features(
    splits: Mapping[str, Split], first: Sequence[str], distances: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Describe each column in each split.

    Histograms are TFDV's: their counts are estimates from a sketch of the quantiles, to about 1%.

    Args:
        splits: Statistics by split.
        first: Columns to begin with.
        distances: Kind of comparison -> column -> distance.

    Returns:
        `splits` (name -> rows), `columns`: of each `name`, `type`, `distances` and `splits`.
    """
    names = list(dict.fromkeys(name for split in splits.values() for name in split.columns))
    place = {name: i for i, name in enumerate(first)}
    names.sort(key=lambda name: (place.get(name, len(place)), name))
    return {
        'splits': {name: split.rows for name, split in splits.items()},
        'columns': [_column(n, splits, distances) for n in names[:MAX_COLUMNS]],
        'left_out': names[MAX_COLUMNS:],
    }


def _column(
    name: str, splits: Mapping[str, Split], distances: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    by_split = {s: split.columns[name] for s, split in splits.items() if name in split.columns}
    return {
        'name': name,
        'type': next(iter(by_split.values())).type,
        'distances': {kind: plain(own[name]) for kind, own in distances.items() if name in own},
        'splits': {split: _described(column) for split, column in by_split.items()},
    }


def _described(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {'rows': column.rows, 'missing': column.missing}
    if column.type == 'STRING':
        return described | _text(column)
    stats = column.numbers
    if not column.present:
        return described
    return described | {
        'mean': plain(stats.mean),
        'deviation': plain(stats.std_dev),
        'min': plain(stats.min),
        'median': plain(stats.median),
        'max': plain(stats.max),
        'zeros': int(stats.num_zeros),
        'histogram': _histogram(column),
    }


def _text(column: Column) -> dict[str, Any]:
    stats = column.proto.string_stats
    top = [b for b in stats.rank_histogram.buckets if b.label][:TOP_VALUES]
    return {
        'different': int(stats.unique),
        'mean_length': plain(stats.avg_length),
        'top': [{'value': _short(b.label), 'rows': int(b.sample_count)} for b in top],
    }


def _short(text: str) -> str:
    return text if len(text) <= 60 else f'{text[:59]}…'


def _histogram(column: Column) -> list[list[Any]]:
    """Return [low, high, rows] of each bucket."""
    found = [h for h in column.numbers.histograms if h.type == _STANDARD and not h.name]
    if not found:
        return []
    return [
        [plain(b.low_value), plain(b.high_value), plain(round(b.sample_count, 1))]
        for b in found[0].buckets
    ]

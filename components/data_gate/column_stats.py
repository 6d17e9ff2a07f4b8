"""What TFDV's statistics of a split say about its rows and columns."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import statistics_pb2

ALL_ROWS = ('', 'All Examples')
"""Names that TFDV gives to the statistics of all rows, among those of slices."""

TYPES = {
    statistics_pb2.FeatureNameStatistics.INT: 'INTEGER',
    statistics_pb2.FeatureNameStatistics.FLOAT: 'FLOAT',
    statistics_pb2.FeatureNameStatistics.STRING: 'STRING',
    statistics_pb2.FeatureNameStatistics.BYTES: 'STRING',
}
"""Type in the statistics -> type in a query."""


@dataclass(frozen=True)
class Column:
    """The statistics of one column of a split."""

    proto: statistics_pb2.FeatureNameStatistics
    rows: int

    @property
    def type(self) -> str:
        """Type of the values, as a query names it; STRING where there is no value at all."""
        return TYPES.get(self.proto.type, 'STRING')

    @property
    def numbers(self) -> statistics_pb2.NumericStatistics:
        """Mean, range and histograms, of columns that hold numbers."""
        return self.proto.num_stats

    @property
    def present(self) -> int:
        """Rows with a value to learn from: not NULL, and neither '', NaN nor infinite."""
        stats = getattr(self.proto, self.proto.WhichOneof('stats') or 'num_stats')
        common = stats.common_stats
        # An empty list counts as "not missing" in TFDV.
        single = common.max_num_values <= 1
        values = common.tot_num_values if single else common.num_non_missing
        return int(values) - self.nan - self.infinite - (self.counts or {}).get('', 0)

    @property
    def missing(self) -> int:
        """Rows without a value to learn from."""
        return self.rows - self.present

    @property
    def nan(self) -> int:
        """Rows whose value is NaN."""
        return self.numbers.histograms[0].num_nan if self.numbers.histograms else 0

    @property
    def infinite(self) -> int:
        """Rows whose value is infinite."""
        if not math.isinf(self.numbers.min) and not math.isinf(self.numbers.max):
            return 0
        return round(
            sum(
                bucket.sample_count
                for bucket in self.numbers.histograms[0].buckets
                if math.isinf(bucket.low_value) or math.isinf(bucket.high_value)
            )
        )

    @property
    def counts(self) -> dict[str, int] | None:
        """Rows of each value; None where the statistics don't hold that: numbers, many values."""
        buckets = self.proto.string_stats.rank_histogram.buckets
        if not buckets or len(buckets) < self.proto.string_stats.unique:
            return None
        return {bucket.label: int(bucket.sample_count) for bucket in buckets}

    def rows_beyond(self, bound: float, above: bool) -> int:
        """Estimate how many rows lie above (or below) a bound, from the quantiles; at least 1."""
        rows = 0.0
        for bucket in self.numbers.histograms[-1].buckets:
            low, high = bucket.low_value, bucket.high_value
            if 0 < high - low < math.inf:
                share = min(max((high - bound) / (high - low), 0.0), 1.0)
            else:
                share = float(low > bound)
            rows += bucket.sample_count * (share if above else 1 - share)
        return max(1, round(rows))


@dataclass(frozen=True)
class Split:
    """The statistics of one split."""

    name: str
    rows: int
    columns: Mapping[str, Column]


def read_split(name: str, statistics: statistics_pb2.DatasetFeatureStatisticsList) -> Split:
    """Read the statistics of a split, as StatisticsGen writes them."""
    for dataset in statistics.datasets:
        if dataset.name in ALL_ROWS or len(statistics.datasets) == 1:
            rows = int(dataset.num_examples)
            return Split(name, rows, {name_of(f): Column(f, rows) for f in dataset.features})
    return Split(name, 0, {})


def name_of(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """Return the name of a column: old statistics hold a name, newer ones a path."""
    return feature.name or '.'.join(feature.path.step)

import numpy as np
import pyarrow as pa
import pytest

from components.report.numbers.bins import MISSING, OTHER, by_quantiles, group_column


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_quantile_groups_are_disjoint_of_equal_size_and_ordered(rng) -> None:
    values = rng.normal(size=10_007)
    groups = by_quantiles(values, 20)
    assert len(groups.names) == 20
    assert groups.counts.sum() == len(values)
    assert groups.counts.max() - groups.counts.min() <= 1
    for i, ends in enumerate(groups.ranges):
        own = values[groups.code == i]
        assert ends == (own.min(), own.max())
    flat = [end for own in groups.ranges if own for end in own]
    assert flat == sorted(set(flat))


def test_equal_values_stay_together(rng) -> None:
    values = rng.choice([0.0, 0.0, 0.0, 1.0, 2.0], 1000)
    groups = by_quantiles(values, 10)
    assert list(groups.ranges) == [(0, 0), (1, 1), (2, 2)]
    assert by_quantiles(np.zeros(50), 10).names == ('0',)


@pytest.mark.parametrize('rows', [1, 2, 7, 1000])
def test_quantiles_and_means_are_numpys(rng, rows) -> None:
    values = rng.normal(size=rows).astype(np.float32)
    groups = group_column(pa.chunked_array([rng.choice(['a', 'b', 'c'], rows).tolist()]), 5)
    assert groups is not None
    shares = (0, 0.1, 0.5, 0.9, 1)
    found, means = groups.quantiles(values, shares), groups.means(values)
    for i in range(len(groups.names)):
        own = values[groups.code == i].astype(np.float64)
        assert found[i] == pytest.approx(np.quantile(own, shares), rel=1e-12, abs=1e-12)
        assert means[i] == pytest.approx(own.mean(), rel=1e-9)


def test_rare_values_are_together_and_missing_ones_apart() -> None:
    column = pa.chunked_array([['a'] * 5 + ['b'] * 3 + ['c', 'd', 'e', None, '']])
    groups = group_column(column, 3)
    assert groups is not None
    assert dict(zip(groups.names, groups.counts.tolist(), strict=True)) == {
        'a': 5, 'b': 3, OTHER: 3, MISSING: 2,
    }  # fmt: skip


def test_few_numbers_are_values_and_many_are_cut() -> None:
    few = group_column(pa.chunked_array([[3, 1, None, 2, 1]]), 5)
    assert few is not None
    assert few.names == ('1', '2', '3', MISSING)
    many = group_column(pa.chunked_array([[float(i) for i in range(100)] + [None, np.nan]]), 4)
    assert many is not None
    assert many.names == ('0 to 24', '25 to 49', '50 to 74', '75 to 99', MISSING)
    assert many.counts.tolist() == [25, 25, 25, 25, 2]


def test_columns_of_lists_and_of_nothing() -> None:
    assert group_column(pa.chunked_array([[[1], [2, 3]]]), 3) is None
    empty = group_column(pa.chunked_array([pa.nulls(4)]), 3)
    assert empty is not None
    assert (empty.names, empty.counts.tolist()) == ((MISSING,), [4])

import numpy as np
import pyarrow as pa
import pytest

from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import Split
from components.query_example_gen.splits import assign, fingerprints


def split(**settings: object) -> Split:
    return Split.model_validate(settings)


@pytest.mark.parametrize(
    ('text', 'fingerprint'),
    [
        ('1footrue', -1541654101129638711),
        ('2applefalse', 2794438866806483259),
        ('3true', -4880158226897771312),
    ],
)
def test_fingerprints_are_bigquerys(text: str, fingerprint: int) -> None:
    """The values are from BigQuery's documentation of FARM_FINGERPRINT."""
    assert fingerprints(pa.array([text, 'other']))[0] == fingerprint


@pytest.fixture
def births() -> pa.RecordBatch:
    rng = np.random.default_rng(1)
    return pa.record_batch(
        {
            'year': rng.integers(2001, 2009, 20_000),
            'month': rng.integers(1, 13, 20_000),
            'weight': rng.normal(7, 1, 20_000),
        }
    )


def test_rows_that_agree_in_the_key_stay_together(births: pa.RecordBatch) -> None:
    chosen = assign(births, split(by=['year', 'month']))
    of_month: dict[tuple, set[int]] = {}
    for year, month, index in zip(births['year'], births['month'], chosen, strict=True):
        of_month.setdefault((year.as_py(), month.as_py()), set()).add(index)
    assert len(of_month) == 96
    assert all(len(indices) == 1 for indices in of_month.values())


def test_shares_are_kept(births: pa.RecordBatch) -> None:
    into = {'train': 6, 'eval': 3, 'test': 1}
    counts = np.bincount(assign(births, split(into=into))) / len(births)
    assert counts == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def test_a_row_stays_when_others_come_go_or_change_places(births: pa.RecordBatch) -> None:
    rule = split(by=['weight', 'month'])
    before = assign(births, rule)
    order = np.random.default_rng(2).permutation(len(births))[:5000]
    assert (assign(births.take(pa.array(order)), rule) == before[order]).all()


def test_the_key_of_one_row_by_hand() -> None:
    batch = pa.record_batch({'a': ['x', None], 'b': [12, 3]})
    numbers = fingerprints(pa.array(['1:x2:12', '-1:3'])) % 10
    expected = [0 if n < 8 else int(n) - 7 for n in numbers]
    assert assign(batch, split(by=['a', 'b'])).tolist() == expected


def test_a_column_names_the_split() -> None:
    batch = pa.record_batch({'part': ['train', 'test', 'eval', 'train']})
    assert assign(batch, split(column='part')).tolist() == [0, 2, 1, 0]
    mapped = split(column='part', values={'train': ['train', 'test'], 'eval': 'eval'})
    assert assign(batch, mapped).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize(('value', 'shown'), [('dev', "'dev'"), (None, 'NULL')])
def test_a_value_that_names_no_split(value: str | None, shown: str) -> None:
    batch = pa.record_batch({'part': pa.array(['train', value], pa.string())})
    with pytest.raises(QueryError, match=f'part holds {shown} in at least 1 rows.*train, eval'):
        assign(batch, split(column='part'))

import numpy as np
import pyarrow as pa

from pipeline.compare.matching import match_rows
from tests.pipeline.kept_run import census


def test_the_same_rows_in_another_order_are_matched():
    table = census()
    order = np.random.default_rng(1).permutation(len(table))
    match = match_rows(table, census(seed=5).take(pa.array(order)))
    assert match.complete
    assert set(match.columns) == {'sex', 'age'}
    first = table.take(pa.array(match.first)).select(['sex', 'age', 'label'])
    second = census(seed=5).take(pa.array(order)).take(pa.array(match.second))
    assert first.equals(second.select(['sex', 'age', 'label']))


def test_rows_of_one_table_only_are_not_matched():
    table = census()
    match = match_rows(table, table.slice(100))
    assert not match.complete
    assert match.rows == (600, 500)
    assert len(match.first) == 500


def test_columns_that_only_one_has_and_types_do_not_matter():
    table = census()
    other = table.append_column('new', pa.array(range(len(table))))
    other = other.set_column(other.schema.get_field_index('age'), 'age', other['age'].cast('float'))
    assert match_rows(table, other).complete


def test_a_missing_value_is_the_same_however_it_is_written():
    one = pa.table({'t': ['', 'a'], 'n': [None, 1], 'label': ['x', 'y']})
    other = pa.table({'t': [None, 'a'], 'n': [float('nan'), 1.0], 'label': ['x', 'y']})
    assert match_rows(one, other).complete

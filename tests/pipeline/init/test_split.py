from collections.abc import Sequence

import duckdb
import pyarrow as pa
import pytest

from components.query_example_gen.settings import Split
from pipeline.init.profile import Column, profile
from pipeline.init.split import split_by_column


def found_in(values: Sequence[str | None], name: str) -> tuple[Column | None, Split | None]:
    connection = duckdb.connect()
    connection.register('t', pa.table({name: values}))
    columns = profile(connection, 't', {name: 'STRING'})
    return split_by_column(connection, 't', columns)


def test_column_that_names_the_splits() -> None:
    column, split = found_in(['train', 'eval', 'test'], 'split')
    assert column is not None
    assert split == Split(column='split')


def test_other_words_are_mapped() -> None:
    _, split = found_in(['Training', 'VAL', 'dev', 'holdout'], 'Data split')
    assert split == Split(
        column='Data split',
        values={'train': ('Training',), 'eval': ('VAL', 'dev'), 'test': ('holdout',)},
    )


def test_without_eval_the_test_rows_are_it() -> None:
    _, split = found_in(['train', 'test'], 'split')
    assert split == Split(column='split', values={'train': ('train',), 'eval': ('test',)})
    assert split.names == ('train', 'eval')


@pytest.mark.parametrize('values', [['train', 'eval', 'example'], ['train', 'test', None]])
def test_splits_that_are_not_all_ours_are_found_and_not_used(values: list[str | None]) -> None:
    column, split = found_in(values, 'split')
    assert column is not None
    assert split is None


@pytest.mark.parametrize(
    ('values', 'name'),
    [(['train', 'eval'], 'vehicle'), (['top', 'bottom'], 'split'), (['a', 'b'], 'set')],
)
def test_columns_that_tell_no_splits(values: list[str], name: str) -> None:
    assert found_in(values, name) == (None, None)

"""A column that says which split a row belongs to."""

import re
from collections.abc import Sequence

import duckdb

from components.query_example_gen.settings import Split
from pipeline.init.profile import Column, quoted

NAMES = ('split', 'fold', 'partition', 'set', 'subset', 'dataset', 'data_split', 'split_name')
"""Names that such a column may have."""

WORDS = {
    'train': ('train', 'training', 'trn'),
    'eval': ('eval', 'evaluation', 'valid', 'validation', 'validate', 'val', 'dev'),
    'test': ('test', 'testing', 'tst', 'holdout'),
}
"""Split -> what it may be called."""


def is_split_name(name: str) -> bool:
    """Whether a column is named as those that tell splits."""
    return re.sub(r'\W+', '_', name).strip('_').casefold() in NAMES


def split_by_column(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]
) -> tuple[Column, Split] | None:
    """Return the column that tells the split of every row, and the split that it makes, if any.

    Without rows to evaluate on while training, those to test on are used for that.

    Args:
      connection: Where the table is.
      table: Its name.
      columns: Its columns.
    """
    for column in columns:
        if column.type != 'STRING' or column.missing or not is_split_name(column.name):
            continue
        if column.distinct > sum(map(len, WORDS.values())):
            continue
        rows = connection.execute(f'SELECT DISTINCT {quoted(column.name)} FROM {table} ORDER BY 1')
        if split := _split_of(column.name, [value for (value,) in rows.fetchall()]):
            return column, split
    return None


def _split_of(column: str, values: Sequence[str]) -> Split | None:
    meant: dict[str, list[str]] = {}
    for value in values:
        split = next((s for s, words in WORDS.items() if value.strip().casefold() in words), None)
        if split is None:
            return None
        meant.setdefault(split, []).append(value)
    if 'train' not in meant or len(meant) < 2:
        return None
    if 'eval' not in meant:
        meant['eval'] = meant.pop('test')
    if meant == {name: [name] for name in WORDS}:
        return Split(column=column)
    ordered = {name: tuple(meant[name]) for name in WORDS if name in meant}
    return Split(column=column, values=ordered)

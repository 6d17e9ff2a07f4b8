"""A column that says which split a row belongs to."""

import re
from collections.abc import Sequence

import duckdb

from components.image_example_gen.split_names import WORDS, split_meant
from components.query_example_gen.duckdb_text import identifier as quoted
from components.query_example_gen.settings import Split
from pipeline.init.profile import Column

NAMES = ('split', 'fold', 'partition', 'set', 'subset', 'dataset', 'data_split', 'split_name')
"""Names that such a column may have."""

MOST_VALUES = 20


def is_split_name(name: str) -> bool:
    """Whether a column is named as those that tell splits."""
    return re.sub(r'\W+', '_', name).strip('_').casefold() in NAMES


def split_by_column(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[Column]
) -> tuple[Column | None, Split | None]:
    """Return the column that tells the splits of rows, if any, and the split that it makes.

    There is none to make where it tells other splits too, or none for some rows. Without rows to
    evaluate on while training, those to test on are used for that.

    Args:
      connection: Where the table is.
      table: Its name.
      columns: Its columns.
    """
    for column in columns:
        if column.type != 'STRING' or not is_split_name(column.name):
            continue
        if column.distinct > MOST_VALUES:
            continue
        x = quoted(column.name)
        rows = connection.execute(f"SELECT DISTINCT {x} FROM {table} WHERE {x} <> '' ORDER BY 1")
        values = [value for (value,) in rows.fetchall()]
        if any(split_meant(value) == 'train' for value in values):
            return column, None if column.missing else _split_of(column.name, values)
    return None, None


def _split_of(column: str, values: Sequence[str]) -> Split | None:
    meant: dict[str, list[str]] = {}
    for value in values:
        if (split := split_meant(value)) is None:
            return None
        meant.setdefault(split, []).append(value)
    if len(meant) < 2:
        return None
    if 'eval' not in meant:
        meant['eval'] = meant.pop('test')
    if meant == {name: [name] for name in WORDS}:
        return Split(column=column)
    ordered = {name: tuple(meant[name]) for name in WORDS if name in meant}
    return Split(column=column, values=ordered)

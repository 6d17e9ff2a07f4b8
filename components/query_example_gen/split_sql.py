"""The split of each row in BigQuery SQL, as `splits.py` decides it here."""

from collections.abc import Mapping
from itertools import accumulate

from components.query_example_gen.parameters import QueryParameter
from components.query_example_gen.settings import Split
from components.query_example_gen.sql.named import literal_of

SPLIT_COLUMN = 'sluice_split'
"""Column that holds the index of a row's split; -1: its split column names none."""


def with_split(query: str, split: Split, columns: Mapping[str, str]) -> str:
    """Return a query for the same rows with one more column, the index of their split.

    Args:
        query: GoogleSQL.
        split: How rows are split.
        columns: The columns of the query, arrays with `REPEATED` before their type.
    """
    if split.column:
        index = _by_column(split)
    else:
        scalars = sorted(n for n, type_ in columns.items() if not type_.startswith('REPEATED'))
        index = _by_key(split, list(split.by or scalars))
    left_out = f' EXCEPT ({_name(split.column)})' if split.column else ''
    return f'SELECT *{left_out}, {index} AS {SPLIT_COLUMN}\nFROM (\n{query.strip().rstrip(";")}\n)'


def _by_column(split: Split) -> str:
    text = f'CAST({_name(str(split.column))} AS STRING)'
    values = split.values or {name: (name,) for name in split.names}
    cases = [
        f'WHEN {text} IN ({", ".join(map(_text, values[name]))}) THEN {i}'
        for i, name in enumerate(split.names)
    ]
    return f'CASE {" ".join(cases)} ELSE -1 END'


def _by_key(split: Split, columns: list[str]) -> str:
    keys = f'CONCAT({", ".join(map(_key, columns))})'
    *ends, total = accumulate(split.into.values())
    number = f'MOD(MOD(FARM_FINGERPRINT({keys}), {total}) + {total}, {total})'
    cases = [f'WHEN {number} < {end} THEN {i}' for i, end in enumerate(ends)]
    return f'CASE {" ".join(cases)} ELSE {len(ends)} END' if cases else '0'


def _key(column: str) -> str:
    text = f'CAST({_name(column)} AS STRING)'
    return f"IFNULL(CONCAT(CAST(LENGTH({text}) AS STRING), ':', {text}), '-')"


def _name(column: str) -> str:
    return f'`{column}`'


def _text(value: str) -> str:
    return literal_of(QueryParameter(type='STRING', value=value))

"""Types of values that files hold as text: what they look like, and strict casts to them."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from components.query_example_gen.duckdb_text import literal
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.quoting import identifier
from components.query_example_gen.sql.types import TO_DUCKDB

TYPE_NAMES = {
    **{name: name for name in ('INT64', 'FLOAT64', 'BOOL', 'STRING')},
    **{name: name for name in ('DATE', 'DATETIME', 'TIMESTAMP')},
    **{'INTEGER': 'INT64', 'FLOAT': 'FLOAT64', 'BOOLEAN': 'BOOL'},
}
"""Names of types that a recipe may use -> names in SQL."""

NAN = r'[+-]?([nN][aA][nN]|[iI][nN][fF]([iI][nN][iI][tT][yY])?)'
"""Words that FLOAT64 takes, but that alone make no column of numbers."""

_DAY = r'\d{4}-\d{2}-\d{2}'
_TIME = r'\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?'

PATTERNS = {
    'BOOL': '[tT][rR][uU][eE]|[fF][aA][lL][sS][eE]',
    # No zeros in front: codes such as 02139 are not numbers.
    'INT64': r'[+-]?(0|[1-9]\d*)',
    'FLOAT64': rf'[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?|{NAN}',
    'DATE': _DAY,
    'DATETIME': f'{_DAY}([ T]{_TIME})?',
    'TIMESTAMP': rf'{_DAY}[ T]{_TIME} ?(Z|UTC|[+-]\d{{2}}(:?\d{{2}})?)',
}
"""What all texts of a column look like, for each type but STRING; the narrowest first."""


def fits(value: str, type_: str) -> str:
    """Return the DuckDB aggregate that is true if all texts look like a type and are of it."""
    looks = f'regexp_full_match({value}, {literal(PATTERNS[type_])})'
    is_ = f'TRY_CAST({value} AS {TO_DUCKDB[type_]}) IS NOT NULL'
    all_ = f"bool_and({looks} AND {is_}) FILTER ({value} <> '')"
    if type_ == 'FLOAT64':
        return f'{all_} AND bool_or(NOT regexp_full_match({value}, {literal(NAN)}))'
    return all_


def tried(value: str, type_: str) -> str:
    """Return a text cast to a type, as DuckDB text; NULL if it is not of the type."""
    attempt = f'TRY_CAST({value} AS {TO_DUCKDB[type_]})'
    if type_ == 'INT64':
        # A cast alone would round 1.5, and take 1_000 for a number.
        return f"CASE WHEN regexp_full_match({value}, '[+-]?[0-9]+') THEN {attempt} END"
    return attempt


def cast(column: str, value: str, type_: str) -> str:
    """Return a text cast to a type, as DuckDB text; one that is not of the type is an error.

    Args:
        column: Name for the error.
        value: DuckDB text of the value, itself a text.
        type_: BigQuery type.
    """
    if type_ == 'STRING':
        return value
    wider = f"CASE WHEN TRY_CAST({value} AS DOUBLE) IS NULL THEN 'STRING' ELSE 'FLOAT64' END"
    named = column.replace('%', '%%')
    message = literal(
        f"misfit: column `{named}` holds '%s' where {type_} is expected; add it to nulls if it "
        f'means NULL, or set types: {{{named}: %s}}'
    )
    # An empty text in quotes is one; of another type it is NULL.
    fault = f"CASE WHEN {value} <> '' THEN error(printf({message}, {value}, {wider})) END"
    return f'coalesce({tried(value, type_)}, {fault})'


def given_types(table: LocalTable, columns: Iterable[str]) -> dict[str, str]:
    """Return the types that the settings give, by column.

    Args:
        table: The settings.
        columns: The columns that the files have.

    Raises:
        QueryError: The settings name a column that is not there, or no type.
    """
    known = list(columns)
    named = dict(table.columns) if isinstance(table.columns, Mapping) else {}
    given = {}
    for name, type_ in (named | table.types).items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f', did you mean `{near[0]}`' if near else ''
            raise QueryError(
                f'data.local: types names the column `{name}`, which {table.path[0]} does not '
                f'have{hint}; it has {", ".join(known)}'
            )
        if type_.upper() not in TYPE_NAMES:
            raise QueryError(
                f'data.local: column {name}: {type_!r} is no type; known: {", ".join(TYPE_NAMES)}'
            )
        given[name] = TYPE_NAMES[type_.upper()]
    return given


def select(values: Mapping[str, str], source: str) -> str:
    """Return a query that gives each DuckDB value its column's name."""
    listed = ', '.join(f'{value} AS {identifier(name)}' for name, value in values.items())
    return f'SELECT {listed} FROM {source}'

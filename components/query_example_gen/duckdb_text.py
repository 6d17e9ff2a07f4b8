"""DuckDB SQL from Python values, and DuckDB's errors in one line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb

from components.query_example_gen.errors import QueryError
from components.query_example_gen.sql import quoting
from components.query_example_gen.sql.quoting import identifier

__all__ = ['Value', 'explain', 'identifier', 'literal', 'reader_call', 'reading']

_NOISE = re.compile(r'^(\w+ )*(Error|error)( in file)?: ')

Value = bool | int | str | list[str] | Mapping[str, str] | None


def literal(value: Value) -> str:
    """Return a value as a DuckDB literal."""
    match value:
        case bool() | int():
            return str(value).lower()
        case str():
            return quoting.literal(value)
        case Mapping():
            return '{' + ', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items()) + '}'
        case None:
            return 'NULL'
        case _:
            return '[' + ', '.join(map(literal, value)) + ']'


def reader_call(function: str, files: list[str], options: Mapping[str, Value]) -> str:
    """Return a call of one of DuckDB's file readers; options that are None are left out."""
    given = (f'{key} = {literal(v)}' for key, v in options.items() if v is not None)
    return f'{function}({", ".join((literal(files), *given))})'


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn DuckDB's errors into a `QueryError` of one line.

    Args:
        what: What is read: a file, or a key of the recipe.
    """
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(explain(error, what)) from None


def explain(error: Exception, what: str) -> str:
    """Say in one line what DuckDB says in many.

    Args:
        error: DuckDB's error, or another that carries its text.
        what: What was read, for a message that names no file itself.
    """
    text = str(error)
    if 'CSV Error on Line' in text or 'CSV Parser state machine' in text:
        return _explain_csv(text, what)
    if match := re.search(r'Malformed JSON in file "(.*?)", at byte \d+ in line (\d+): (.*)', text):
        file, line, fault = match.groups()
        return (
            f'data.local: {file}, line {line}: not one JSON object per line: {fault.rstrip(". ")}'
        )
    if match := re.search(r'JSON transform error in file "(.*?)", in line (\d+): (.*)', text):
        file, line, fault = match.groups()
        return (
            f'data.local: {file}, line {line}: {fault}, unlike the rows before it; mend the line, '
            'or set types'
        )
    if match := re.search(r'Error: (?:bigquery|misfit): (.*)', text):
        return f'{what}: {match[1]}'
    if 'No space left on device' in text or 'failed to offload data block' in text:
        return f'{what}: no space left on the disk for temporary files; make room, or set TMPDIR'
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = _NOISE.sub('', lines[0].removeprefix('Invalid: ')) if lines else type(error).__name__
    return f'{what}: {first}'


def _explain_csv(text: str, what: str) -> str:
    patterns = {
        'line': r'CSV Error on Line: (\d+)',
        'row': r'Original Line:\s*(.*)',
        'expected': r'Expected Number of Columns: (\d+)',
        'found': r'Found: (\d+)',
        'file': r'file\s*=\s*(.*)',
    }
    found = {k: m[1].strip() for k, p in patterns.items() if (m := re.search(p, text))}
    where = f'data.local: {found["file"]}' if 'file' in found else what
    if 'line' in found:
        where += f', line {found["line"]}'
    if 'found' in found:
        return (
            f'{where}: expected {found["expected"]} columns, found {found["found"]}: '
            f'{found.get("row", "")[:80]!r}; mend the line, or quote the value that holds the '
            'delimiter'
        )
    if 'unterminated quote' in text:
        return f'{where}: a double quote is not closed: {found.get("row", "")[:80]!r}'
    if 'not utf-8' in text:
        return f'{where}: not UTF-8 text; convert it: iconv -f LATIN1 -t UTF-8'
    if 'state machine' in text:
        return f'{where}: not readable as CSV: lines end in several ways, or quotes are misplaced'
    if 'Maximum line size' in text:
        return f'{where}: a line is too long; is a double quote not closed?'
    first = next((line.strip() for line in text.splitlines()[1:] if line.strip()), text)
    return f'{where}: not readable as CSV: {first}'

"""How a CSV file is laid out: what divides its values, whether it is headed, what means missing."""

import codecs
import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal

import duckdb

from components.query_example_gen.duckdb_text import Value, literal, reader_call, reading
from pipeline.init.errors import InitError
from pipeline.init.profile import ISO_DATE, NUMBER

HEAD_LINES = 500
"""Lines by which delimiter and header are told; all of them are read for what means missing."""

DELIMITERS = (',', ';', '\t', '|')

NULL_WORDS = (
    *('?', 'NA', 'N/A', 'n/a', '#N/A', 'NaN', 'nan', 'NULL', 'null', 'None', r'\N', '-', '.'),
    *('inf', '-inf', 'Inf', '-Inf'),
)
"""Words that mean missing where all else in a column is a number or a date."""

NULL_ANYWHERE = ('?', '#N/A', 'NULL', 'null', r'\N')
"""Words that mean missing among texts too."""

_ORDERLY = re.compile(f'{NUMBER}|{ISO_DATE}')

Content = Literal['whole', 'number', 'code', 'date', 'truth', 'text']
"""What all values of a column are: whole numbers, numbers, digits that say no quantity, …"""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_CONTENTS: dict[Content, str] = {
    'whole': r'[+-]?(0|[1-9]\d{0,17})',
    'number': r'[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?',
    'code': r'\d+',
    'date': ISO_DATE,
    'truth': '(?i)true|false',
}


@dataclass(frozen=True)
class CsvLayout:
    """How a CSV file is laid out.

    Attributes:
      delimiter: What divides the values of a line.
      header: Names of the columns as the file has them; None if it is headerless.
      width: Number of columns.
      skip_rows: Lines before the header or the first row.
      nulls: Texts that mean missing, '' first.
      strip: Whether there are blanks round values.
      contents: What each column holds.
    """

    delimiter: str
    header: tuple[str, ...] | None
    width: int
    skip_rows: int = 0
    nulls: tuple[str, ...] = ('',)
    strip: bool = False
    contents: tuple[Content, ...] = ()


def read_layout(paths: Sequence[Path]) -> CsvLayout:
    """Find out how CSV files are laid out; the first speaks for all where its head is enough.

    Raises:
      InitError: A file is empty, not text, ragged, or of one column.
      QueryError: As the reader raises it, of what stands below the head.
    """
    lines = list(islice(_lines(paths[0]), HEAD_LINES))
    if not any(line.strip() for line in lines):
        raise InitError(f'{paths[0]}: is empty')
    try:
        delimiter, rows = _divided(lines)
    except csv.Error as error:
        raise InitError(f'{paths[0]}: not readable as CSV: {error}') from None
    width = Counter(len(row) for row in rows if row).most_common(1)[0][0]
    if width < 2:
        raise InitError(
            f'{paths[0]}: has one column only; values may be divided by '
            f'{", ".join(map(repr, DELIMITERS))}'
        )
    skipped = next(i for i, row in enumerate(rows) if len(row) > 1)
    _check_widths(paths[0], rows, skipped, width)
    rows = [[value.strip() for value in row] for row in rows[skipped:] if row]
    header = tuple(rows[0]) if _is_header(rows) else None
    layout = CsvLayout(delimiter, header, width, skipped)
    return _with_contents(layout, paths)


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == '.gz' else open
    try:
        with opened(path, 'rt', encoding='utf-8-sig', newline='') as file:
            yield from file
    except UnicodeDecodeError as error:
        seen = 'UTF-16' if error.object[:2] in _UTF16 else 'LATIN1'
        raise InitError(
            f'{path}: is not UTF-8 text (byte {error.object[error.start]:#x}); convert it: '
            f'iconv -f {seen} -t UTF-8 {path.name} > utf8-{path.name}'
        ) from None
    except (gzip.BadGzipFile, EOFError):
        raise InitError(f'{path}: is no whole gzip file, as its name says') from None


def _divided(lines: Sequence[str]) -> tuple[str, list[list[str]]]:
    """Return the delimiter that divides most lines alike, and the lines divided by it."""

    def alike(delimiter: str) -> tuple[int, int]:
        width, count = Counter(len(r) for r in divided[delimiter] if r).most_common(1)[0]
        return (count, width) if width > 1 else (0, 0)

    divided = {d: list(csv.reader(lines, delimiter=d)) for d in DELIMITERS}
    best = max(DELIMITERS, key=alike)
    return best, divided[best]


def _check_widths(path: Path, rows: Sequence[Sequence[str]], skipped: int, width: int) -> None:
    # The last row may be cut off by the end of the head.
    for i, row in enumerate(rows[skipped:-1] if len(rows) > 2 else rows, skipped + 1):
        if row and len(row) != width:
            raise InitError(
                f'{path}, line {i}: expected {width} columns, found {len(row)}; mend the line '
                '(a value that holds the delimiter needs double quotes)'
            )


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names columns.

    It does where a text stands over numbers or dates. Where there are only texts, it does if
    they all differ and none is found again below.
    """
    first = rows[0]
    below = [{row[i] for row in rows[1:] if i < len(row)} for i in range(len(first))]
    columns = list(zip(first, below, strict=True))
    if any(_is_name(name) and _is_orderly(values) for name, values in columns):
        return True
    named = [name for name in first if name]
    if len(set(named)) < len(named) or not all(map(_is_name, named)):
        return False
    return bool(named) and not any(name in values for name, values in columns if name)


def _is_name(text: str) -> bool:
    return text not in ('', *NULL_WORDS) and not _ORDERLY.fullmatch(text)


def _is_orderly(values: Iterable[str]) -> bool:
    present = [v for v in values if v not in ('', *NULL_WORDS)]
    return bool(present) and all(_ORDERLY.fullmatch(v) for v in present)


def _with_contents(layout: CsvLayout, paths: Sequence[Path]) -> CsvLayout:
    """Read all values, as texts, for what a sniffer that reads some cannot know."""
    names = [f'c{i}' for i in range(layout.width)]
    words = ', '.join(map(literal, NULL_WORDS))
    measures = []
    for name in names:
        x = f'trim({name})'
        present = f"{x} <> '' AND {x} NOT IN ({words})"
        measures += [
            f'bool_or({name} <> {x})',
            f'list(DISTINCT {x}) FILTER ({x} IN ({words}))',
            *(
                f'bool_and(regexp_full_match({x}, {literal(pattern)})) FILTER ({present})'
                for pattern in _CONTENTS.values()
            ),
        ]
    options: dict[str, Value] = {
        'auto_detect': False,
        'columns': dict.fromkeys(names, 'VARCHAR'),
        'delim': layout.delimiter,
        'quote': '"',
        'escape': '"',
        'header': layout.header is not None,
        'skip': layout.skip_rows,
    }
    table = reader_call('read_csv', [str(path) for path in paths], options)
    with reading(', '.join(map(str, paths[:3]))):
        found = duckdb.execute(f'SELECT {", ".join(measures)} FROM {table}').fetchone()
    assert found is not None
    columns = [found[i : i + len(_CONTENTS) + 2] for i in range(0, len(found), len(_CONTENTS) + 2)]
    contents = tuple(_content(column[2:]) for column in columns)
    used = {
        word
        for column, content in zip(columns, contents, strict=True)
        for word in column[1] or ()
        if content not in ('text', 'truth') or word in NULL_ANYWHERE
    }
    return replace(
        layout,
        nulls=('', *(word for word in NULL_WORDS if word in used)),
        strip=any(column[0] for column in columns),
        contents=contents,
    )


def _content(fits: Sequence[bool | None]) -> Content:
    return next((c for c, fit in zip(_CONTENTS, fits, strict=True) if fit), 'text')

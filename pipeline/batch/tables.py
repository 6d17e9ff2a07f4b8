"""Rows of CSV, Parquet and JSON-lines files, as a model takes them.

Each input is made of its column's text or number by DuckDB, and a row with a value that can't be
one of the input's type gets a reason instead of a wrong guess.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.query_example_gen.csv_tables import text_query
from components.query_example_gen.duckdb_text import (
    Value,
    explain,
    literal,
    reader_call,
    reading,
)
from components.query_example_gen.errors import QueryError
from components.query_example_gen.local_tables import FORMATS, resolve_files
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.quoting import identifier
from pipeline.batch.errors import BatchError
from pipeline.batch.rows import Batch, Fault
from pipeline.suggest import nearest

if TYPE_CHECKING:
    from serving.saved_model import TensorSpec

ROWS = 65_536
"""Rows of a batch: each costs TensorFlow and Arrow the same."""

MEMORY = '2GB'
FAULT = 'fault'
"""Column with each row's fault; the names of the others begin with `k:` (kept) or `i:` (input)."""

WHOLE = np.dtype(np.float64)
"""Type of inputs that take whole numbers: they are float64 so that NaN can say missing."""

_NUMBERS = frozenset(
    ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER',
     'UBIGINT', 'FLOAT', 'DOUBLE', 'BOOLEAN')
)  # fmt: skip
_TYPED = {'BIGINT': 'BIGINT', 'UBIGINT': 'BIGINT', 'DOUBLE': 'DOUBLE', 'BOOLEAN': 'BOOLEAN'}


@dataclass(frozen=True)
class _Read:
    """How a source is read.

    Attributes:
        query: DuckDB query for its rows.
        values: column -> DuckDB text of its value, as a model's input is made of it.
        kept: column -> DuckDB text of its value, as it is written again.
        types: column -> DuckDB type of `values`.
        malformed: DuckDB text that is the reason why a row is none; NULL if it is one.
    """

    query: str
    values: dict[str, str]
    kept: dict[str, str]
    types: dict[str, str]
    malformed: str = 'NULL'


class TableSource:
    """A table, as one or several files of one format; a context manager."""

    def __init__(self, path: str, inputs: 'dict[str, TensorSpec]', typed: bool) -> None:
        """Open the files.

        Args:
            path: file, folder or glob.
            inputs: what the model takes.
            typed: whether columns that hold only numbers as text are to be kept as numbers.

        Raises:
            BatchError: The files can't be read, or lack a column.
        """
        self.total: int | None = None
        self._inputs = inputs
        self._stack = ExitStack()
        spill = self._stack.enter_context(tempfile.TemporaryDirectory(prefix='sluice-predict-'))
        self._connection = self._stack.enter_context(
            duckdb.connect(config={'memory_limit': MEMORY, 'temp_directory': spill})
        )
        try:
            self._files = resolve_files(LocalTable(path=(path,)))
            with reading(str(self._files[0])):
                self._read = self._opened(typed)
        except QueryError as error:
            self._stack.close()
            raise BatchError(_without_key(error)) from None
        except BaseException:
            self._stack.close()
            raise
        self._rejects: list[tuple[int, str, str]] | None = None

    def __enter__(self) -> 'TableSource':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in their order.

        Raises:
            BatchError: A file is damaged.
        """
        seen = 0
        try:
            for rows in self._connection.sql(self._query()).to_arrow_reader(ROWS):
                yield self._batch(rows, seen)
                seen += len(rows)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            told = explain(error, str(self._files[0]))
            raise BatchError(told.removeprefix('data.local: ')) from None

    def late_faults(self) -> list[Fault]:
        """Return the rows of CSV files with too many values or too few."""
        found = self._connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        ).fetchall()
        if not found[0][0]:
            return []
        rejects = self._connection.execute(
            'SELECT line, first(error_message), first(csv_line) FROM reject_errors '
            'GROUP BY file_id, line ORDER BY file_id, line'
        ).fetchall()
        return [
            Fault(line, f'line {line}: {message.splitlines()[0]}', text)
            for line, message, text in rejects
        ]

    def _opened(self, typed: bool) -> _Read:
        endings = {
            FORMATS.get(Path(f.name.removesuffix('.gz')).suffix.lower()) for f in self._files
        }
        if len(endings) > 1 or None in endings:
            raise BatchError(
                f'{self._files[0]}: the name says no format, or the files are of several; expected '
                f'one of {", ".join(FORMATS)}'
            )
        match endings.pop():
            case 'csv':
                read = self._csv()
            case 'jsonl':
                read = self._json()
            case _:
                read = self._parquet()
        missing = [name for name in self._inputs if name not in read.values]
        if missing:
            raise BatchError(
                f'{self._files[0]}: has no column {missing[0]}, which the model takes; '
                f'{nearest(missing[0], list(read.values))}. A value may be missing in every row, '
                'but then the column must be there, empty'
            )
        return self._with_types(read) if typed else read

    def _csv(self) -> _Read:
        query, names = text_query(LocalTable(path=tuple(map(str, self._files))), self._files)
        values = {name: identifier(name) for name in names}
        return _Read(query, values, values, dict.fromkeys(names, 'VARCHAR'))

    def _parquet(self) -> _Read:
        query = f'SELECT * FROM {reader_call("read_parquet", [str(f) for f in self._files], {})}'
        described = self._connection.execute(f'DESCRIBE {query}').fetchall()
        counted = self._connection.execute(f'SELECT count(*) FROM ({query})').fetchall()
        self.total = counted[0][0]
        values = {row[0]: identifier(row[0]) for row in described}
        return _Read(query, values, values, {row[0]: row[1] for row in described})

    def _json(self) -> _Read:
        files = [str(f) for f in self._files]
        options: dict[str, Value] = {
            'auto_detect': False, 'columns': {'line': 'VARCHAR'}, 'header': False,
            'delim': '\x01', 'quote': '', 'escape': '',
        }  # fmt: skip
        lines = f"SELECT line FROM {reader_call('read_csv', files, options)} WHERE trim(line) <> ''"
        found = self._connection.execute(
            f'SELECT json_group_structure((CASE WHEN {_IS_OBJECT} THEN line END)::JSON) '
            f'FROM ({lines})'
        ).fetchall()
        structure = json.loads(found[0][0] or 'null')
        if not isinstance(structure, dict):
            raise BatchError(
                f'{files[0]}: not JSON lines; expected one object per line, such as {{"age": 39}}'
            )
        values = {}
        kept = {}
        for name, type_ in structure.items():
            path = literal(f'$.{json.dumps(name)}')
            values[name] = f'CASE WHEN {_IS_OBJECT} THEN json_extract_string(line, {path}) END'
            to = _TYPED.get(type_) if isinstance(type_, str) else None
            kept[name] = f'TRY_CAST({values[name]} AS {to})' if to else values[name]
        malformed = f"CASE WHEN NOT {_IS_OBJECT} THEN 'not a JSON object' END"
        return _Read(lines, values, kept, dict.fromkeys(values, 'VARCHAR'), malformed)

    def _with_types(self, read: _Read) -> _Read:
        """Keep as numbers what is text to CSV only, if all values of a column are."""
        texts = [
            name
            for name, type_ in read.types.items()
            if type_ == 'VARCHAR' and read.kept[name] == read.values[name]
        ]
        tries = [(name, type_) for name in texts for type_ in ('BIGINT', 'DOUBLE', 'BOOLEAN')]
        if not tries:
            return read
        checks = ', '.join(_all_are(read.values[name], type_) for name, type_ in tries)
        (fits,) = self._connection.execute(f'SELECT {checks} FROM ({read.query})').fetchall()
        fitting: dict[str, str] = {}
        for (name, type_), fit in zip(tries, fits, strict=True):
            if fit:
                fitting.setdefault(name, type_)
        kept = dict(read.kept)
        for name in texts:
            value, spec = read.values[name], self._inputs.get(name)
            if name in fitting:
                kept[name] = f"CAST(nullif(trim({value}), '') AS {fitting[name]})"
            elif spec and not spec.is_string:  # what is no number is in a row that is left out
                number = _number(value, 'VARCHAR')
                whole = f'CASE WHEN {number} = trunc({number}) THEN CAST({number} AS BIGINT) END'
                kept[name] = whole if spec.dtype == WHOLE else number
        return replace(read, kept=kept)

    def _query(self) -> str:
        read = self._read
        columns = [f'{value} AS {identifier(f"k:{name}")}' for name, value in read.kept.items()]
        reasons = [read.malformed]
        for name, spec in self._inputs.items():
            value, type_ = read.values[name], read.types[name]
            made = f'CAST({value} AS VARCHAR)' if spec.is_string else _number(value, type_)
            columns.append(f'{made} AS {identifier(f"i:{name}")}')
            if not spec.is_string:
                reasons.append(_reason(name, value, type_, made, spec.dtype == WHOLE))
        columns.append(f'coalesce({", ".join(reasons)}, NULL) AS {identifier(FAULT)}')
        return f'SELECT {", ".join(columns)} FROM ({read.query})'

    def _batch(self, rows: pa.RecordBatch, before: int) -> Batch:
        names = [name[2:] for name in rows.schema.names if name.startswith('k:')]
        kept = pa.table([rows.column(f'k:{name}') for name in names], names)
        numbers = np.arange(before + 1, before + 1 + len(rows))
        reasons = rows.column(FAULT)
        faults = []
        if reasons.null_count < len(rows):
            bad = pc.indices_nonzero(reasons.is_valid()).to_pylist()
            given = kept.take(bad).to_pylist()
            faults = [
                Fault(before + 1 + i, reasons[i].as_py(), row)
                for i, row in zip(bad, given, strict=True)
            ]
            good = reasons.is_null()
            rows, kept = rows.filter(good), kept.filter(good)
            numbers = numbers[good.to_numpy(zero_copy_only=False)]
        inputs = {
            name: _array(rows.column(f'i:{name}'), spec) for name, spec in self._inputs.items()
        }
        return Batch(kept, inputs, numbers, faults)


_IS_OBJECT = "(CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END)"


def _number(value: str, type_: str) -> str:
    """Return a value as DOUBLE, in DuckDB text; NULL if it is none, or missing."""
    if type_ in _NUMBERS or type_.startswith('DECIMAL'):
        return f'CAST({value} AS DOUBLE)'
    text = f'trim(CAST({value} AS VARCHAR))'
    words = f"CASE lower({text}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 END"
    return f'coalesce(TRY_CAST({text} AS DOUBLE), {words})'


def _reason(name: str, value: str, type_: str, number: str, whole: bool) -> str:
    """Return, in DuckDB text, why a value is not an input; NULL if it is."""
    shown = f"concat({literal(f'{name}: ')}, '''', left(CAST({value} AS VARCHAR), 60), '''"
    cases = []
    if type_ not in _NUMBERS and not type_.startswith('DECIMAL'):
        given = f"trim(CAST({value} AS VARCHAR)) <> ''"
        cases.append(f"WHEN {given} AND {number} IS NULL THEN {shown} is not a number')")
    if whole and type_ not in _NUMBERS - {'FLOAT', 'DOUBLE'}:
        fraction = f'isfinite({number}) AND {number} <> trunc({number})'
        cases.append(f"WHEN {fraction} THEN {shown} is not a whole number')")
    return f'CASE {" ".join(cases)} END' if cases else 'NULL'


def _all_are(value: str, type_: str) -> str:
    text = f"nullif(trim({value}), '')"
    fits = f'TRY_CAST({text} AS {type_}) IS NOT NULL'
    if type_ == 'BIGINT':
        # A cast would round 1.5, and take 02139 for a number.
        fits = f"regexp_full_match({text}, '-?(0|[1-9][0-9]*)') AND {fits}"
    elif type_ == 'DOUBLE':
        number = '-?(0|[1-9][0-9]*)([.][0-9]*)?([eE][+-]?[0-9]+)?'
        fits = f"regexp_full_match({text}, '{number}') AND {fits}"
    elif type_ == 'BOOLEAN':
        fits = f"lower({text}) IN ('true', 'false')"
    return f'bool_and({fits}) FILTER ({text} IS NOT NULL)'


def _array(column: pa.Array, spec: 'TensorSpec') -> np.ndarray:
    """Return a column as a model's input: NaN, or an empty string, for missing."""
    if spec.is_string:
        filled = column.fill_null('').cast(pa.binary())
        return filled.to_numpy(zero_copy_only=False)
    return column.fill_null(np.nan).to_numpy(zero_copy_only=False).astype(spec.dtype)


def _without_key(error: Exception) -> str:
    return str(error).removeprefix('data.local: ')

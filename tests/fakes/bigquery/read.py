"""Storage Read: sessions over tables, and their streams as Arrow or Avro."""

import io
import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import fastavro
import pyarrow as pa
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import types

from tests.fakes.bigquery.queries import Engine
from tests.fakes.bigquery.tables import Made, Tables
from tests.fakes.bigquery.values import avro_schema, avro_value
from tests.fakes.faults import Faults
from tests.fakes.rpc import Method

SERVICE = '/google.cloud.bigquery.storage.v1.BigQueryRead'

STREAMS = 2
"""Streams of a session that may have as many as BigQuery likes."""

MESSAGE_ROWS = 10_000

_TABLE = re.compile(r'projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)')


@dataclass(frozen=True)
class _Session:
    rows: pa.Table
    columns: dict[str, str]
    arrow: bool
    streams: int


@dataclass
class StorageRead:
    """The methods that readers need; a fault on `ReadRows.message` breaks a stream midway.

    Attributes:
        tables: What can be read.
        faults: Befall the calls.
    """

    tables: Tables
    faults: Faults
    _sessions: dict[str, _Session] = field(default_factory=dict)

    @property
    def methods(self) -> list[Method]:
        """The methods, for the gRPC server."""
        create, read = types.CreateReadSessionRequest, types.ReadRowsRequest
        return [
            Method(f'{SERVICE}/CreateReadSession', create, self.create_session),
            Method(f'{SERVICE}/ReadRows', read, self.read_rows, stream=True),
        ]

    def create_session(self, request: types.CreateReadSessionRequest) -> types.ReadSession:
        """Make a session with its streams.

        Raises:
            InvalidArgument: It names no table, format or column that there is.
            NotFound: There is no such table.
            MethodNotImplemented: It asks for some rows only.
        """
        asked = request.read_session
        match = _TABLE.fullmatch(asked.table)
        if not match:
            raise exceptions.InvalidArgument(f'request failed: invalid table: {asked.table!r}')
        if not request.parent.startswith('projects/'):
            raise exceptions.InvalidArgument(f'request failed: invalid parent: {request.parent!r}')
        if asked.data_format == types.DataFormat.DATA_FORMAT_UNSPECIFIED:
            raise exceptions.InvalidArgument('request failed: Data format must be specified')
        options = asked.read_options
        if options.row_restriction:
            raise exceptions.MethodNotImplemented('this stand-in reads whole tables')
        table = Engine(self.tables).read('.'.join(match.groups()))
        columns = _selected(table, list(options.selected_fields))
        # BigQuery gives no streams for a table without rows, and none more than there are rows.
        most = min(request.max_stream_count or STREAMS, STREAMS, len(table.rows))
        name = f'{request.parent}/locations/us/sessions/{uuid.uuid4().hex}'
        arrow = asked.data_format == types.DataFormat.ARROW
        session = _Session(table.rows.select(list(columns)), columns, arrow, most)
        self._sessions[name] = session
        made = types.ReadSession(
            name=name,
            table=asked.table,
            data_format=asked.data_format,
            streams=[{'name': f'{name}/streams/{i}'} for i in range(most)],
            estimated_row_count=len(table.rows),
        )
        if arrow:
            schema = session.rows.schema.serialize().to_pybytes()
            made.arrow_schema = types.ArrowSchema(serialized_schema=schema)
        else:
            made.avro_schema = types.AvroSchema(schema=json.dumps(avro_schema(columns)))
        return made

    def read_rows(self, request: types.ReadRowsRequest) -> Iterator[types.ReadRowsResponse]:
        """Yield the rows of a stream, from an offset on.

        Raises:
            NotFound: There is no such stream.
            OutOfRange: The offset lies behind its end.
        """
        name, _, number = request.read_stream.rpartition('/streams/')
        session = self._sessions.get(name)
        if session is None or int(number) >= session.streams:
            raise exceptions.NotFound(f'Requested entity was not found: {request.read_stream}')
        size = -(-len(session.rows) // session.streams)
        rows = session.rows.slice(int(number) * size, size)
        if request.offset > len(rows):
            raise exceptions.OutOfRange(f'Offset {request.offset} is behind the last row')
        return self._messages(session, rows.slice(request.offset))

    def _messages(self, session: _Session, rows: pa.Table) -> Iterator[types.ReadRowsResponse]:
        encode = _arrow if session.arrow else _avro
        for start in range(0, len(rows), MESSAGE_ROWS):
            part = rows.slice(start, MESSAGE_ROWS)
            message = types.ReadRowsResponse(row_count=len(part), **encode(part, session.columns))
            told = {'rows': len(part), 'first': start}
            self.faults.call('ReadRows.message', told, lambda _: None)
            yield message


def _arrow(rows: pa.Table, columns: dict[str, str]) -> dict[str, Any]:
    batch = rows.combine_chunks().to_batches()[0]
    return {
        'arrow_schema': {'serialized_schema': rows.schema.serialize().to_pybytes()},
        'arrow_record_batch': {'serialized_record_batch': batch.serialize().to_pybytes()},
    }


def _avro(rows: pa.Table, columns: dict[str, str]) -> dict[str, Any]:
    schema = avro_schema(columns)
    parsed = fastavro.parse_schema(schema)
    content = io.BytesIO()
    for row in rows.to_pylist():
        values = {k: avro_value(v) for k, v in row.items()}
        fastavro.schemaless_writer(content, parsed, values)
    return {
        'avro_schema': {'schema': json.dumps(schema)},
        'avro_rows': {'serialized_binary_rows': content.getvalue()},
    }


def _selected(table: Made, fields: list[str]) -> dict[str, str]:
    for name in fields:
        if name not in table.columns:
            raise exceptions.InvalidArgument(
                f'request failed: The following selected fields do not exist in the table: {name}'
            )
    return {n: t for n, t in table.columns.items() if not fields or n in fields}

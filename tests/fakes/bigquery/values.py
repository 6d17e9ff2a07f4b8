"""BigQuery's types and values: in schemas, in JSON, in Avro."""

from datetime import UTC, date, datetime, time
from typing import Any

LEGACY = {'INT64': 'INTEGER', 'FLOAT64': 'FLOAT', 'BOOL': 'BOOLEAN'}
"""Names in SQL -> names in schemas, where they differ."""

BYTES = {'INT64': 8, 'FLOAT64': 8, 'BOOL': 1, 'DATE': 8, 'DATETIME': 8, 'TIMESTAMP': 8, 'TIME': 8,
         'NUMERIC': 16}  # fmt: skip
"""Size of a value; https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types."""

_AVRO: dict[str, Any] = {
    'INT64': 'long',
    'FLOAT64': 'double',
    'BOOL': 'boolean',
    'STRING': 'string',
    'BYTES': 'bytes',
    'DATE': {'type': 'int', 'logicalType': 'date'},
    'TIMESTAMP': {'type': 'long', 'logicalType': 'timestamp-micros'},
    'DATETIME': {'type': 'string', 'sqlType': 'DATETIME'},
    'TIME': {'type': 'long', 'logicalType': 'time-micros'},
    'NUMERIC': {'type': 'bytes', 'logicalType': 'decimal', 'precision': 38, 'scale': 9},
}


def schema_field(name: str, type_: str) -> dict[str, str]:
    """Return a column as schemas have it.

    Args:
        name: Of the column.
        type_: As SQL names it, such as `INT64` or `ARRAY<STRING>`.
    """
    element = type_[6:-1] if type_.startswith('ARRAY<') else type_
    mode = 'NULLABLE' if element == type_ else 'REPEATED'
    return {'name': name, 'type': LEGACY.get(element, element), 'mode': mode}


def avro_schema(columns: dict[str, str]) -> dict[str, Any]:
    """Return the Avro schema of rows."""
    fields = []
    for name, type_ in columns.items():
        if type_.startswith('ARRAY<'):
            kind: Any = {'type': 'array', 'items': _AVRO[type_[6:-1]]}
        else:
            kind = ['null', _AVRO[type_]]
        fields.append({'name': name, 'type': kind})
    return {'type': 'record', 'name': '__root__', 'fields': fields}


def avro_value(value: Any) -> Any:
    """Return a value as fastavro takes it."""
    # DATETIME is the only one that has no zone.
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.isoformat()
    return value


def json_value(value: Any) -> Any:
    """Return a value as rows in JSON have it: text, whatever the type."""
    match value:
        case None:
            return None
        case list():
            return [{'v': json_value(element)} for element in value]
        case bool():
            return str(value).lower()
        case float():
            return repr(value).replace('inf', 'Infinity').replace('nan', 'NaN')
        case datetime() if value.tzinfo:
            since = value.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            return str(since.days * 86_400_000_000 + since.seconds * 10**6 + since.microseconds)
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return str(value)


def table_id(name: str) -> dict[str, str]:
    """Return `project.dataset.table` as a reference."""
    project, dataset, table = name.rsplit('.', 2)
    return {'projectId': project, 'datasetId': dataset, 'tableId': table}


def name_of(reference: dict[str, str]) -> str:
    """Return a reference as `project.dataset.table`."""
    return '.'.join(reference.get(k, '') for k in ('projectId', 'datasetId', 'tableId'))

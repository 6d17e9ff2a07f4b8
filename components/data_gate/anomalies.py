"""The anomalies that ExampleValidator found against the schema, in plain words."""

from collections.abc import Iterator
from typing import NamedTuple

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.data_gate.check import Check, listed, of_rows
from components.data_gate.column_stats import Column, Split

_Type = anomalies_pb2.AnomalyInfo

SCHEMA_TYPES = {
    schema_pb2.INT: 'INTEGER',
    schema_pb2.FLOAT: 'FLOAT',
    schema_pb2.BYTES: 'STRING',
}
"""Type in a schema -> type in a query."""

KINDS = {
    _Type.SCHEMA_NEW_COLUMN: 'new',
    _Type.SCHEMA_MISSING_COLUMN: 'absent',
    _Type.FEATURE_TYPE_NOT_PRESENT: 'missing',
    _Type.FEATURE_TYPE_LOW_FRACTION_PRESENT: 'missing',
    _Type.FEATURE_TYPE_LOW_NUMBER_PRESENT: 'missing',
    _Type.FEATURE_TYPE_LOW_NUMBER_VALUES: 'missing',
    _Type.FEATURE_TYPE_NO_VALUES: 'missing',
    _Type.INVALID_FEATURE_SHAPE: 'missing',
    _Type.UNEXPECTED_DATA_TYPE: 'type',
    _Type.ENUM_TYPE_UNEXPECTED_STRING_VALUES: 'values',
    _Type.INT_TYPE_SMALL_INT: 'low',
    _Type.FLOAT_TYPE_SMALL_FLOAT: 'low',
    _Type.INT_TYPE_BIG_INT: 'high',
    _Type.FLOAT_TYPE_BIG_FLOAT: 'high',
    _Type.FLOAT_TYPE_HAS_NAN: 'nan',
    _Type.FLOAT_TYPE_HAS_INF: 'infinite',
}
"""Kinds that are put in our own words; several types may tell of the same fault."""


class Fault(NamedTuple):
    """The words of a `Check`."""

    expected: str
    seen: str
    rows: int | None
    fix: str


def check_schema(
    split: Split, anomalies: anomalies_pb2.Anomalies, schema: schema_pb2.Schema
) -> Iterator[Check]:
    """Report a split's anomalies; those that TFDV calls an error don't pass."""
    infos = [('.'.join(info.path.step), info) for info in anomalies.anomaly_info.values()]
    if anomalies.HasField('dataset_anomaly_info'):
        infos.append(('', anomalies.dataset_anomaly_info))
    if not infos:
        yield Check('schema', split.name, None, True, 'no anomaly against the schema', 'none')
    for name, info in sorted(infos, key=lambda pair: pair[0]):
        passed = info.severity != _Type.ERROR
        for fault in _faults(name, info, split, schema):
            yield Check('schema', split.name, name or None, passed, *fault)


def _faults(
    name: str, info: anomalies_pb2.AnomalyInfo, split: Split, schema: schema_pb2.Schema
) -> Iterator[Fault]:
    """Describe each fault of a column once, however many anomalies tell of it."""
    feature = next((f for f in schema.feature if f.name == name), schema_pb2.Feature(name=name))
    column = split.columns.get(name)
    kinds = {KINDS.get(reason.type, reason.description): reason for reason in info.reason}
    for kind, reason in kinds.items():
        if column is None:
            yield _of_no_column(kind, reason, split.rows)
        else:
            yield _of_column(kind, reason, column, feature, schema)


def _of_no_column(kind: str, reason: anomalies_pb2.AnomalyInfo.Reason, rows: int) -> Fault:
    if kind in ('absent', 'missing'):
        fix = 'let the query return it, or take it out of the schema'
        return Fault('the column, as the schema has it', 'no such column', rows, fix)
    return _in_tfdv_words(reason)


def _of_column(
    kind: str,
    reason: anomalies_pb2.AnomalyInfo.Reason,
    column: Column,
    feature: schema_pb2.Feature,
    schema: schema_pb2.Schema,
) -> Fault:
    name = feature.name
    bounds = feature.int_domain if feature.HasField('int_domain') else feature.float_domain
    match kind:
        case 'new':
            expected, rows = 'only columns that the schema has', column.present
            seen = f'{column.type} values in {of_rows(rows, column.rows)}'
            fix = 'add it to the schema, or leave it out of the query'
        case 'absent' | 'missing':
            expected, rows = _presence(feature), column.missing
            seen = f'none in {of_rows(rows, column.rows)}'
            fix = f'add `WHERE {name} IS NOT NULL` to the query, or make it optional in the schema'
        case 'type':
            expected, rows = SCHEMA_TYPES.get(feature.type, 'another type'), column.present
            seen = f'{column.type} in {of_rows(rows, column.rows)}'
            fix = 'CAST it in the query, or change its type in the schema'
        case 'values' if column.counts is not None:
            domain = _domain(feature, schema)
            others = {v: n for v, n in column.counts.items() if v not in domain}
            expected, rows = f'one of {", ".join(f"`{v}`" for v in domain)}', sum(others.values())
            seen = f'others in {of_rows(rows, column.rows)}: {listed(others)}'
            fix = 'leave these rows out in the query, or add the values to the schema'
        case 'low':
            expected = f'at least {bounds.min:g}'
            rows = column.rows_beyond(bounds.min, above=False)
            seen = f'down to {column.numbers.min:g}, in about {of_rows(rows, column.rows)}'
            fix = f'add `WHERE {name} >= {bounds.min:g}` to the query, or widen the schema'
        case 'high':
            expected = f'at most {bounds.max:g}'
            rows = column.rows_beyond(bounds.max, above=True)
            seen = f'up to {column.numbers.max:g}, in about {of_rows(rows, column.rows)}'
            fix = f'add `WHERE {name} <= {bounds.max:g}` to the query, or widen the schema'
        case 'nan' | 'infinite':
            expected, rows = 'finite numbers', column.nan if kind == 'nan' else column.infinite
            seen = f'{"NaN" if kind == "nan" else "inf"} in {of_rows(rows, column.rows)}'
            fix = 'turn these values into NULL in the query, or allow them in the schema'
        case _:
            return _in_tfdv_words(reason)
    return Fault(expected, seen, rows, fix)


def _in_tfdv_words(reason: anomalies_pb2.AnomalyInfo.Reason) -> Fault:
    said = ' '.join((reason.description or reason.short_description).split()).rstrip('.')
    return Fault('what the schema says', said, None, 'mend the query, or the schema')


def _presence(feature: schema_pb2.Feature) -> str:
    """Say in how many rows the schema wants a value."""
    presence = feature.presence
    if 0 < presence.min_fraction < 1:
        return f'a value in at least {presence.min_fraction:.1%} of the rows'
    if presence.min_count > 1:
        return f'a value in at least {presence.min_count:,} rows'
    return 'a value in every row'


def _domain(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> list[str]:
    if feature.HasField('string_domain'):
        return list(feature.string_domain.value)
    shared = (d for d in schema.string_domain if d.name == feature.domain)
    return [value for domain in shared for value in domain.value]

"""The schema, what the data has against it, and what preprocessing has learnt."""

from collections.abc import Iterable, Mapping
from typing import Any

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.data_gate.anomalies import SCHEMA_TYPES

VALUES = 20
COLUMNS = 200

_SEVERITY = {anomalies_pb2.AnomalyInfo.ERROR: 'error', anomalies_pb2.AnomalyInfo.WARNING: 'warning'}


def schema_rows(schema: schema_pb2.Schema) -> list[dict[str, Any]]:
    """Return what the schema says of each column."""
    domains = {d.name: d for d in schema.string_domain}
    return [
        {
            'name': f.name,
            'type': SCHEMA_TYPES.get(f.type, 'STRING'),
            'present': f.presence.min_fraction if f.HasField('presence') else 0.0,
            'values': _domain(f, domains),
        }
        for f in list(schema.feature)[:COLUMNS]
    ]


def _domain(
    feature: schema_pb2.Feature, domains: Mapping[str, schema_pb2.StringDomain]
) -> dict[str, Any] | None:
    kind = feature.WhichOneof('domain_info')
    if kind == 'int_domain':
        return {'min': feature.int_domain.min, 'max': feature.int_domain.max}
    if kind == 'float_domain':
        return {'min': feature.float_domain.min, 'max': feature.float_domain.max}
    if kind in ('domain', 'string_domain'):
        own = domains.get(feature.domain) if kind == 'domain' else feature.string_domain
        values = list(own.value) if own else []
        return {'listed': values[:VALUES], 'in_all': len(values)}
    return {'kind': kind.removesuffix('_domain')} if kind else None


def anomaly_rows(anomalies: Mapping[str, anomalies_pb2.Anomalies]) -> list[dict[str, Any]]:
    """Return what each split has against the schema."""
    return [
        {
            'split': split,
            'column': '.'.join(info.path.step) or None,
            'severity': _SEVERITY.get(info.severity, 'note'),
            'what': info.short_description,
            'detail': info.description,
        }
        for split, found in anomalies.items()
        for info in _infos(found)
    ]


def _infos(found: anomalies_pb2.Anomalies) -> Iterable[anomalies_pb2.AnomalyInfo]:
    yield from (found.anomaly_info[name] for name in sorted(found.anomaly_info))
    if found.HasField('dataset_anomaly_info'):
        yield found.dataset_anomaly_info

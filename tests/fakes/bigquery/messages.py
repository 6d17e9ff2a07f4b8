"""Requests as JSON, held against the types that Google generated from BigQuery's API."""

import json
from typing import Any

from google.api_core import exceptions


def check(kind: str, value: dict[str, Any]) -> None:
    """Hold a JSON object against a type of the API.

    Args:
        kind: Name of the type, such as `Job`.
        value: The object.

    Raises:
        BadRequest: It has a field that the type has not, or one of another type.
    """
    # Beam brings the types, and takes seconds to import.
    from apache_beam.io.gcp.internal.clients import bigquery
    from apitools.base.protorpclite.messages import ValidationError
    from apitools.base.py import encoding

    try:
        message = encoding.JsonToMessage(getattr(bigquery, kind), json.dumps(_texts(value)))
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        raise exceptions.BadRequest(f'Invalid value in {kind}: {error}') from None
    _refuse_unknown(message, kind)


def _texts(value: Any, key: str = '') -> Any:
    """Return JSON with text for the numbers of parameters: the service takes both."""
    if isinstance(value, dict):
        return {k: _texts(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_texts(element) for element in value]
    return str(value) if key == 'value' and isinstance(value, int | float) else value


def _refuse_unknown(message: Any, path: str) -> None:
    for name in message.all_unrecognized_fields():
        raise exceptions.BadRequest(
            f'Invalid JSON payload received. Unknown name "{name}" at \'{path}\': Cannot find '
            'field.'
        )
    for field in message.all_fields():
        held = getattr(message, field.name)
        # A map holds its keys as fields that are not of its type.
        if field.__class__.__name__ != 'MessageField' or held is None or _is_map(field.type):
            continue
        for part in held if field.repeated else (held,):
            if hasattr(part, 'all_unrecognized_fields'):
                _refuse_unknown(part, f'{path}.{field.name}')


def _is_map(kind: type) -> bool:
    return any(field.name == 'additionalProperties' for field in kind.all_fields())  # type: ignore[attr-defined]

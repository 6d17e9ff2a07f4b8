"""HTTP answers."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

VERSION_HEADER = 'x-model-version'
"""Header of an answer: the version that gave it."""

JSON = 'application/json'


def json_answer(value: Any, status: int = 200) -> Response:
    """Return an answer of JSON."""
    return Response(orjson.dumps(value), status, media_type=JSON)


def error_answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as TensorFlow Serving words it: `{"error": ...}`."""
    return Response(orjson.dumps({'error': message}), status, headers, media_type=JSON)

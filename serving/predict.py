"""A predict request from its body to its answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serving import pictures
from serving.answers import JSON, VERSION_HEADER, error_answer
from serving.batching import RefusedError
from serving.decode import KEYS, VERTEX_KEYS, Call, decode, parse
from serving.encode import encode_columns, encode_rows
from serving.errors import RequestError, listed, shown
from serving.limits import read_body
from serving.metrics import Metrics, ModelMetrics
from serving.saved_model import LoadedModel, Signature
from serving.served_model import Servable, ServedModel
from serving.settings import Limits

LARGE = 32 * 1024
"""Bytes of a body that is decoded in a thread, so that others go on meanwhile."""

_log = logging.getLogger(__name__)

Parameters = Callable[[dict[str, Any]], Any]
"""Returns the name of the signature that a request asks for, or None."""


@dataclass(frozen=True)
class Form:
    """How a request is written.

    Attributes:
        keys: that it may have.
        signature_name: returns what it has for the name of the signature.
    """

    keys: tuple[str, ...]
    signature_name: Parameters


def _in_parameters(payload: dict[str, Any]) -> Any:
    parameters = payload.get('parameters')
    if parameters is None:
        return None
    if not isinstance(parameters, dict) or parameters.keys() - {'signature_name'}:
        raise RequestError(
            f'parameters: is {shown(parameters)}; only {{"signature_name": "…"}} is allowed'
        )
    return parameters.get('signature_name')


REST = Form(KEYS, lambda payload: payload.get('signature_name'))
VERTEX = Form(VERTEX_KEYS, _in_parameters)


class Predictor:
    """Answers predict requests."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._limits = limits
        self._open = 0
        self._metrics = metrics
        threads = pictures.decoding_threads()
        self._decoders = ThreadPoolExecutor(threads, thread_name_prefix='decoder')
        self._readers = ThreadPoolExecutor(threads + 1, thread_name_prefix='reader')

    async def answer(
        self, request: Request, model: ServedModel, form: Form = REST, **which: Any
    ) -> Response:
        """Answer a request, with an error if that is what it comes to.

        Args:
            request: whose body is to be read.
            model: the model.
            form: how the request is written.
            which: `version` or `label`, as `ServedModel.find` takes them.
        """
        self._open += 1
        self._metrics.open.set(self._open)
        try:
            answer = await self._answered(request, model, form, which)
        except RequestError as error:
            headers = {'retry-after': '1'} if error.status == 503 else None
            answer = error_answer(error.status, error.message, headers)
        except Exception:
            _log.exception('%s: a request failed', model.name)
            answer = error_answer(500, f'model {model.name} failed; the log of the server says why')
        finally:
            self._open -= 1
            self._metrics.open.set(self._open)
        model.metrics.answered(answer.status_code)
        return answer

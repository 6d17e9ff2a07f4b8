"""A predict request from its body to its answer."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from serving import pictures
from serving.answers import JSON, VERSION_HEADER, error_answer
from serving.batching import RefusedError
from serving.decode import KEYS, VERTEX_KEYS, Call, decode, parse
from serving.encode import encode_columns, encode_rows
from serving.errors import RequestError, listed, shown
from serving.limits import read_body
from serving.metrics import Metrics
from serving.saved_model import LoadedModel, Signature
from serving.served_model import Servable, ServedModel
from serving.settings import Limits

LARGE_BODY = 32 * 1024
"""Bytes of a body that is decoded in a thread, so that others go on meanwhile."""

MANY_ROWS = 256
"""Rows whose answer is encoded in a thread, for the same reason."""

_log = logging.getLogger(__name__)
_T = TypeVar('_T')

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
        metrics.open.set_function(lambda: self._open)
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
        try:
            answer = await self._answered(request, model, form, which)
        except RequestError as error:
            headers = {'retry-after': '1'} if error.status == 503 else None
            answer = error_answer(error.status, error.message, headers)
        except ClientDisconnect:
            answer = error_answer(400, 'the client went away before the end of its request')
        except Exception:
            _log.exception('%s: a request failed', model.name)
            answer = error_answer(500, f'model {model.name} failed; the log of the server says why')
        finally:
            self._open -= 1
        model.metrics.answered(answer.status_code)
        return answer

    def close(self) -> None:
        """End the threads."""
        self._readers.shutdown(wait=False)
        self._decoders.shutdown(wait=False)

    async def _answered(
        self, request: Request, model: ServedModel, form: Form, which: dict[str, Any]
    ) -> Response:
        if self._open > self._limits.waiting:
            raise RequestError(
                f'{self._limits.waiting:,} requests are in the server already; try again later',
                status=503,
            )
        clock = asyncio.get_running_loop().time
        limit, what = self._limits.body_seconds, 'the request did not arrive'
        status = 408
        try:
            async with asyncio.timeout(limit) as timeout:
                body = await read_body(request, self._limits.body_bytes)
                started = clock()
                limit, what = self._limits.answer_seconds, 'the server is too busy to answer'
                status = 504
                timeout.reschedule(started + limit)
                servable = model.find(**which)
                with servable.batcher.in_use():
                    encoded = await self._predicted(body, servable, form)
        except TimeoutError:
            raise RequestError(f'{what} within {limit:g} s', status) from None
        model.metrics.seconds.observe(clock() - started)
        version = str(servable.version.number)
        return Response(encoded, headers={VERSION_HEADER: version}, media_type=JSON)

    async def _predicted(self, body: bytes, servable: Servable, form: Form) -> bytes:
        large = len(body) > LARGE_BODY
        signature, call = await self._run(large, self._decoded, body, servable.model, form)
        if signature.picture:
            name = signature.picture.name
            call.tensors[name] = await self._run(True, self._checked_pictures, call, name)
        try:
            outputs = await servable.batcher.predict(signature, call.tensors, call.rows)
        except RefusedError as error:
            where = call.form if error.row is None else call.place(error.row)
            raise RequestError(f'{where}: the model refuses it: {error.reason}') from None
        many = (call.rows or 0) > MANY_ROWS
        if call.by_row:
            return await self._run(many, encode_rows, outputs, call.rows)
        return await self._run(many, encode_columns, outputs)

    def _decoded(self, body: bytes, model: LoadedModel, form: Form) -> tuple[Signature, Call]:
        payload = parse(body)
        name = form.signature_name(payload)
        name = model.default_signature if name in (None, '') else name
        if not isinstance(name, str) or name not in model.signatures:
            raise RequestError(
                f'signature_name: {shown(name)} is not a signature of model {model.name}; '
                f'signatures: {listed(model.signatures)}'
            )
        signature = model.signatures[name]
        return signature, decode(payload, signature, self._limits.instances, form.keys)

    def _checked_pictures(self, call: Call, name: str) -> Any:
        return pictures.prepare(
            call.tensors[name],
            each=self._limits.picture_pixels,
            together=self._limits.request_pixels,
            place=lambda i: call.place(i, name),
            pool=self._decoders,
        )

    async def _run(self, in_thread: bool, function: Callable[..., _T], *arguments: Any) -> _T:
        """Call a function, in a thread if it takes long."""
        if not in_thread:
            return function(*arguments)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, function, *arguments)

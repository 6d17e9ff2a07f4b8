"""Requests of several clients, put together into one call of the model.

While the model works on one batch, the next gathers: batches grow with the load by themselves,
and a lone request waits for nobody. They stop growing where a call would take too long, so a
request waits for two calls of bounded length at most while the model keeps up.

The libraries that do this for Python servers batch single items for a function of lists; here
whole arrays are joined, and a request that the model refuses must not spoil the others.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from serving.metrics import ModelMetrics
from serving.saved_model import Arrays, LoadedModel, PredictError, Signature
from serving.settings import Batching

Key = tuple[object, ...]
"""Requests with the same can be put together: the signature, and the shapes of rows."""

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """The model refused a request.

    Attributes:
        row: index of the first row that it refuses; None if that can't be told.
        reason: what TensorFlow says.
    """

    def __init__(self, row: int | None, reason: str) -> None:
        super().__init__(reason)
        self.row = row
        self.reason = reason


@dataclass
class _Waiting:
    """A request whose turn comes."""

    signature: Signature
    tensors: Arrays
    rows: int | None
    answer: asyncio.Future[Arrays]
    since: float = field(default_factory=time.perf_counter)

    @property
    def key(self) -> Key:
        if self.rows is None or not self.signature.is_batched:
            return (id(self),)
        return (self.signature.name, *(array.shape[1:] for array in self.tensors.values()))


class Batcher:
    """Calls one loaded model, in a thread of its own. Used from one event loop only."""

    def __init__(self, model: LoadedModel, settings: Batching, metrics: ModelMetrics) -> None:
        self._model = model
        self._settings = settings
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f'{model.name}-{model.version}')
        self._waiting: dict[Key, deque[_Waiting]] = {}
        self._busy = False
        self._users = 0
        self._rows: dict[str, int] = {}

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the model from being freed between finding it for a request and calling it."""
        self._users += 1
        try:
            yield
        finally:
            self._users -= 1

    async def predict(self, signature: Signature, tensors: Arrays, rows: int | None) -> Arrays:
        """Call a signature, maybe together with other requests.

        Args:
            signature: which one.
            tensors: its inputs.
            rows: length of their first axis; None if it has none, so that it is called alone.

        Raises:
            RefusedError: The model refused the request.
        """
        loop = asyncio.get_running_loop()
        request = _Waiting(signature, tensors, rows, loop.create_future())
        self._waiting.setdefault(request.key, deque()).append(request)
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next)
        return await request.answer

    async def close(self) -> None:
        """Wait until every request that uses the model has its answer, and end the thread."""
        while self._busy or self._users:
            await asyncio.sleep(0.01)
        self._thread.shutdown(wait=False)

    def _next(self) -> None:
        """Send the model what has gathered."""
        batch = self._take()
        self._busy = bool(batch)
        if not batch:
            return
        now = time.perf_counter()
        for request in batch:
            self._metrics.queued.observe(now - request.since)
        call = asyncio.get_running_loop().run_in_executor(self._thread, self._call, batch)
        call.add_done_callback(lambda done: self._answer(batch, done))

    def _take(self) -> list[_Waiting]:
        """Take those that wait longest and can be put together, up to the rows of a batch."""
        batch: list[_Waiting] = []
        while self._waiting and not batch:
            key, queue = min(self._waiting.items(), key=lambda item: item[1][0].since)
            most = self._rows.get(queue[0].signature.name, self._settings.rows)
            rows = 0
            while queue and (not batch or rows + (queue[0].rows or 0) <= most):
                request = queue.popleft()
                if not request.answer.done():  # its time is up otherwise
                    batch.append(request)
                    rows += request.rows or 0
            if not queue:
                del self._waiting[key]
        return batch

    def _answer(
        self, batch: list[_Waiting], call: asyncio.Future[list[Arrays | Exception]]
    ) -> None:
        self._next()
        for request, outcome in zip(batch, call.result(), strict=True):
            if request.answer.done():
                continue
            if isinstance(outcome, Exception):
                request.answer.set_exception(outcome)
            else:
                request.answer.set_result(outcome)

    def _call(self, batch: list[_Waiting]) -> list[Arrays | Exception]:
        """Call the model, in its thread: once, and if it refuses that, for each request alone."""
        if len(batch) == 1:
            return [self._call_alone(batch[0])]
        signature = batch[0].signature.name
        rows = [request.rows or 0 for request in batch]
        try:
            joined = {
                name: np.concatenate([request.tensors[name] for request in batch])
                for name in batch[0].tensors
            }
            outputs = self._timed(signature, joined, batch=len(batch), rows=sum(rows))
        except Exception:
            return [self._call_alone(request) for request in batch]
        if any(len(array) != sum(rows) for array in outputs.values()):
            return [self._call_alone(request) for request in batch]
        ends = np.cumsum(rows).tolist()
        return [
            {name: array[end - n : end] for name, array in outputs.items()}
            for n, end in zip(rows, ends, strict=True)
        ]

    def _call_alone(self, request: _Waiting) -> Arrays | Exception:
        signature, tensors = request.signature, request.tensors
        try:
            return self._timed(signature.name, tensors, batch=1, rows=request.rows or 1)
        except PredictError as error:
            if request.rows is None or not signature.is_batched:
                return RefusedError(None, str(error))
            return self._first_refused(signature.name, tensors, request.rows)
        except Exception as error:
            _log.exception('%s, version %d: a call failed', self._model.name, self._model.version)
            return error

    def _first_refused(self, signature: str, tensors: Arrays, rows: int) -> Exception:
        """Find the first row that the model refuses, halving what is looked at."""
        low, high, reason = 0, rows, 'only together with others'
        while high - low > 1:
            middle = (low + high) // 2
            try:
                self._model.predict(signature, {n: a[low:middle] for n, a in tensors.items()})
                low = middle
            except PredictError:
                high = middle
        try:
            self._model.predict(signature, {n: a[low:high] for n, a in tensors.items()})
        except PredictError as error:
            reason = str(error)
        return RefusedError(low, reason)

    def _timed(self, signature: str, tensors: Arrays, batch: int, rows: int) -> Arrays:
        started = time.perf_counter()
        outputs = self._model.predict(signature, tensors)
        seconds = time.perf_counter() - started
        self._bound(signature, rows, seconds)
        self._metrics.called.observe(seconds)
        self._metrics.requests_in_batch.observe(batch)
        self._metrics.rows_in_batch.observe(rows)
        return outputs

    def _bound(self, signature: str, rows: int, seconds: float) -> None:
        """Bound the rows of the next batches by how long this one took."""
        most = self._rows.get(signature, self._settings.rows)
        share = self._settings.call_ms / 1e3 / seconds
        if share < 1:
            most = min(most, max(1, int(rows * share)))
        elif share > 2 and 2 * rows >= most:
            most = min(self._settings.rows, 2 * most)
        self._rows[signature] = most

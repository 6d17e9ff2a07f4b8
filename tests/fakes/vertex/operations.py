"""Operations that take a while, as Vertex has them."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions
from google.longrunning import operations_pb2
from google.protobuf import any_pb2, empty_pb2
from google.rpc import code_pb2, status_pb2

from tests.fakes.rpc import Method, Rule, operation_fault, plain
from tests.fakes.world import World

SERVICE = 'google.longrunning.Operations'
CANCELLED = status_pb2.Status(code=code_pb2.CANCELLED, message='The operation was cancelled.')


@dataclass
class _Pending:
    name: str
    due: float
    finish: Callable[[], Any]
    metadata: any_pb2.Any
    error: status_pb2.Status | None
    work: threading.Thread | None = None


class Operations:
    """The operations that were started; what one does happens when it is due.

    Attributes:
        seconds: how long operations take; 0: they are done when their call is answered.
    """

    def __init__(self, world: World) -> None:
        """Have none.

        Args:
            world: has the faults.
        """
        self.faults = world.faults
        self.seconds = 0.0
        self._pending: dict[str, _Pending] = {}
        self._done: dict[str, operations_pb2.Operation] = {}
        self._lock = threading.RLock()

    def start(
        self,
        parent: str,
        metadata: Any,
        finish: Callable[[], Any],
        work: Callable[[], None] | None = None,
    ) -> operations_pb2.Operation:
        """Start an operation.

        Args:
            parent: name of the resource that it is of.
            metadata: message of its kind.
            finish: does it when it is due, and returns the response.
            work: takes its time before that, in a thread; None: there is none.
        """
        packed = any_pb2.Any()
        packed.Pack(plain(metadata), 'type.googleapis.com/')
        fault = operation_fault.get()
        status = _status(fault.error) if fault else None
        name = f'{parent}/operations/{uuid.uuid4().int % 10**19}'
        due = time.monotonic() + self.seconds
        pending = _Pending(name, due, finish, packed, status)
        if work and not status:
            pending.work = threading.Thread(target=_work, args=(pending, work), daemon=True)
            pending.work.start()
        with self._lock:
            self._pending[name] = pending
            return self._state(name)

    def settle(self) -> None:
        """Do what is due."""
        with self._lock:
            for pending in list(self._pending.values()):
                working = pending.work and pending.work.is_alive()
                if pending.due <= time.monotonic() and not working:
                    del self._pending[pending.name]
                    self._done[pending.name] = _finished(pending)

    @property
    def methods(self) -> list[Method]:
        """The methods of the service of operations."""
        uri = '/v1/{name=projects/*/locations/**/operations/*}'
        request, rule = operations_pb2, Rule
        return [
            Method(f'/{SERVICE}/GetOperation', request.GetOperationRequest, self.get,
                   [rule('GET', uri)]),
            Method(f'/{SERVICE}/WaitOperation', request.WaitOperationRequest, self.get,
                   [rule('POST', uri + ':wait')]),
            Method(f'/{SERVICE}/ListOperations', request.ListOperationsRequest, self.list,
                   [rule('GET', '/v1/{name=projects/*/locations/**}/operations')]),
            Method(f'/{SERVICE}/CancelOperation', request.CancelOperationRequest, self.cancel,
                   [rule('POST', uri + ':cancel')]),
        ]  # fmt: skip

    def get(self, request: Any) -> operations_pb2.Operation:
        """Return how an operation stands."""
        with self._lock:
            return self._state(request.name)

    def list(self, request: Any) -> operations_pb2.ListOperationsResponse:
        """List the operations of a resource; there is nothing to filter by."""
        if request.filter:
            raise exceptions.InvalidArgument(f'Invalid filter: {request.filter}')
        with self._lock:
            self.settle()
            names = [n for n in (*self._pending, *self._done) if _of(n, request.name)]
            found = [self._state(name) for name in names]
        return operations_pb2.ListOperationsResponse(operations=found)

    def cancel(self, request: Any) -> empty_pb2.Empty:
        """End an operation, if it is not done: it does nothing then."""
        with self._lock:
            self._state(request.name)
            if pending := self._pending.pop(request.name, None):
                pending.error = CANCELLED
                self._done[pending.name] = _finished(pending)
        return empty_pb2.Empty()

    def _state(self, name: str) -> operations_pb2.Operation:
        self.settle()
        if name in self._done:
            return self._done[name]
        if name not in self._pending:
            raise exceptions.NotFound(f'Operation {name} is not found.')
        return operations_pb2.Operation(name=name, metadata=self._pending[name].metadata)


def _of(operation: str, resource: str) -> bool:
    return operation.startswith(f'{resource}/operations/')


def _work(pending: _Pending, work: Callable[[], None]) -> None:
    try:
        work()
    except exceptions.GoogleAPICallError as error:
        pending.error = _status(error)


def _status(error: exceptions.GoogleAPICallError) -> status_pb2.Status:
    code = error.grpc_status_code.value[0] if error.grpc_status_code else code_pb2.UNKNOWN
    return status_pb2.Status(code=code, message=error.message)


def _finished(pending: _Pending) -> operations_pb2.Operation:
    operation = operations_pb2.Operation(name=pending.name, metadata=pending.metadata, done=True)
    if pending.error:
        operation.error.CopyFrom(pending.error)
        return operation
    try:
        operation.response.Pack(plain(pending.finish()), 'type.googleapis.com/')
    except exceptions.GoogleAPICallError as error:
        operation.error.CopyFrom(_status(error))
    return operation

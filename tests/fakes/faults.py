"""Faults on demand, by the name of a method, and the record of the calls that were made."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import grpc
from google.api_core import exceptions

T = TypeVar('T')


class DroppedError(Exception):
    """The connection ends without an answer."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next calls of a method.

    Attributes:
        method: name or pattern: `DeployModel`, `storage.objects.*`.
        code: gRPC status, by name: `UNAVAILABLE`; None: no error, but the delay or the drop.
        message: goes with the error.
        delay: seconds before the answer.
        drop: the connection ends without an answer.
        after: the call is done first, so only its answer is lost: a crash just after.
        in_operation: the call is answered; the operation that it starts ends with the error.
        times: calls that it befalls; None: all.
        skip: calls that it lets pass before.
    """

    method: str
    code: str | None = None
    message: str = 'a fault on demand'
    delay: float = 0
    drop: bool = False
    after: bool = False
    in_operation: bool = False
    times: int | None = 1
    skip: int = 0

    def __post_init__(self) -> None:
        if self.code is not None and self.code not in grpc.StatusCode.__members__:
            known = ', '.join(grpc.StatusCode.__members__)
            raise ValueError(f'code: {self.code!r} is no gRPC status; known: {known}')
        if self.in_operation and self.code is None:
            raise ValueError('in_operation: needs a code, which the operation ends with')

    @property
    def error(self) -> exceptions.GoogleAPICallError:
        """What clients get."""
        return exceptions.from_grpc_status(grpc.StatusCode[self.code or 'UNKNOWN'], self.message)


@dataclass(frozen=True)
class Call:
    """A call that was made.

    Attributes:
        method: its name.
        request: as JSON has it.
        fault: whether a fault befell it.
    """

    method: str
    request: Any
    fault: bool


@dataclass
class _Armed:
    fault: Fault
    skip: int
    left: int | None


@dataclass
class Faults:
    """The faults that are set, and the calls made; safe to use from several threads."""

    calls: list[Call] = field(default_factory=list)
    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def add(self, method: str, **settings: Any) -> Fault:
        """Set a fault; see `Fault`."""
        fault = Fault(method, **settings)
        with self._lock:
            self._armed.append(_Armed(fault, fault.skip, fault.times))
        return fault

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._armed.clear()

    def stop(self) -> None:
        """End all delays."""
        self._stopped.set()

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults that are still to come, as JSON has them."""
        with self._lock:
            return [asdict(a.fault) | {'times': a.left, 'skip': a.skip} for a in self._armed]

    def named(self, method: str) -> list[Call]:
        """Return the calls of a method, oldest first."""
        return [call for call in self.calls if fnmatchcase(call.method, method)]

    def call(
        self,
        method: str,
        request: Any,
        action: Callable[[Fault | None], T],
        waiting: Callable[[], bool] = lambda: True,
    ) -> T:
        """Do what a call asks, with the fault that befalls it.

        Args:
            method: its name.
            request: as JSON has it, for the record.
            action: gets the fault if it is the operation's, else None.
            waiting: whether the client still waits; what comes too late is not done.

        Raises:
            DroppedError: The connection is to end.
            GoogleAPICallError: The fault's error, or the action's own.
        """
        fault = self._take(method, request)
        if fault is None or fault.in_operation:
            return action(fault)
        done: Any = action(None) if fault.after else None
        if fault.delay:
            self._stopped.wait(fault.delay)
        if not fault.after and not waiting():
            raise DroppedError
        if fault.code is not None:
            raise fault.error
        if fault.drop or (fault.after and not fault.delay):
            raise DroppedError
        return action(None) if not fault.after else done

    def _take(self, method: str, request: Any) -> Fault | None:
        with self._lock:
            fault = self._next(method)
            self.calls.append(Call(method, request, fault is not None))
            return fault

    def _next(self, method: str) -> Fault | None:
        for armed in self._armed:
            if not fnmatchcase(method, armed.fault.method):
                continue
            if armed.skip:
                armed.skip -= 1
                continue
            if armed.left is not None:
                armed.left -= 1
                if not armed.left:
                    self._armed.remove(armed)
            return armed.fault
        return None

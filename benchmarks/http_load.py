"""A light HTTP client that keeps many connections busy: for measuring servers, not for use."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast


@dataclass(frozen=True)
class Load:
    """What came of a load.

    Attributes:
        seconds: of each answer, in the order they came.
        elapsed: seconds from the first request to the last answer.
        failed: answers that were not 200.
    """

    seconds: list[float]
    elapsed: float
    failed: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed


class _Client(asyncio.Protocol):
    """One connection that sends its next request when the answer to the last is there."""

    def __init__(self, request: bytes, until: float, load: '_Running') -> None:
        self._request = request
        self._until = until
        self._load = load
        self._answer = b''
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, end, body = self._answer.partition(b'\r\n\r\n')
        if not end or len(body) < _length(head):
            return
        now = time.perf_counter()
        self._load.seconds.append(now - self._sent)
        self._load.failed += not head.startswith(b'HTTP/1.1 200')
        self._answer = b''
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.open -= 1
        self._load.failed += error is not None
        if not self._load.open:
            self._load.done.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)


class _Running:
    def __init__(self, clients: int) -> None:
        self.seconds: list[float] = []
        self.failed = 0
        self.open = clients
        self.done = asyncio.get_running_loop().create_future()


def post(host: str, path: str, body: bytes) -> bytes:
    """Return the bytes of a POST."""
    head = f'POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(body)}\r\n\r\n'
    return head.encode() + body


async def load(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Keep as many connections to this machine busy as there are requests."""
    loop = asyncio.get_running_loop()
    running = _Running(len(requests))
    started = time.perf_counter()
    for request in requests:
        client = _Client(request, started + seconds, running)
        await loop.create_connection(partial(_itself, client), '127.0.0.1', port)
    await running.done
    return Load(running.seconds, time.perf_counter() - started, running.failed)


def _itself(client: _Client) -> _Client:
    return client


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b'content-length:')
    return int(rest.partition(b'\r\n')[0])

"""HTTP for the stand-ins: requests and answers, and the server that has them all."""

import contextlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from google.api_core import exceptions

from tests.fakes.faults import DroppedError

HOST = '127.0.0.1'
TOKEN = 'stand-in-token'
"""What the metadata server hands out, and the services take."""

STATUS = {
    400: 'INVALID_ARGUMENT',
    403: 'PERMISSION_DENIED',
    409: 'ALREADY_EXISTS',
    412: 'FAILED_PRECONDITION',
    416: 'OUT_OF_RANGE',
    501: 'UNIMPLEMENTED',
}
"""Names of the errors that an HTTP code alone says."""


@dataclass(frozen=True)
class Request:
    """A request; `path` is still quoted, names of `headers` are in lower case."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b''

    def json(self) -> dict[str, Any]:
        """Return the body, a JSON object; an empty one is {}.

        Raises:
            BadRequest: It is none.
        """
        try:
            value = json.loads(self.body or b'{}')
        except ValueError as error:
            raise exceptions.BadRequest(f'Invalid JSON payload received. {error}') from None
        if not isinstance(value, dict):
            raise exceptions.BadRequest('Invalid JSON payload received. Expected an object.')
        return value


@dataclass(frozen=True)
class Response:
    """An answer; a body that is no bytes is sent as JSON."""

    body: Any = b''
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        """Return the body's bytes and the headers."""
        if isinstance(self.body, bytes):
            return self.body, dict(self.headers)
        kind = {'Content-Type': 'application/json; charset=UTF-8'}
        return json.dumps(self.body).encode(), kind | dict(self.headers)


class HttpService(Protocol):
    """What a stand-in that speaks HTTP offers.

    Attributes:
        hosts: patterns of the names that it answers to.
        open: whether it answers those who show no token.
    """

    hosts: Sequence[str]
    open: bool

    def handle(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            GoogleAPICallError: It is refused.
            DroppedError: It gets no answer.
        """


def error_response(error: exceptions.GoogleAPICallError) -> Response:
    """Return an error as Google's services say it."""
    code = int(error.code or 500)
    status = error.grpc_status_code.name if error.grpc_status_code else STATUS.get(code, 'UNKNOWN')
    reasons = [dict(e) for e in error.errors] or [{'message': error.message, 'reason': status}]
    said = {'code': code, 'message': error.message, 'status': status, 'errors': reasons}
    return Response({'error': said}, code)


class HttpServer:
    """One server on a port of this machine; the Host header says whose request it is."""

    def __init__(self, services: Sequence[HttpService]) -> None:
        """Start it, in threads of its own.

        Args:
            services: the first whose `hosts` match a name gets its requests.
        """
        self._services = services
        server = self

        class Handler(_Handler):
            def answer(self, request: Request) -> Response:
                return server.answer(request)

        self._server = _bound(Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def known(self, host: str) -> bool:
        """Return whether a service answers to a name."""
        return any(_matches(service, host) for service in self._services)

    def answer(self, request: Request) -> Response:
        """Find the service, and ask it.

        Raises:
            DroppedError: The connection is to end.
        """
        for service in self._services:
            if _matches(service, request.host):
                break
        else:
            return Response({'error': f'{request.host} is not stood in for'}, 404)
        if not service.open and request.headers.get('authorization') != f'Bearer {TOKEN}':
            return error_response(
                exceptions.Unauthenticated(
                    'Request is missing required authentication credential. Expected OAuth 2 '
                    "access token: the stand-ins' metadata server hands it out."
                )
            )
        try:
            return service.handle(request)
        except exceptions.GoogleAPICallError as error:
            return error_response(error)


_ports: list[int] = []


def _bound(handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
    """Return a server on the port that this process had before, if it is free.

    Google's client for Python reads the metadata server's address once a process.
    """
    for port in (*_ports, 0):
        with contextlib.suppress(OSError):
            server = ThreadingHTTPServer((HOST, port), handler)
            if not port:
                _ports.append(server.server_port)
            return server
    raise OSError('no free port')


def _matches(service: HttpService, host: str) -> bool:
    return any(fnmatchcase(host, pattern) for pattern in service.hosts)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    wbufsize = 2**16
    disable_nagle_algorithm = True

    def answer(self, request: Request) -> Response:
        raise NotImplementedError

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle_expect_100(self) -> bool:
        """Tell curl to send the body at once, which else waits a second."""
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def _go(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            host=self.headers.get('Host', '').partition(':')[0],
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )
        try:
            response = self.answer(request)
        except DroppedError:
            self.close_connection = True
            return
        body, headers = response.encoded()
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if not (self.command == 'HEAD' and 'Content-Length' in headers):
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get('Transfer-Encoding', '').lower() != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length') or 0))
        parts = []
        while size := int(self.rfile.readline().split(b';')[0].strip() or b'0', 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b''.join(parts)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _go  # noqa: N815 (its names)

"""The real server, in a process of its own, with one model."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self

HOST = '127.0.0.1'
ADDRESS = '/v1/models/model:predict'
POLL_SECONDS = 0.05
ANSWER_SECONDS = 120
STOP_SECONDS = 10
LOG_SHOWN = 300
"""Characters of the server's last line that a message shows."""

ROOT = Path(__file__).parents[2]


class ServerError(Exception):
    """The server did not start, or did not answer; says why in one line."""


class Server:
    """A server that starts with the object; a context manager, which ends it.

    It is what the serving container runs: `python -m serving`, told by Vertex's variables.
    """

    def __init__(self, model: str) -> None:
        """Start the server; it is ready some seconds later.

        Args:
            model: directory of the SavedModel; may be remote.
        """
        self._port = _free_port()
        self._log = TemporaryFile()  # noqa: SIM115 (closed on exit)
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])])
        told = {'AIP_STORAGE_URI': model, 'AIP_HTTP_PORT': str(self._port), 'SLUICE_HOST': HOST}
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'serving'],
            env=os.environ | told | {'PYTHONPATH': path},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def wait(self, seconds: float) -> None:
        """Wait until it can answer.

        Raises:
            ServerError: It has ended, or takes too long.
        """
        until = time.monotonic() + seconds
        while True:
            if (code := self._process.poll()) is not None:
                raise ServerError(f'the server ended with code {code}: {self._last_line()}')
            try:
                status, _ = self._request('GET', '/readyz')
            except OSError:
                status = 0
            if status == 200:
                return
            if time.monotonic() > until:
                raise ServerError(
                    f'the server could not answer within {seconds:g} s: {self._last_line()}'
                )
            time.sleep(POLL_SECONDS)

    def predict(self, instances: list[dict[str, Any]]) -> list[Any]:
        """Ask for rows.

        Raises:
            ServerError: It answers with an error, or not at all.
        """
        body = json.dumps({'instances': instances}).encode()
        try:
            status, text = self._request('POST', ADDRESS, body)
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f'no answer: {error or type(error).__name__}') from None
        answer = json.loads(text)
        if status != 200:
            raise ServerError(f'HTTP {status}: {answer.get("error", text.decode()[:LOG_SHOWN])}')
        predictions: list[Any] = answer['predictions']
        return predictions

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def _request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, body, {'Content-Type': 'application/json'})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors='replace').split('\n')
        said = [line.strip() for line in lines if line.strip()]
        return said[-1][:LOG_SHOWN] if said else 'it said nothing'


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port

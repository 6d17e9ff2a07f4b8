"""The board, served on this machine only. It reads runs; nothing can be changed through it."""

import logging
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pipeline.board.page import render
from pipeline.compare.comparison import MOST_RUNS, ComparisonError, compare
from pipeline.compare.page import render as render_comparison
from pipeline.compare.recipe_changes import changes
from pipeline.compare.recipes import recipe_of
from pipeline.records import Run
from pipeline.results import Results, card_of, report_of
from pipeline.store import Store

LOOPBACK = '127.0.0.1'

_log = logging.getLogger(__name__)


def serve(store: Store, port: int, announce: Callable[[str], None]) -> None:
    """Serve the board until Ctrl-C.

    Args:
        store: Whose runs.
        port: 0 takes any that is free.
        announce: Is told the address once it can be opened.

    Raises:
        OSError: The port can't be used.
    """
    with make_server(store, port) as server:
        announce(f'http://{LOOPBACK}:{server.server_address[1]}/')
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def make_server(store: Store, port: int) -> ThreadingHTTPServer:
    """Return the server, listening but not serving yet."""

    class Handler(_Handler):
        runs_of = store

    return ThreadingHTTPServer((LOOPBACK, port), Handler)


class _Refused(Exception):  # noqa: N818 (an answer, not a fault)
    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    runs_of: Store
    server_version = 'sluice'
    sys_version = ''
    timeout = 30

    def do_GET(self) -> None:
        try:
            self._answer(HTTPStatus.OK, self._page(), 'text/html')
        except _Refused as refused:
            self._answer(refused.status, f'{refused}\n', 'text/plain')

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)

    def _page(self) -> str:
        # A page elsewhere that has its own name point here must not read the runs.
        host = urlsplit(f'//{self.headers.get("Host", "")}').hostname
        if host not in (LOOPBACK, 'localhost'):
            raise _Refused(HTTPStatus.FORBIDDEN, 'this board answers to 127.0.0.1 only')
        url = urlsplit(self.path)
        match url.path.strip('/').split('/'):
            case ['']:
                return render(self.runs_of.runs.all(), str(self.runs_of.folder))
            case ['runs', run, 'report' | 'card' as kind]:
                return self._of_run(run, kind)
            case ['compare']:
                return self._comparison(parse_qs(url.query).get('run', []))
        raise _Refused(HTTPStatus.NOT_FOUND, f'{url.path}: there is no such page; see /')

    def _of_run(self, name: str, kind: str) -> str:
        run = self._run(name)
        page = report_of(run) if kind == 'report' else card_of(run)
        if page is None or not page.exists():
            raise _Refused(HTTPStatus.NOT_FOUND, f'{name} has no {kind}')
        return page.read_text(encoding='utf-8')

    def _comparison(self, names: list[str]) -> str:
        if not 2 <= len(names) <= MOST_RUNS:
            raise _Refused(
                HTTPStatus.BAD_REQUEST, f'tick 2 to {MOST_RUNS} runs to compare, not {len(names)}'
            )
        records = sorted((self._run(name) for name in names), key=lambda r: r.started)
        recipes = [recipe_of(run, self.runs_of) or {} for run in records]
        try:
            compared = compare([Results(run) for run in records], changes(recipes))
        except (ComparisonError, OSError) as error:
            raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None
        return render_comparison(compared)

    def _run(self, name: str) -> Run:
        found = next((r for r in self.runs_of.runs.all() if r.run == name), None)
        if found is None:
            raise _Refused(HTTPStatus.NOT_FOUND, f'there is no run {name}')
        return found

    def _answer(self, status: HTTPStatus, text: str, kind: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header('Content-Type', f'{kind}; charset=utf-8')
        self.send_header('Content-Length', str(len(content)))
        self.send_header('X-Content-Type-Options', 'nosniff')
        self.send_header('Cache-Control', 'no-store')
        self.end_headers()
        self.wfile.write(content)

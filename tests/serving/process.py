"""A server in a process of its own, as `sluice serve` starts it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx

from tests.serving.conftest import wait_until

REPOSITORY = str(Path(__file__).parents[2])


@contextmanager
def server_process(*options: str, **models: Path) -> Iterator[httpx.Client]:
    """Serve models on a free port of this machine; the client's `pid` is the process."""
    with tempfile.NamedTemporaryFile('w+') as log:
        named = [f'{name}={path}' for name, path in models.items()]
        server = subprocess.Popen(
            [sys.executable, '-m', 'pipeline', 'serve', '--port', '0', *options, *named],
            env=os.environ | {'PYTHONPATH': REPOSITORY},
            stdout=log,
            stderr=log,
        )

        def address() -> str:
            assert server.poll() is None, Path(log.name).read_text()
            lines = Path(log.name).read_text().splitlines()
            found = [line for line in lines if 'running on ' in line]
            return found[0].partition('running on ')[2].split()[0] if found else ''

        try:
            wait_until(lambda: bool(address()), seconds=120)
            with httpx.Client(base_url=address(), timeout=30) as client:
                client.pid = server.pid  # type: ignore[attr-defined]
                wait_until(lambda: client.get('/readyz').status_code == 200, seconds=120)
                yield client
            server.terminate()
            server.wait(30)
        finally:
            server.kill()
            server.wait()

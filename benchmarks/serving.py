"""The server against the model in process, and batching against none, in one run on this machine.

`python -m benchmarks.serving [MODEL]`: MODEL is a folder of versions or a SavedModel of a table;
by default `serving_models/babyweight`, which `make run` pushes. Loopback only; a minute or two.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx2 as httpx
import numpy as np
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.http_load import Load, load, post

TICKS = os.sysconf('SC_CLK_TCK')
"""Units of a process's time in a second."""

CLIENTS = 64
ROUNDS = 5
SECONDS = 3.0
CALLS = 1500


@click.command()
@click.argument('model', default='serving_models/babyweight', type=click.Path(exists=True))
def main(model: str) -> None:
    """Measure, and print a table."""
    console = Console(highlight=False)
    console.print('Starting a server that batches, and one that does not …')
    with server(model, batch=128) as batched, server(model, batch=1) as alone:
        rows = made_up_rows(batched.port)
        requests = [
            post(
                'localhost',
                '/v1/models/measured:predict',
                json.dumps({'instances': [row]}).encode(),
            )
            for row in rows
        ]
        console.print('One row at a time …')
        in_process, over_http = latencies(model, batched.port, rows[0], requests[0])
        console.print(f'{CLIENTS} clients …')
        one = run(alone, requests[:1])
        loads: dict[str, list[Measured]] = {'alone': [], 'batched': []}
        for _ in range(ROUNDS):
            loads['alone'].append(run(alone, requests))
            loads['batched'].append(run(batched, requests))
    console.print(table(in_process, over_http, one, loads))


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the time that all its threads have had on processors."""
        fields = Path(f'/proc/{self.pid}/stat').read_text().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True)
class Measured:
    """A load, and the processor time that the server had for each answer."""

    load: Load
    cpu_ms: float


def table(
    in_process: list[float],
    over_http: list[float],
    one: Measured,
    loads: dict[str, list[Measured]],
) -> Table:
    """Return what was measured; of the rounds, the middle one by rate."""
    alone, batched = (median_of(loads[key]) for key in ('alone', 'batched'))
    rounds = list(zip(loads['alone'], loads['batched'], strict=True))
    ratios = [b.load.rate / a.load.rate for a, b in rounds]
    cheaper = statistics.median(a.cpu_ms / b.cpu_ms for a, b in rounds)
    shown = Table('', 'p50 ms', 'p99 ms', 'requests/s', 'CPU ms/request', 'failed')
    for name, seconds in (('in process, 1 row', in_process), ('over HTTP, 1 row', over_http)):
        shown.add_row(name, *percentiles(seconds), '', '', '')
    for name, result in (
        ('1 client', one),
        (f'{CLIENTS} clients, one by one', alone),
        (f'{CLIENTS} clients, batched', batched),
    ):
        shown.add_row(
            name,
            *percentiles(result.load.seconds),
            f'{result.load.rate:,.0f}',
            f'{result.cpu_ms:.2f}',
            str(result.load.failed),
        )
    added = (statistics.median(over_http) - statistics.median(in_process)) * 1e3
    shown.caption = (
        f'HTTP adds {added:.2f} ms at p50. Batching gives {statistics.median(ratios):.1f} times '
        f'the throughput ({min(ratios):.1f} to {max(ratios):.1f} in {ROUNDS} rounds), at '
        f'1/{cheaper:.1f} of the processor time for a request, which other processes do not change.'
    )
    return shown


def latencies(
    model: str, port: int, row: dict[str, Any], request: bytes
) -> tuple[list[float], list[float]]:
    """Time calls in this process and over HTTP, by turns, in seconds."""
    from serving.decode import decode
    from serving.saved_model import LoadedModel
    from serving.versions import versions_in

    loaded = LoadedModel('measured', versions_in(Path(model))[-1])
    signature = loaded.signatures[loaded.default_signature]
    tensors = decode({'instances': [row]}, signature, most=1).tensors
    with socket.create_connection(('127.0.0.1', port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def over_http() -> None:
            connection.sendall(request)
            answer = connection.recv(65536)
            assert answer.startswith(b'HTTP/1.1 200')
            while not answer.endswith(b'}'):
                answer += connection.recv(65536)

        calls: tuple[Callable[[], Any], ...] = (
            lambda: loaded.predict(signature.name, tensors),
            over_http,
        )
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(CALLS):
            for call, taken in zip(calls, times, strict=True):
                started = time.perf_counter()
                call()
                taken.append(time.perf_counter() - started)
    warm = CALLS // 10
    return times[0][warm:], times[1][warm:]


def run(server: Server, requests: list[bytes]) -> Measured:
    """Keep a server busy, after a moment that does not count."""

    async def both() -> Measured:
        await load(server.port, requests, SECONDS / 10)
        before = server.cpu_seconds()
        result = await load(server.port, requests, SECONDS)
        used = server.cpu_seconds() - before
        return Measured(result, 1e3 * used / len(result.seconds))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(both())


def median_of(loads: list[Measured]) -> Measured:
    """Return the load in the middle by rate."""
    return sorted(loads, key=lambda result: result.load.rate)[len(loads) // 2]


def percentiles(seconds: list[float]) -> tuple[str, str]:
    """Return p50 and p99 in milliseconds."""
    low, high = np.percentile(seconds, [50, 99]) * 1e3
    return f'{low:.2f}', f'{high:.2f}'


def made_up_rows(port: int) -> list[dict[str, Any]]:
    """Return a row for each client, of the types that the model's signature has."""
    answer = httpx.get(f'http://127.0.0.1:{port}/v1/models/measured/metadata').json()
    inputs = answer['metadata']['signature_def']['signature_def']['serving_default']['inputs']
    rng = np.random.default_rng(0)

    def value(dtype: str) -> Any:
        return 'x' if dtype == 'DT_STRING' else int(rng.integers(1, 40))

    return [{name: value(spec['dtype']) for name, spec in inputs.items()} for _ in range(CLIENTS)]


@contextmanager
def server(model: str, batch: int) -> Iterator[Server]:
    """Serve a model in a process of its own."""
    with socket.socket() as found:
        found.bind(('127.0.0.1', 0))
        port = found.getsockname()[1]
    command = [sys.executable, '-m', 'pipeline', 'serve', f'measured={model}']
    options = ['--port', str(port), '--batch', str(batch)]
    process = subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                if httpx.get(f'http://127.0.0.1:{port}/readyz').status_code == 200:
                    break
            except httpx.TransportError:
                pass
            if process.poll() is not None:
                raise click.ClickException('the server ended; try it by hand: sluice serve')
            time.sleep(0.2)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


if __name__ == '__main__':
    main()

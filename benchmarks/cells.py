"""Cells: measurements of commands in processes of their own, timed, and their memory watched."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

SAMPLE_SECONDS = 0.25
"""Time between two looks at memory."""


Watch = Callable[[float, int], None]
"""Is told now and then of the seconds passed and the bytes in use."""


@dataclass(frozen=True)
class Cell:
    """One thing to measure.

    Attributes:
        name: Of its result's file, and what is chosen by on the command line.
        title: For people.
        measure: Measures it in an empty folder, and returns the result.
        by_default: Whether it is measured when nothing is chosen.
    """

    name: str
    title: str
    measure: Callable[[Path, Watch], dict[str, Any]]
    by_default: bool = True


class CellError(RuntimeError):
    """A measured command failed, or took longer than its limit.

    Attributes:
        log: What it printed.
    """

    def __init__(self, message: str, log: Path) -> None:
        super().__init__(message)
        self.log = log


def run(command: list[str], log: Path, limit: float, watch: Watch) -> dict[str, Any]:
    """Run a command to its end.

    Args:
        command: What to run, from the folder of the project.
        log: Gets what it prints.
        limit: Seconds after which it is stopped, with everything it started.
        watch: Is told how it goes.

    Returns:
        `seconds` of wall time and `peak_bytes`: most memory at one time (RSS) of the process and
        all it started, with pages that they share counted for each.

    Raises:
        CellError: It failed or was stopped.
    """
    started = time.monotonic()
    with log.open('wb') as out:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {'TF_CPP_MIN_LOG_LEVEL': '2'},
        )
        peak = 0
        try:
            while (code := process.poll()) is None:
                used = _memory(process.pid)
                peak = max(peak, used)
                seconds = time.monotonic() - started
                watch(seconds, used)
                if seconds > limit:
                    raise CellError(f'stopped after {limit:,.0f} s, its limit', log)
                time.sleep(SAMPLE_SECONDS)
            seconds = time.monotonic() - started
        finally:
            _stop(process)
    if code:
        raise CellError(f'ended with {code}', log)
    return {'seconds': seconds, 'peak_bytes': peak}


def machine() -> dict[str, Any]:
    """Describe this machine, and how busy it is."""
    cpu = Path('/proc/cpuinfo').read_text().partition('model name')[2].partition('\n')[0]
    return {
        'cpu': cpu.strip('\t :') or 'unknown CPU',
        'cores': os.cpu_count(),
        'memory_gib': round(psutil.virtual_memory().total / 2**30),
        'load': round(os.getloadavg()[0], 1),
    }


def save(path: Path, result: dict[str, Any]) -> None:
    """Keep a result, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix('.part')
    part.write_text(json.dumps(result, indent=2) + '\n')
    part.rename(path)


def _memory(pid: int) -> int:
    try:
        root = psutil.Process(pid)
        return sum(_rss(p) for p in (root, *root.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0


def _rss(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def _stop(process: subprocess.Popen) -> None:
    """Stop what is left of a command and its children."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()

"""The terminal of a long command: what people read goes there, all else into a log file."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console


@contextmanager
def quiet(log: Path, *, verbose: bool = False, to_stderr: bool = False) -> Iterator[Console]:
    """Send whatever this process prints to a log file, and yield a console for people.

    File descriptors are redirected, since TensorFlow's C++ code writes to them directly.

    Args:
      log: File that is appended to.
      verbose: Also show on the terminal what goes to the log.
      to_stderr: Give the console stderr, as stdout is for a program to read.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    terminal = saved[1] if to_stderr else saved[0]
    tee = None
    if verbose:
        tee = subprocess.Popen(
            ['tee', '-a', str(log)], stdin=subprocess.PIPE, stdout=terminal, process_group=0
        )
        assert tee.stdin is not None
        sink = os.dup(tee.stdin.fileno())
    else:
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    os.close(sink)
    try:
        with os.fdopen(os.dup(terminal), 'w', encoding='utf-8') as out:
            yield Console(file=out, highlight=False, soft_wrap=not out.isatty())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        for descriptor in saved:
            os.close(descriptor)
        if tee is not None and tee.stdin is not None:
            tee.stdin.close()
            tee.wait(timeout=10)

"""TensorBoard on the logs of a run."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline.records import Run


class LogsError(RuntimeError):
    """A run has no logs that TensorBoard can show; one line."""


def log_folders(run: Run) -> list[Path]:
    """Return the folders with event files that a run's steps left.

    Raises:
        LogsError: There are none.
    """
    made = [
        Path(uri)
        for step in run.steps
        if step.name in ('Trainer', 'Tuner')
        for uris in step.artifacts.values()
        for uri in uris
    ]
    found = [folder for folder in made if any(folder.rglob('events.out.tfevents.*'))]
    if not found:
        raise LogsError(f'{run.run}: has no logs of training ({run.state})')
    return found


def start_tensorboard(run: Run, port: int, say: Callable[[str], None]) -> int:
    """Run TensorBoard until it is stopped, and return its exit code.

    Args:
        run: Whose logs.
        port: 0 takes any that is free; TensorBoard says which.
        say: Is told what happens.

    Raises:
        LogsError: There are no logs.
    """
    folder = log_folders(run)[0]
    say(f'TensorBoard of {run.run} ({folder}); Ctrl-C ends it')
    command = [sys.executable, '-m', 'tensorboard.main', '--logdir', str(folder)]
    command += ['--port', str(port), '--host', '127.0.0.1']
    process = subprocess.Popen(command)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait(timeout=20)
        return 0

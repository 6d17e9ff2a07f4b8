"""Processes that end when their standard input does."""

import subprocess

END_SECONDS = 15
"""Time that they have for it, before they are killed."""


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process by its standard input, and wait until it has ended."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()

"""`python -m tests.fakes --root DIR`: the stand-ins in a process of their own.

Prints one line of JSON, the environment that leads clients here, when they are ready. Ends when
its standard input does, or on SIGTERM; leaves no process.
"""

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path

from tests.fakes.universe import Universe
from tests.fakes.world import PROJECT


def main() -> None:
    """Stand in until standard input ends or SIGTERM comes."""
    parser = argparse.ArgumentParser(prog='python -m tests.fakes', description=__doc__)
    parser.add_argument('--root', type=Path, required=True, help='Folder of what is kept.')
    parser.add_argument('--project', default=PROJECT, help='Id of the project.')
    parser.add_argument('--bucket', action='append', default=[], help='Bucket to make.')
    asked = parser.parse_args()
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    with Universe(asked.root, asked.project) as universe:
        for bucket in asked.bucket:
            (universe.world.buckets / bucket).mkdir(exist_ok=True)
        sys.stdout.write(json.dumps(universe.env) + '\n')
        sys.stdout.flush()
        threading.Thread(target=_wait, args=(ended,), daemon=True).start()
        ended.wait()


def _wait(ended: threading.Event) -> None:
    # Not through `sys.stdin`, whose lock a thread that waits would hold when the process ends.
    while os.read(sys.stdin.fileno(), 2**16):
        pass
    ended.set()


if __name__ == '__main__':
    main()

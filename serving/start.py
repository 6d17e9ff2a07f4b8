"""Starting the server from a command: TensorFlow's lines about this machine stay out of the log."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from serving.settings import ServerSettings


def start(settings: ServerSettings) -> None:
    """Import TensorFlow, then serve until a signal ends it.

    Raises:
        OSError: The port can't be listened on.
    """
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    with _silenced():
        from serving import server

        server.find_devices()
    server.serve(settings)


@contextmanager
def _silenced() -> Iterator[None]:
    """Send stderr nowhere, for C++ too; what is raised meanwhile is not lost."""
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)

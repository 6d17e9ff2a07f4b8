"""Artifacts on Cloud Storage, written by code that knows files of this machine only."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfx.utils import io_utils


def is_remote(uri: str) -> bool:
    """Whether an artifact is not on this machine."""
    return '://' in uri


@contextmanager
def staged(uri: str) -> Iterator[Path]:
    """Yield a folder to write what an artifact is to hold.

    It is the artifact's own, or one for a while, whose content is copied to a remote artifact at
    the end; nothing is copied if the block raises.

    Args:
        uri: folder of the artifact.
    """
    if not is_remote(uri):
        yield Path(uri)
        return
    with tempfile.TemporaryDirectory(prefix='sluice-') as folder:
        yield Path(folder)
        io_utils.copy_dir(folder, uri)

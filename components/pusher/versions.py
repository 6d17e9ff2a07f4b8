"""A directory of model versions, each of which appears in one piece or not at all."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from components.pusher import rollback
from components.pusher.rollback import Rollback

PARTIAL = '.{version}.partial'
"""Name of a version while it is copied; servers only look at names that are numbers."""


class PushError(OSError):
    """A model could not be put into its directory; nothing of it is left there."""


def push(model: Path, folder: Path, beside: Mapping[str, str] | None = None) -> Path:
    """Copy a model into a folder as its newest version.

    Pushes into one folder wait for each other. What a killed one left is removed.

    Args:
        model: directory to copy.
        folder: gets `<version>/`; made if it is not there. Versions are Unix times in seconds,
            or one above the newest version that ever was, withdrawn ones too, if that is later.
        beside: path within the version -> text of a file that is to go with the model.

    Returns:
        The directory of the new version.

    Raises:
        PushError: It could not be copied; says where, why, and what to do.
    """
    try:
        with _locked(folder):
            for leftover in folder.glob(PARTIAL.format(version='*')):
                shutil.rmtree(leftover)
            version = str(max(int(time.time()), newest_ever(folder) + 1))
            partial = folder / PARTIAL.format(version=version)
            try:
                copy(model, partial)
                for name, text in (beside or {}).items():
                    (partial / name).parent.mkdir(parents=True, exist_ok=True)
                    (partial / name).write_text(text, encoding='utf-8')
                return partial.rename(folder / version)
            except BaseException:
                shutil.rmtree(partial, ignore_errors=True)
                raise
    except OSError as error:
        raise PushError(f'{folder}: cannot push the model here, {_reason(error)}') from error


def newest(folder: Path) -> int:
    """Return the newest version in a folder; 0 if there is none."""
    return max((int(p.name) for p in folder.iterdir() if p.name.isdecimal()), default=0)


def newest_ever(folder: Path) -> int:
    """Return the newest version that was ever in a folder, as far as is known; 0 if none."""
    return max((newest(folder), *rollback.withdrawn(folder)))


def roll_back(folder: Path, to: int | None = None) -> Rollback:
    """Go back to an earlier version while nothing is pushed; see `rollback.roll_back`."""
    if not folder.is_dir():
        raise rollback.RollbackError(f'{folder}: no such folder, so no version to roll back')
    with _locked(folder):
        return rollback.roll_back(folder, to)


def copy(source: Path, target: Path) -> None:
    """Copy a directory; unlike `shutil.copytree`, stop at the first file that can't be copied."""
    for at, _, files in os.walk(source, onerror=_raise):
        folder = target / Path(at).relative_to(source)
        folder.mkdir(parents=True, exist_ok=True)
        for name in files:
            shutil.copyfile(Path(at) / name, folder / name)


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, which goes when the process does."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return 'no space left on the device; free some, or set push.local to another folder'
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return 'it is read-only; make it writable, or set push.local to another folder'
        case errno.EEXIST | errno.ENOTDIR:
            return 'a file is in its way; remove it, or set push.local to another folder'
    where = f': {error.filename}' if error.filename else ''
    return f'{error.strerror or error}{where}; mend that, or set push.local to another folder'

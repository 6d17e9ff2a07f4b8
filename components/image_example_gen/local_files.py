"""Pictures on this machine: which there are, and their bytes."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from components.image_example_gen.errors import UnreadableError

LARGEST = 256 * 2**20
"""Bytes of a file beyond which it is not read: no picture within the limits has so many."""

IGNORED = ('thumbs.db', 'ehthumbs.db', 'desktop.ini', '__macosx', '@eadir')
"""What file managers leave behind, casefolded; names that begin with a dot are ignored too."""


class File(NamedTuple):
    """A file below a folder: its path there, with `/` between parts, and what tells of changes."""

    path: str
    stamp: str


@dataclass
class Tree:
    """What is below a folder; hidden files and those of file managers are left out.

    Attributes:
        files: By path.
        folders: Paths of the folders.
        faults: Path of what can't be looked at -> why.
    """

    files: list[File] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


def tree(root: str) -> Tree:
    """Return what is below a folder, in the order of the paths.

    Links to files are followed; links to folders too, but not within themselves.
    """
    found = Tree()
    _look(root, '', found, (os.path.realpath(root),))
    found.files.sort()
    found.folders.sort()
    return found


def ignored(name: str) -> bool:
    """Whether a file or folder is no one's picture, and is passed over without a word."""
    return name.startswith('.') or name.casefold() in IGNORED


def read(path: str) -> bytes:
    """Return the bytes of a file.

    Raises:
        UnreadableError: It is not there, is no file, or can't be read.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for someone to write to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb') as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableError('is no file')
            if status.st_size > LARGEST:
                raise UnreadableError(f'is larger than {LARGEST >> 20} MiB')
            return file.read()
    except OSError as error:
        raise UnreadableError(f'cannot be read: {error.strerror or error}') from None
    except ValueError as error:  # a NUL in the path
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError('is no path') from None


def stamp(status: os.stat_result) -> str:
    """Return what changes when a file does."""
    return f'{status.st_size} {status.st_mtime_ns}'


def shown(path: str) -> str:
    """Return a path as text that can be stored: bytes that are not UTF-8 are written out."""
    return path.encode(errors='surrogateescape').decode(errors='backslashreplace')


def _look(folder: str, below: str, found: Tree, inside: tuple[str, ...]) -> None:
    try:
        entries = list(_entries(folder))
    except OSError as error:
        found.faults[below] = f'cannot be looked into: {error.strerror}'
        return
    for entry in entries:
        path = f'{below}/{entry.name}' if below else entry.name
        try:
            status = entry.stat()
        except OSError as error:
            dangling = entry.is_symlink()
            found.faults[path] = 'links to nothing' if dangling else str(error.strerror)
            continue
        if stat.S_ISDIR(status.st_mode):
            real = f'{inside[-1]}/{entry.name}'
            real = os.path.realpath(entry.path) if entry.is_symlink() else real
            if real not in inside:
                found.folders.append(path)
                _look(entry.path, path, found, (*inside, real))
        elif stat.S_ISREG(status.st_mode):
            found.files.append(File(path, stamp(status)))
        else:
            found.faults[path] = 'is no file'


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from (entry for entry in entries if not ignored(entry.name))

"""The versions in a model's folder."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

SAVED_MODEL = 'saved_model.pb'
LABELS = 'labels.json'
"""File beside the versions that may name some of them: label -> version."""

_VERSION = re.compile(r'[0-9]{1,18}')


@dataclass(frozen=True)
class Version:
    """A SavedModel on disk.

    Attributes:
        number: its version.
        path: its directory.
        stamp: changes when the directory is replaced by another of the same name.
    """

    number: int
    path: Path
    stamp: tuple[int, int]


class VersionsError(ValueError):
    """A folder can't be served; says why in one line."""


def versions_in(folder: Path) -> list[Version]:
    """Return the versions in a folder, oldest first.

    Names that are numbers count, as for TensorFlow Serving. A folder that is a SavedModel itself
    is one version: the number that is its name, or else 1.
    """
    if stamp := _stamp(folder):
        return [Version(_number(folder.resolve().name) or 1, folder, stamp)]
    found = []
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return []
    for name in names:
        number, stamp = _number(name), _stamp(folder / name)
        if number is not None and stamp:
            found.append(Version(number, folder / name, stamp))
    return sorted(found, key=lambda version: version.number)


def labels_in(folder: Path) -> dict[str, int]:
    """Return label -> version as the folder's `labels.json` has it; empty without one.

    Raises:
        VersionsError: It can't be read as that.
    """
    try:
        labels = json.loads((folder / LABELS).read_text(encoding='utf-8'))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise VersionsError(f'{folder / LABELS}: cannot be read: {error}') from error
    if not isinstance(labels, dict) or not all(type(v) is int for v in labels.values()):
        raise VersionsError(
            f'{folder / LABELS}: must map labels to versions, as {{"canary": 1795191166}}'
        )
    return labels


def check_folder(folder: Path) -> None:
    """Look whether there is something to serve in a folder.

    Raises:
        VersionsError: There is not; says what is there instead.
    """
    if not folder.exists():
        raise VersionsError(f'{folder}: no such folder; expected versions of a model')
    if not folder.is_dir():
        raise VersionsError(f'{folder}: is a file; expected a folder of versions or a SavedModel')
    if not versions_in(folder):
        raise VersionsError(
            f'{folder}: no version in it; expected folders named by numbers with a '
            f'{SAVED_MODEL} in each, as `sluice run` pushes them'
        )


def _number(name: str) -> int | None:
    return int(name) if _VERSION.fullmatch(name) else None


def _stamp(folder: Path) -> tuple[int, int] | None:
    try:
        status = (folder / SAVED_MODEL).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns

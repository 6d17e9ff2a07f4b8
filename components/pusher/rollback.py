"""Going back to an earlier version of a model, and the record of it.

A version that is rolled back moves to `withdrawn/` beside the versions: any server that serves
the newest one, TensorFlow Serving too, then serves the one before. `rollbacks.jsonl` has a line
for each rollback.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import Any

WITHDRAWN = 'withdrawn'
"""Folder beside the versions that has those rolled back."""

RECORD = 'rollbacks.jsonl'
"""File beside the versions that has a line for each rollback."""


class RollbackError(ValueError):
    """There is nothing to roll back to, or not the version asked for; says what there is."""


@dataclass(frozen=True)
class Rollback:
    """One line of the record.

    Attributes:
        at: when, UTC, to the second.
        by: the user of the machine.
        was: the version that was served.
        now: the version that is.
        withdrawn: versions that this put aside.
        restored: whether the version was put aside before, and came back.
    """

    at: datetime
    by: str
    was: int
    now: int
    withdrawn: tuple[int, ...]
    restored: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as the record has it."""
        return {
            'at': self.at.isoformat().replace('+00:00', 'Z'),
            'by': self.by,
            'was': self.was,
            'now': self.now,
            'withdrawn': list(self.withdrawn),
            'restored': self.restored,
        }


def live(folder: Path) -> list[int]:
    """Return the versions that servers see, oldest first."""
    return _numbers(folder)


def withdrawn(folder: Path) -> list[int]:
    """Return the versions that were rolled back and not brought back, oldest first.

    Those whose directories were deleted since are known from the record.
    """
    aside: set[int] = set()
    for rollback in rollbacks(folder):
        aside = (aside | set(rollback.withdrawn)) - {rollback.now}
    return sorted((aside | set(_numbers(folder / WITHDRAWN))) - set(live(folder)))


def rollbacks(folder: Path) -> list[Rollback]:
    """Return the record, oldest first; what is not a line of it is passed over."""
    try:
        lines = (folder / RECORD).read_text(encoding='utf-8').splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [rollback for line in lines if (rollback := _parsed(line))]


def roll_back(folder: Path, to: int | None = None) -> Rollback:
    """Make an earlier version the newest, so the one that is served.

    What servers see changes in one step, the last: the served version moves aside after all
    that lie between, and a version that comes back does so before it. A rollback that was killed
    has changed nothing that is served, and is finished by the same command.

    The caller holds the folder's lock.

    Args:
        folder: has the versions.
        to: the version to go to, one that was withdrawn too; by default the one before.

    Raises:
        RollbackError: There is none, or not that one.
        OSError: The folder can't be written to; what is served is as before.
    """
    versions = live(folder)
    if not versions:
        raise RollbackError(f'{folder}: no version in it, so none to roll back')
    served = versions[-1]
    target = _target(folder, versions, to)
    restored = target not in versions
    newer = [version for version in versions if version > target]
    rollback = Rollback(
        datetime.now(UTC).replace(microsecond=0), _user(), served, target, tuple(newer), restored
    )
    (folder / WITHDRAWN).mkdir(exist_ok=True)
    end = _append(folder / RECORD, rollback)
    try:
        if restored:
            (folder / WITHDRAWN / str(target)).rename(folder / str(target))
        for version in newer:
            (folder / str(version)).rename(folder / WITHDRAWN / str(version))
    except OSError:
        if live(folder)[-1:] == [served]:
            os.truncate(folder / RECORD, end)
        raise
    return rollback


def _target(folder: Path, versions: list[int], to: int | None) -> int:
    served, aside = versions[-1], _numbers(folder / WITHDRAWN)
    if to is None:
        if len(versions) < 2:
            raise RollbackError(
                f'{folder}: version {served} is the only one, so there is none to roll back to'
                + (f'; withdrawn: {_listed(aside)} (--to brings one back)' if aside else '')
            )
        return versions[-2]
    if to == served:
        raise RollbackError(f'{folder}: version {to} is what is served already')
    if to not in versions and to not in aside:
        raise RollbackError(
            f'{folder}: no version {to}; versions: {_listed(versions)}'
            + (f'; withdrawn: {_listed(aside)}' if aside else '')
        )
    return to


def _append(record: Path, rollback: Rollback) -> int:
    """Write a line that survives a crash, and return where it begins."""
    with record.open('a', encoding='utf-8') as file:
        begin = file.tell()
        file.write(json.dumps(rollback.to_json()) + '\n')
        file.flush()
        os.fsync(file.fileno())
    return begin


def _parsed(line: str) -> Rollback | None:
    try:
        found = json.loads(line)
        return Rollback(
            datetime.fromisoformat(found['at']),
            str(found['by']),
            int(found['was']),
            int(found['now']),
            tuple(map(int, found['withdrawn'])),
            bool(found['restored']),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _numbers(folder: Path) -> list[int]:
    try:
        return sorted(int(p.name) for p in folder.iterdir() if p.name.isdecimal())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _listed(versions: Iterable[int]) -> str:
    return ', '.join(map(str, versions))

"""A pushed model's versions as people read them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field
from rich import box
from rich.table import Table

from components.pusher import rollback
from components.pusher.rollback import RollbackError


class ModelVersion(BaseModel):
    """One version, as `sluice versions --json` has it."""

    version: int = Field(description='Its number.')
    state: Literal['served', 'earlier', 'withdrawn'] = Field(description='What became of it.')
    pushed: datetime | None = Field(description='When its folder was made, UTC; null: deleted.')
    withdrawn: datetime | None = Field(None, description='When it was rolled back, UTC.')
    by: str | None = Field(None, description='Who rolled it back.')
    path: str | None = Field(description='Its folder; null: deleted.')


def versions_of(folder: Path) -> list[ModelVersion]:
    """Return a model's versions, newest first.

    Raises:
        RollbackError: There are none.
    """
    live, aside = rollback.live(folder), rollback.withdrawn(folder)
    if not live and not aside:
        raise RollbackError(
            f'{folder}: no version of a model here; expected folders named by numbers'
        )
    last = {v: r for r in rollback.rollbacks(folder) for v in r.withdrawn}
    found = []
    for number in sorted({*live, *aside}, reverse=True):
        at = folder / str(number) if number in live else folder / rollback.WITHDRAWN / str(number)
        record = None if number in live else last.get(number)
        there = at.is_dir()
        found.append(
            ModelVersion(
                version=number,
                state=_state(number, live),
                pushed=datetime.fromtimestamp(at.stat().st_mtime, UTC) if there else None,
                withdrawn=record.at if record else None,
                by=record.by if record else None,
                path=str(at) if there else None,
            )
        )
    return found


def versions_table(versions: Iterable[ModelVersion]) -> Table:
    """Return versions as a table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ('version', 'state', 'pushed (UTC)', 'note'):
        table.add_column(column, no_wrap=True)
    styles = {'served': 'bold green', 'earlier': '', 'withdrawn': 'yellow'}
    for version in versions:
        pushed = f'{version.pushed:%Y-%m-%d %H:%M}' if version.pushed else ''
        note = ''
        if version.withdrawn:
            note = f'rolled back {version.withdrawn:%Y-%m-%d %H:%M} by {version.by}'
        if not version.path:
            note += '; deleted' if note else 'deleted'
        table.add_row(
            str(version.version), version.state, pushed, note, style=styles[version.state]
        )
    return table


def _state(number: int, live: list[int]) -> Literal['served', 'earlier', 'withdrawn']:
    if number not in live:
        return 'withdrawn'
    return 'served' if number == live[-1] else 'earlier'

"""Rehearsals and local runs of the same recipe, one after the other."""

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Cell, Watch, run

RECIPES = ('babyweight', 'digits')
LIMIT = 600.0
"""Seconds that each command may take, some ten times what it does on two cores."""

MOST = 2.0
"""What a rehearsal may take of a local run's time."""


def cells() -> Iterator[Cell]:
    """List what is measured: a cell by recipe, with both commands in it."""
    for recipe in RECIPES:
        yield Cell(_name(recipe), f'{recipe}, rehearsed and local', partial(_measured, recipe))


def section(results: Mapping[str, dict[str, Any]]) -> str:
    """Write what was measured as Markdown."""
    lines = ['| recipe | `sluice run` | `sluice rehearse` | ratio |', '|---|---:|---:|---:|']
    for recipe in RECIPES:
        result = results.get(_name(recipe))
        if not result:
            continue
        if 'failed' in result:
            lines.append(f'| {recipe} | {result["failed"]} | | |')
            continue
        local, rehearsed = result['local']['seconds'], result['seconds']
        lines.append(f'| {recipe} | {local:.1f} s | {rehearsed:.1f} s | {result["ratio"]:.2f} |')
    return '\n\n'.join((_INTRODUCTION, '\n'.join(lines)))


def _measured(recipe: str, folder: Path, watch: Watch) -> dict[str, Any]:
    def sluice(command: str) -> dict[str, Any]:
        words = [sys.executable, '-m', 'pipeline', command, recipe, '--store', folder / command]
        words += ['--set', f'push.local={folder / "served"}']
        return run([*map(str, words)], folder / f'{command}.log', LIMIT, watch)

    local, rehearsed = sluice('run'), sluice('rehearse')
    return {**rehearsed, 'local': local, 'ratio': rehearsed['seconds'] / local['seconds']}


def _name(recipe: str) -> str:
    return f'rehearsal-{recipe}'


_INTRODUCTION = f"""\
## Rehearsals

The same recipe, from the first import to the last line: run here, and compiled, then run container
by container against stand-ins for Google Cloud. A rehearsal may take {MOST:g} times as long."""

"""`make bench`: measure what is not measured yet, and write docs/performance.md."""

import json
import shutil
import tempfile
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks import page, pictures, rehearsals, tables
from benchmarks.cells import Cell, CellError, machine, save

KINDS = (tables, pictures, rehearsals)
"""Modules with `cells`, what they measure, and `section`, how they show the results."""

FOLDER = Path(__file__).parent.parent / '.bench'
RESULTS, LOGS = FOLDER / 'results', FOLDER / 'logs'


@click.command()
@click.argument('patterns', nargs=-1)
@click.option('--again', is_flag=True, help='Measure also what there is a result of.')
@click.option('--list', 'listing', is_flag=True, help='List the cells, and stop.')
def main(patterns: tuple[str, ...], again: bool, listing: bool) -> None:
    """Measure cells, all the usual ones or those whose name matches PATTERNS, as `table-1000000-*`.

    Results are kept in .bench/results: given again, the command goes on where it was stopped.
    """
    every = [cell for kind in KINDS for cell in kind.cells()]
    chosen = [cell for cell in every if _is_chosen(cell, patterns)]
    console = Console(highlight=False)
    if listing:
        for cell in every:
            console.print(f'{cell.name:<32} {cell.title}')
        return
    if not chosen:
        raise click.BadParameter(f'no cell matches {", ".join(patterns)}; see --list')
    for number, cell in enumerate(chosen, 1):
        file = RESULTS / f'{cell.name}.json'
        prefix = f'[{number}/{len(chosen)}] {cell.title}'
        kept = json.loads(file.read_text()) if file.exists() else {'failed': 'not measured'}
        if not again and 'failed' not in kept:
            console.print(f'{prefix}: {kept["seconds"]:,.1f} s, kept from {kept["date"]}')
            continue
        if not console.is_terminal:
            console.print(f'{prefix} …')
        result = _measured(cell, console, prefix)
        save(file, result)
        told = result.get('failed') or f'{result["seconds"]:,.1f} s'
        console.print(f'{prefix}: {told}')
    results = {f.stem: json.loads(f.read_text()) for f in sorted(RESULTS.glob('*.json'))}
    page.write(results, (kind.section(results) for kind in KINDS))
    console.print(f'Wrote {page.PAGE}')


def _is_chosen(cell: Cell, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(cell.name, p) for p in patterns) if patterns else cell.by_default


def _measured(cell: Cell, console: Console, prefix: str) -> dict[str, Any]:
    """Measure a cell in a folder that is gone afterwards, save for the logs."""
    FOLDER.mkdir(exist_ok=True)
    LOGS.mkdir(exist_ok=True)
    about = {'machine': machine(), 'date': datetime.now(UTC).isoformat(timespec='seconds')}
    with (
        tempfile.TemporaryDirectory(prefix=f'{cell.name}-', dir=FOLDER) as folder,
        console.status(f'{prefix} …') as status,
    ):

        def watch(seconds: float, used: int) -> None:
            status.update(f'{prefix} … {seconds:,.0f} s, {used / 2**30:.1f} GiB')

        try:
            return about | cell.measure(Path(folder), watch)
        except CellError as error:
            log = f'{LOGS.relative_to(FOLDER.parent)}/{cell.name}-{error.log.name}'
            return about | {'failed': f'{error}; see {log}'}
        finally:
            for written in Path(folder).glob('*.log'):
                shutil.copy(written, LOGS / f'{cell.name}-{written.name}')


if __name__ == '__main__':
    main()

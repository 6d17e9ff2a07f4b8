"""Stock TFX and Sluice on tables of births, from the CSV file to the pushed model."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Cell, Watch, run
from benchmarks.natality import write_recipe, write_table
from benchmarks.runs import last_record, step_seconds

SIZES = (5_000, 100_000, 1_000_000, 10_000_000)
STOCK_AT_MOST = 1_000_000
"""Rows of the largest table that stock TFX gets unless it is asked for: an hour or two."""

ENGINES = {
    'sluice': 'Sluice',
    'stock-memory': 'stock, in memory',
    'stock-processes': 'stock, multi-process',
}
MODES = {'stock-memory': 'in_memory', 'stock-processes': 'multi_processing'}
LIMIT = 1_800.0
LIMIT_PER_ROW = 0.012
"""Seconds a cell may take: four times what the slowest engine took, and half an hour."""

STEPS = {
    'CsvExampleGen': 'ingest',
    'QueryExampleGen': 'ingest',
    'StatisticsGen': 'statistics',
    'Transform': 'transform',
    'Trainer': 'training',
    'Evaluator': 'evaluation',
}
SHOWN = ('ingest', 'statistics', 'transform', 'training', 'evaluation', 'other steps', 'start-up')


def cells() -> Iterator[Cell]:
    """List what is measured, the quickest first."""
    yield Cell('default-job', 'make run, after set-up', _default_job)
    for rows in SIZES:
        for engine, title in ENGINES.items():
            yield Cell(
                f'table-{rows}-{engine}',
                f'{rows:,} rows, {title}',
                partial(_sluice, rows) if engine == 'sluice' else partial(_stock, rows, engine),
                by_default=engine == 'sluice' or rows <= STOCK_AT_MOST,
            )


def section(results: Mapping[str, dict[str, Any]]) -> str:
    """Write the tables of results, by cell, as Markdown."""
    parts = [_INTRODUCTION]
    for rows in SIZES:
        measured = {e: results.get(f'table-{rows}-{e}') for e in ENGINES}
        if found := {engine: result for engine, result in measured.items() if result}:
            parts.append(_size_table(rows, found))
    parts.append(_further(results))
    return '\n\n'.join(part for part in parts if part)


def _sluice(rows: int, folder: Path, watch: Watch) -> dict[str, Any]:
    table, recipe = folder / 'natality.csv', folder / 'natality.yaml'
    write_table(table, rows)
    write_recipe(recipe, table, folder / 'served')
    store = folder / 'store'
    command = [sys.executable, '-m', 'pipeline', 'run', str(recipe), '--store', str(store)]
    limit = LIMIT + LIMIT_PER_ROW * rows
    measured = run(command, folder / 'run.log', limit, watch)
    record = last_record(store)
    again = run(command, folder / 'again.log', limit, watch)
    fed = folder / 'feeding.json'
    run(
        [sys.executable, '-m', 'benchmarks.feeding', str(record), str(recipe), str(fed)],
        folder / 'feeding.log',
        limit,
        watch,
    )
    return {
        **measured,
        'steps': _named(step_seconds(record), measured['seconds']),
        'again_seconds': again['seconds'],
        'again_steps_seconds': sum(step_seconds(last_record(store)).values()),
        'feeding': json.loads(fed.read_text()),
    }


def _stock(rows: int, engine: str, folder: Path, watch: Watch) -> dict[str, Any]:
    write_table(folder / 'table' / 'natality.csv', rows)
    command = [sys.executable, '-m', 'benchmarks.stock_pipeline', str(folder), str(rows)]
    limit = LIMIT + LIMIT_PER_ROW * rows
    measured = run([*command, MODES[engine]], folder / 'run.log', limit, watch)
    return {**measured, 'steps': _named(_executions(folder), measured['seconds'])}


def _default_job(folder: Path, watch: Watch) -> dict[str, Any]:
    command = [sys.executable, '-m', 'pipeline', 'run', 'babyweight', '--store', str(folder / 's')]
    served = f'push.local={folder / "served"}'
    return run([*command, '--set', served], folder / 'run.log', LIMIT, watch)


def _executions(folder: Path) -> dict[str, float]:
    """Return the seconds each step took, as TFX's metadata has them."""
    from ml_metadata import MetadataStore
    from ml_metadata.proto.metadata_store_pb2 import ConnectionConfig

    connection = ConnectionConfig()
    connection.sqlite.filename_uri = str(folder / 'metadata.sqlite')
    store = MetadataStore(connection)
    types = {t.id: t.name.rpartition('.')[2] for t in store.get_execution_types()}
    return {
        types[e.type_id]: (e.last_update_time_since_epoch - e.create_time_since_epoch) / 1000
        for e in store.get_executions()
    }


def _named(steps: Mapping[str, float], total: float) -> dict[str, float]:
    """Sum up steps by what they do; what they leave of the total is start-up."""
    named = dict.fromkeys(SHOWN, 0.0)
    for step, seconds in steps.items():
        named[STEPS.get(step, 'other steps')] += seconds
    return named | {'start-up': total - sum(steps.values())}


def _size_table(rows: int, results: Mapping[str, dict[str, Any]]) -> str:
    others = [engine for engine in results if engine != 'sluice']
    heads = [*(ENGINES[e] for e in results), *(f'{ENGINES[e]} / Sluice' for e in others)]
    lines = [
        f'### {rows:,} rows',
        '',
        f'| | {" | ".join(heads)} |',
        f'|---|{"---:|" * len(heads)}',
    ]
    for name in SHOWN:
        values = {e: r['steps'][name] for e, r in results.items() if 'steps' in r}
        lines.append(_line(name, values, results, others))
    totals = {e: r['seconds'] for e, r in results.items() if 'seconds' in r}
    lines.append(_line('**total**', totals, results, others))
    memory = (_gib(r.get('peak_bytes')) for r in results.values())
    lines.append(f'| peak memory | {" | ".join(memory)} |{" |" * len(others)}')
    lines += [f'\n{ENGINES[e]}: {r["failed"]}' for e, r in results.items() if 'failed' in r]
    return '\n'.join(lines)


def _line(name: str, values: Mapping[str, float], shown: Iterable[str], others: list[str]) -> str:
    ours = values.get('sluice')
    cells = [f'{values[e]:,.1f} s' if e in values else '-' for e in shown]
    cells += [f'{values[e] / ours:.1f}' if ours and e in values else '-' for e in others]
    return f'| {name} | {" | ".join(cells)} |'


def _gib(size: float | None) -> str:
    return f'{size / 2**30:.1f} GiB' if size else '-'


def _further(results: Mapping[str, dict[str, Any]]) -> str:
    """Write what there is besides the tables."""
    lines = []
    job = results.get('default-job', {}).get('seconds')
    if job:
        lines.append(f'- `make run` after set-up, the default job: {job:.1f} s.')
    million, ten = (results.get(f'table-{n}-sluice', {}) for n in SIZES[-2:])
    if 'seconds' in million:
        again, steps = million['again_seconds'], million['again_steps_seconds']
        lines.append(
            f'- The same run again on a million rows, nothing changed: {again:.1f} s, of which '
            f'{steps:.1f} s are its steps.'
        )
        for kind, fed in million['feeding'].items():
            lines.append(
                f'- Training on a million rows, {kind}: a step takes {fed["real_ms"]:.2f} ms, and '
                f'{fed["cached_ms"]:.2f} ms on one batch over and over: {fed["ratio"]:.2f} times.'
            )
    if 'seconds' in million and 'seconds' in ten:
        ratio = ten['seconds'] / million['seconds']
        lines.append(f'- Ten million rows take {ratio:.1f} times as long as one million.')
    return '\n'.join(lines)


_INTRODUCTION = """## Tables

Births like those of BigQuery's natality table, in a CSV file of seven columns: two numbers with
buckets, two categories and a cross; wide & deep, one pass over two thirds of the rows in batches
of 512; RMSE, MAE, MSE and R² on the other third, over all and by two slices. Both train the same
model with the same seed and number of steps. Stock TFX validates on 20 batches while it trains,
Sluice on the whole split."""

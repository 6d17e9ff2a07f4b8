"""Sluice and plain TensorFlow on photos: input, a whole run, and features computed once."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.cells import Cell, Watch, run
from benchmarks.photos import write_photos, write_recipe
from benchmarks.runs import last_record, step_seconds

FOLDER = 'SLUICE_BENCH_PHOTOS'
"""Environment variable: a folder with train and test of photos to measure with, JPEGs in folders of
classes. Without it they are drawn."""

TURNS = 2
"""Of the run and the script, one after the other; the faster of each counts, as another task of the
machine only makes them slower."""

LIMIT = 600.0
"""Seconds that each command of the cell may take, some five times what it does on two cores."""

NAME = 'pictures'
BOUNDS = {'whole run': 1.5, 'input': 0.9}
"""Most that a run may take of the script's time, and least that the reader must reach."""


def cells() -> Iterator[Cell]:
    """List what is measured: one cell, as all of it is about the same photos and the same run."""
    folder = os.environ.get(FOLDER)
    yield Cell(
        NAME, 'photos, Sluice and plain Keras', partial(_measured, Path(folder) if folder else None)
    )


def section(results: Mapping[str, dict[str, Any]]) -> str:
    """Write what was measured as Markdown."""
    result = results.get(NAME)
    if not result:
        return _INTRODUCTION
    if 'failed' in result:
        return f'{_INTRODUCTION}\n\n{result["failed"]}'
    return '\n\n'.join((_INTRODUCTION, _whole(result), _input(result['input']), _frozen(result)))


def _measured(photos: Path | None, folder: Path, watch: Watch) -> dict[str, Any]:
    if photos is None:
        photos = folder / 'photos'
        write_photos(photos)
    recipe = folder / 'photos.yaml'
    weights = folder / 'random.weights.h5'
    write_recipe(recipe, photos, weights, folder / 'served')

    def python(module: str, *arguments: Path | str, log: str) -> dict[str, Any]:
        command = [sys.executable, '-m', module, *map(str, arguments)]
        return run(command, folder / f'{log}.log', LIMIT, watch)

    python('benchmarks.plain_transfer', weights, log='weights')
    scripts, measured = [], []
    for turn in map(str, range(TURNS)):
        exported, store = folder / f'exported-{turn}', folder / f'store-{turn}'
        plain = 'benchmarks.plain_transfer', photos, weights, exported
        scripts.append(python(*plain, log=f'script-{turn}'))
        ran = python('pipeline', 'run', recipe, '--store', store, log=f'run-{turn}')
        measured.append(ran | {'steps': step_seconds(last_record(store))})
    script, fastest = (min(kind, key=lambda r: r['seconds']) for kind in (scripts, measured))
    record = last_record(store)
    found, kept = folder / 'input.json', folder / 'frozen.json'
    python('benchmarks.picture_input', record, recipe, photos, found, log='input')
    python('benchmarks.frozen_features', record, recipe, kept, log='frozen')
    return {
        **fastest,
        'script': script,
        'ratio': fastest['seconds'] / script['seconds'],
        'input': json.loads(found.read_text()),
        'frozen': json.loads(kept.read_text()),
    }


def _whole(result: Mapping[str, Any]) -> str:
    script, training = result['script'], result['steps']['Trainer']
    rows = (
        ('Sluice, `run`', result['seconds'], result['peak_bytes']),
        ('plain Keras script', script['seconds'], script['peak_bytes']),
    )
    lines = ['| | time | peak memory |', '|---|---:|---:|']
    lines += [f'| {name} | {seconds:.1f} s | {b / 2**30:.1f} GiB |' for name, seconds, b in rows]
    return '\n'.join(lines) + (
        f'\n\nThe run takes {result["ratio"]:.2f} times as long as the script (at most '
        f'{BOUNDS["whole run"]} is wanted); {training:.1f} s of it are the Trainer.'
    )


def _input(rates: Mapping[str, float]) -> str:
    named = {
        'reader': "the Trainer's reader",
        'same': 'bare tf.data, the same decoding and resizing (averaging)',
        'bilinear': 'bare tf.data, bilinear resizing',
    }
    lines = ['| input, not kept | photos/s | reader / this | by CPU time |', '|---|---:|---:|---:|']
    lines += [
        f'| {title} | {rates[f"{name}_per_second"]:,.0f} | {rates[f"{name}_ratio"]:.2f} '
        f'| {rates[f"{name}_cpu_ratio"]:.2f} |'
        for name, title in named.items()
    ]
    return '\n'.join(lines) + f'\n\nAt least {BOUNDS["input"]} is wanted of the same work.'


def _frozen(result: Mapping[str, Any]) -> str:
    kept = result['frozen']
    return (
        f'The head trains for {kept["epochs"]} epochs in {kept["on_seconds"]:.1f} s with features '
        f'computed once, and in {kept["off_seconds"]:.1f} s with new ones in each epoch: '
        f'{kept["ratio"]:.1f} times.'
    )


_INTRODUCTION = """## Pictures

Six hundred photos to train on and two hundred to test, 256 pixels at their longest side, in ten
classes; MobileNetV2 at 224 pixels: 30 epochs of a head on frozen features, then 10 of all layers
after block 12, with batch normalisation as it is. Both compute what is frozen once. Counted are
whole processes, from their start: for the script reading, training, evaluation on the test photos
and export, for Sluice all steps up to the pushed model; each twice in turns, the faster shown.
Weights are random, as only speed is asked for. The reader starts from TFRecords, the bare pipelines
from the files."""

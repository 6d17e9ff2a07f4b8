"""Whether training waits for its input: step time with real batches and with one over and over.

python -m benchmarks.feeding RUN_RECORD RECIPE RESULT
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import keras
import numpy as np
import tensorflow as tf

from models import dataset
from models.data import Data, Part, load_data
from models.phases import phases
from models.settings import TrainerConfig
from models.training import build_model, compile_part
from pipeline.loading import load_recipe
from pipeline.recipe import Recipe

STEPS = 300
ROUNDS = 15
"""Timings of each kind, taken in turns so that a busy machine slows both."""


def training_data(record: Path, example_gen: str, config: TrainerConfig) -> Data:
    """Read the splits of a finished run as its Trainer did.

    Args:
        record: of the run.
        example_gen: the step that its examples come from.
        config: says what is read of them.
    """
    artifacts = {s['name']: s['artifacts'] for s in json.loads(record.read_text())['steps']}
    examples = artifacts[example_gen]['examples'][0]
    graph = artifacts['Transform']['transform_graph'][0]
    train, evaluation = ([f'{examples}/Split-{split}/*'] for split in ('train', 'eval'))
    return load_data(graph, train, evaluation, config)


def measure(record: Path, recipe: Recipe) -> dict[str, dict[str, float]]:
    """Time the training of a finished run's model, its rows in memory and on disk."""
    limits = {'rows in memory': dataset.MEMORY_LIMIT, 'rows on disk': 0}
    timed = {}
    for kind, limit in limits.items():
        dataset.MEMORY_LIMIT = limit
        data = training_data(record, 'QueryExampleGen', recipe.trainer_config)
        assert data.train.columns
        if isinstance(data.train.columns[1], np.memmap) == (limit == 0):
            timed[kind] = _timed(recipe, data)
    return timed


def _timed(recipe: Recipe, data: Data) -> dict[str, float]:
    train, config = recipe.train, recipe.trainer_config
    model = build_model(config, data)
    compile_part(Part(model, data.train, data.evaluation), phases(config)[0], config, data)
    real = data.train.batches(train.batch_size, inputs=model.input, seed=train.seed)
    cached = real.take(1).cache().repeat()
    real_step, cached_step = _stepper(model, real), _stepper(model, cached)
    rounds = [(real_step(), cached_step()) for _ in range(ROUNDS + 1)][1:]
    return {
        'real_ms': 1000 * median(r for r, _ in rounds),
        'cached_ms': 1000 * median(c for _, c in rounds),
        'ratio': median(r / c for r, c in rounds),
    }


def _stepper(model: keras.Model, batches: tf.data.Dataset) -> Callable[[], float]:
    """Return a function that trains for some steps, and returns the seconds of one."""
    batch = iter(batches)

    def steps() -> float:
        started = time.monotonic()
        for _ in range(STEPS):
            model.train_function(batch)
        return (time.monotonic() - started) / STEPS

    model.make_train_function()
    return steps


if __name__ == '__main__':
    run_record, recipe_file, result = map(Path, sys.argv[1:])
    result.write_text(json.dumps(measure(run_record, load_recipe(recipe_file))))

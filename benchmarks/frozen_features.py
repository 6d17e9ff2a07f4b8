"""Seconds that the head of a transfer trains for, frozen features kept and computed in each epoch.

python -m benchmarks.frozen_features RUN_RECORD RECIPE RESULT
"""

import json
import sys
import time
from pathlib import Path

import keras

from benchmarks.feeding import training_data
from models.training import build_model, fit
from pipeline.loading import load_recipe
from pipeline.recipe import Recipe

EPOCHS = 3
FLIPPED = {'image.augment.flip': 'horizontal'}
"""Pictures that change in every epoch are what features cannot be kept of; to flip costs little."""

KINDS = {'on': 1, 'off': None}
"""Kind -> `model.copies`."""


def measure(record: Path, file: Path) -> dict[str, float]:
    """Time the head phase of a finished run's model, which starts anew for each kind."""
    timed: dict[str, float] = {}
    for kind, copies in KINDS.items():
        recipe = _head_alone(file, copies)
        config = recipe.trainer_config
        data = training_data(record, 'ImageExampleGen', config)
        keras.utils.set_random_seed(config.train.seed)
        model = build_model(config, data)
        started = time.monotonic()
        fit(model, config, data)
        timed[f'{kind}_seconds'] = time.monotonic() - started
    return timed | {'epochs': EPOCHS, 'ratio': timed['off_seconds'] / timed['on_seconds']}


def _head_alone(file: Path, copies: int | None) -> Recipe:
    settings = {'model.fine_tune': None, 'model.copies': copies, 'train.epochs': EPOCHS} | FLIPPED
    return load_recipe(file, [f'{key}={json.dumps(value)}' for key, value in settings.items()])


if __name__ == '__main__':
    run_record, recipe_file, result = map(Path, sys.argv[1:])
    result.write_text(json.dumps(measure(run_record, recipe_file)))

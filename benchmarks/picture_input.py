"""Pictures per second of the Trainer's reader, against bare tf.data pipelines over the same photos.

python -m benchmarks.picture_input RUN_RECORD RECIPE FOLDER RESULT
"""

import json
import random
import sys
import time
from pathlib import Path
from statistics import median

import tensorflow as tf

from benchmarks.feeding import training_data
from models import dataset
from pipeline.loading import load_recipe
from pipeline.recipe import Recipe
from transforms.image import IMAGE
from transforms.image_settings import ImageInput

PASSES = 6
"""Over the photos in one timing; starting a pipeline takes as long as some hundred photos."""

ROUNDS = 5
"""Timings of each kind, taken in turns so that a busy machine slows all."""


def measure(record: Path, recipe: Recipe, folder: Path) -> dict[str, float]:
    """Time shuffled passes over a finished run's train split, of which nothing is kept in memory.

    Returns:
        Of each kind: photos per second, and that of the reader divided by it, by the clock and by
        seconds of CPU.
    """
    dataset.MEMORY_LIMIT = 0
    data = training_data(record, 'ImageExampleGen', recipe.trainer_config)
    image = recipe.trainer_config.image
    assert image
    batch, seed = recipe.train.batch_size, recipe.train.seed
    photos = sorted(map(str, (folder / 'train').glob('*/*')))
    files = random.Random(seed).sample(photos, data.train.rows)
    steps = data.train.steps(batch) * PASSES
    kinds = {
        'reader': data.train.batches(batch, inputs=[IMAGE], seed=seed),
        'same': bare(files, image, batch, 'area'),
        'bilinear': bare(files, image, batch, 'bilinear'),
    }
    rounds = [{k: _timed(b.take(steps)) for k, b in kinds.items()} for _ in range(ROUNDS + 1)][1:]
    measured = {}
    for kind in kinds:
        measured[f'{kind}_per_second'] = steps * batch / median(r[kind][0] for r in rounds)
        for at, name in enumerate(('ratio', 'cpu_ratio')):
            measured[f'{kind}_{name}'] = median(r[kind][at] / r['reader'][at] for r in rounds)
    return measured


def bare(files: list[str], image: ImageInput, batch: int, method: str) -> tf.data.Dataset:
    """Read, decode, resize with proportions kept, pad and batch, in endless shuffled passes.

    Args:
        files: JPEGs.
        image: size of what comes out.
        batch: pictures in one.
        method: of `tf.image.resize`: area averages pixels, as Sluice does, bilinear is the default.
    """
    height, width = image.size

    def pixels(file: tf.Tensor) -> tf.Tensor:
        picture = tf.io.decode_jpeg(tf.io.read_file(file), 3, dct_method='INTEGER_ACCURATE')
        resized = tf.image.resize(picture, image.size, method, preserve_aspect_ratio=True)
        shape = tf.shape(resized)
        missing = (height - shape[0]) // 2, (width - shape[1]) // 2
        resized = tf.cast(tf.round(resized), tf.uint8)
        return tf.image.pad_to_bounding_box(resized, *missing, height, width)

    shuffled = tf.data.Dataset.from_tensor_slices(files).shuffle(len(files)).repeat()
    read = shuffled.map(pixels, tf.data.AUTOTUNE)
    return read.batch(batch).prefetch(tf.data.AUTOTUNE)


def _timed(batches: tf.data.Dataset) -> tuple[float, float]:
    """Return seconds by the clock and of CPU."""
    started = time.perf_counter(), time.process_time()
    for _ in batches:
        pass
    return time.perf_counter() - started[0], time.process_time() - started[1]


if __name__ == '__main__':
    run_record, recipe_file, photos_folder, result = map(Path, sys.argv[1:])
    result.write_text(json.dumps(measure(run_record, load_recipe(recipe_file), photos_folder)))

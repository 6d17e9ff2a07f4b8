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

ROUNDS = 9
"""Passes of each kind, taken in turns so that a busy machine slows all."""


def measure(record: Path, recipe: Recipe, folder: Path) -> dict[str, float]:
    """Time first passes over the train split of a finished run: nothing is kept in memory."""
    dataset.MEMORY_LIMIT = 0
    data = training_data(record, 'ImageExampleGen', recipe.trainer_config)
    image = recipe.trainer_config.image
    assert image
    batch = recipe.train.batch_size
    photos = sorted(map(str, (folder / 'train').glob('*/*')))
    files = random.Random(1).sample(photos, data.train.rows)
    passes = {
        'reader': data.train.batches(batch, inputs=[IMAGE]),
        'same': bare(files, image, batch, 'area'),
        'bilinear': bare(files, image, batch, 'bilinear'),
    }
    rounds = [{k: _rate(p, len(files)) for k, p in passes.items()} for _ in range(ROUNDS + 1)][1:]
    rates = {f'{name}_per_second': median(r[name] for r in rounds) for name in passes}
    ratios = {f'{k}_ratio': median(r['reader'] / r[k] for r in rounds) for k in passes}
    return rates | ratios


def bare(files: list[str], image: ImageInput, batch: int, method: str) -> tf.data.Dataset:
    """Read, decode, resize with its proportions kept, pad and batch: what tf.data needs for it.

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

    read = tf.data.Dataset.from_tensor_slices(files).map(pixels, tf.data.AUTOTUNE)
    return read.batch(batch).prefetch(tf.data.AUTOTUNE)


def _rate(batches: tf.data.Dataset, pictures: int) -> float:
    started = time.perf_counter()
    for _ in batches:
        pass
    return pictures / (time.perf_counter() - started)


if __name__ == '__main__':
    run_record, recipe_file, photos_folder, result = map(Path, sys.argv[1:])
    result.write_text(json.dumps(measure(run_record, load_recipe(recipe_file), photos_folder)))

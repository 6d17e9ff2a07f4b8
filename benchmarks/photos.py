"""Photos to measure with, and the recipe that Sluice learns from them with."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = 10
SPLITS = {'train': 600, 'test': 200}
"""Split -> photos in it, as many of each class."""

SIDES = ((256, 192), (192, 256), (256, 256), (256, 170))
"""Widths and heights, in turns."""

SIZE = 224
BATCH_SIZE = 32
HEAD_EPOCHS, FINE_TUNING_EPOCHS = 30, 10
HEAD_RATE, FINE_TUNING_RATE = 1e-3, 1e-4
DROPOUT = 0.3
LABEL_SMOOTHING = 0.1
FINE_TUNED_LAYERS = 38
"""Of MobileNetV2: all after block 12."""


def write_photos(folder: Path) -> None:
    """Write split folders over class folders of JPEGs, always the same.

    Each is a blurred pattern in a colour of its class, with grain: as large in bytes and as slow to
    decode as a photo of its size.
    """
    for seed, (split, count) in enumerate(SPLITS.items()):
        rng = np.random.default_rng(seed)
        for number in range(count):
            kind = number % CLASSES
            place = folder / split / f'kind_{kind}' / f'{number:04}.jpg'
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_photo(rng, kind, SIDES[number // CLASSES % len(SIDES)]))


def write_recipe(path: Path, folder: Path, weights: Path, served: Path) -> None:
    """Write the recipe for a folder of photos, whose model is pushed to another."""
    path.write_text(_recipe(folder, weights, served), encoding='utf-8')


def _photo(rng: np.random.Generator, kind: int, size: tuple[int, int]) -> bytes:
    width, height = size
    coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
    picture = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    colour = 255 * np.array([kind & 1, kind >> 1 & 1, kind / CLASSES])
    pixels = 0.7 * np.asarray(picture) + 0.3 * colour + rng.normal(0, 6, (height, width, 1))
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, 'JPEG', quality=85)
    return out.getvalue()


def _recipe(folder: Path, weights: Path, served: Path) -> str:
    return f"""
name: photos
task: multiclass
data: {{images: {folder}}}
image: {{size: {SIZE}}}
model:
  kind: transfer
  backbone: MobileNetV2
  weights: {weights}
  dropout: {DROPOUT}
  fine_tune:
    layers: {FINE_TUNED_LAYERS}
    epochs: {FINE_TUNING_EPOCHS}
    learning_rate: {FINE_TUNING_RATE}
train:
  epochs: {HEAD_EPOCHS}
  batch_size: {BATCH_SIZE}
  learning_rate: {HEAD_RATE}
  schedule: {{kind: cosine, end: 0.01}}
  label_smoothing: {LABEL_SMOOTHING}
  early_stopping: null
gate: {{metrics: {{accuracy: {{min: 0}}}}}}
push: {{local: {served}}}
"""

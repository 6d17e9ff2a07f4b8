"""Pictures of three colours, as splits of examples and an analysed transform."""

import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from models.settings import TrainerConfig
from tests.models.conftest import Artifacts
from tests.transforms.analysis import analyse, serialized
from tests.transforms.pictures import encoded
from transforms.image import preprocessing_fn

TYPES = {'image': str, 'label': str}
COLOURS = {'blue': (60, 60, 200), 'green': (60, 200, 60), 'red': (200, 60, 60)}

Labelled = tuple[bytes, str]


def coloured(label: str, seed: int, height: int = 32, width: int = 32) -> bytes:
    """Return a PNG file of noise about a colour."""
    noise = np.random.default_rng(seed).normal(0, 40, (height, width, 3))
    pixels = np.clip(np.array(COLOURS[label]) + noise, 0, 255)
    return encoded(Image.fromarray(pixels.astype(np.uint8)), 'PNG')


def labelled(count: int, classes: Sequence[str], first_seed: int) -> list[Labelled]:
    """Make pictures whose classes take turns."""
    turns = [classes[i % len(classes)] for i in range(count)]
    return [(coloured(label, first_seed + i), label) for i, label in enumerate(turns)]


def _row(picture: Labelled) -> dict[str, Any]:
    return dict(zip(TYPES, picture, strict=True))


def as_examples(pictures: Iterable[Labelled]) -> list[bytes]:
    """Write pictures as the generator of examples does."""
    return [serialized(_row(picture), TYPES) for picture in pictures]


def write_pictures(path: Path, pictures: Iterable[Labelled]) -> list[str]:
    """Write a file of examples; return its pattern."""
    with tf.io.TFRecordWriter(str(path), 'GZIP') as writer:
        for example in as_examples(pictures):
            writer.write(example)
    return [str(path)]


@dataclasses.dataclass(eq=False)
class PictureArtifacts(Artifacts):
    """What a pipeline about pictures hands to its Trainer.

    Attributes:
        pictures: of the train split and of the eval split.
    """

    pictures: dict[str, list[Labelled]] = dataclasses.field(default_factory=dict)

    def config(self, **settings: Any) -> TrainerConfig:
        """Return settings; unless given, a linear model trained briefly on small pictures."""
        return TrainerConfig.model_validate(
            {'task': self.task, 'label': 'label', 'image': {'size': 8}, 'model': 'linear'}
            | {'train': {'epochs': 2, 'batch_size': 16}, 'tune': {}}
            | settings
        )


def picture_artifacts(task: str, directory: Path) -> PictureArtifacts:
    """Write splits of two or three classes, and analyse them."""
    classes = list(COLOURS) if task == 'multiclass' else ['blue', 'red']
    pictures = {'train': labelled(48, classes, 0), 'eval': labelled(21, classes, 1000)}
    files = {n: write_pictures(directory / f'{n}.gz', p) for n, p in pictures.items()}
    rows = [_row(picture) for picture in pictures['train']]
    graph = directory / 'transform'
    analyse(rows, TYPES, {'label': 'label'}, graph, preprocessing_fn)
    return PictureArtifacts(task, str(graph), files['train'], files['eval'], [], pictures)

"""Pictures per second of ingest, against plain loops over the same files in the same run.

python -m benchmarks.ingest_pictures FOLDER [ROUNDS]

The loops read a file and decode it with Pillow; the second also writes it as a gzipped tf.Example.
Ingest does all that, checks and splits, on all cores. The best of some rounds counts for each.
"""

import io
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from PIL import Image

from components.image_example_gen.ingest import write_examples
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures

ROUNDS = 5


def main(folder: str, rounds: int = ROUNDS) -> None:
    """Measure, and print a line for each."""
    data = ImageData(images=folder)
    listing = list_pictures(data)
    places = listing.table['uri'].to_pylist()
    labels = listing.table['label'].to_pylist()

    def decode() -> None:
        for place in places:
            _decoded(place)

    def decode_and_write() -> None:
        with tempfile.TemporaryDirectory() as out:
            options = tf.io.TFRecordOptions('GZIP', compression_level=1)
            with tf.io.TFRecordWriter(f'{out}/all.gz', options) as writer:
                for place, label in zip(places, labels, strict=True):
                    writer.write(_example(_decoded(place), place, label))

    def ingest() -> None:
        with tempfile.TemporaryDirectory() as out:
            write_examples(data, Path(out) / 'examples', Path(out) / 'stopped')

    measured: dict[str, Callable[[], None]] = {
        'a loop that decodes': decode,
        'a loop that decodes and writes': decode_and_write,
        'ingest': ingest,
    }
    best = dict.fromkeys(measured, float('inf'))
    for _ in range(rounds):
        for name, work in measured.items():
            started = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - started)
    logger = logging.getLogger(__name__)
    logger.info('%d pictures, best of %d rounds', len(places), rounds)
    for name, seconds in best.items():
        ratio = best['a loop that decodes and writes'] / seconds
        logger.info('%-32s %8.0f pictures/s  %5.2f', name, len(places) / seconds, ratio)


def _decoded(place: str) -> bytes:
    data = Path(place).read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    return data


def _example(data: bytes, place: str, label: str) -> bytes:
    features = {
        name: tf.train.Feature(bytes_list={'value': [value]})
        for name, value in (('image', data), ('uri', place.encode()), ('label', label.encode()))
    }
    serialized: bytes = tf.train.Example(features={'feature': features}).SerializeToString()
    return serialized


if __name__ == '__main__':
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    logging.getLogger('sluice.progress').setLevel(logging.WARNING)
    main(sys.argv[1], *map(int, sys.argv[2:3]))

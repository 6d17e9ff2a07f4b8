"""Small pictures with their labels, for people to try a model with."""

import base64
from collections.abc import Sequence
from itertools import islice

import tensorflow as tf

from models.dataset import find_files, records
from models.pictures import PictureGraph
from transforms.image_decoding import decode

SIDE = 320
"""Pixels of the longer side of a thumbnail, at most."""

SMALL_SIDE = 128
"""Pixels that pictures of a few pixels are scaled up to, by a whole number."""

READ_PICTURES = 500
"""Pictures that are read to choose from, at most."""


def labelled_pictures(
    graph: PictureGraph, split: str, patterns: Sequence[str]
) -> tuple[list[bytes], list[str]]:
    """Return the first pictures of a split, as files hold them, and their labels.

    Args:
        graph: finds pictures and labels in examples.
        split: name of the split, for messages.
        patterns: of its TFRecord files.
    """
    read = records(find_files(split, patterns), seed=None, buffer=1).batch(1).as_numpy_iterator()
    examples = [row[0] for row in islice(read, READ_PICTURES)]
    columns = tf.io.parse_example(tf.constant(examples, tf.string), graph.raw | graph.raw_label)
    pictures, labels = graph.encoded(columns)
    return pictures.numpy().tolist(), [label.decode() for label in labels.numpy().tolist()]


def thumbnail(contents: bytes) -> str:
    """Return a picture as a small JPEG file, in base64."""
    picture = decode(tf.constant(contents))
    longest = int(max(picture.shape[:2]))
    if longest > SIDE:
        sides = tf.image.resize(picture, (SIDE, SIDE), 'area', preserve_aspect_ratio=True)
        picture = tf.cast(tf.round(sides), tf.uint8)
    elif longest < SMALL_SIDE:
        times = SMALL_SIDE // longest
        picture = tf.repeat(tf.repeat(picture, times, axis=0), times, axis=1)
    return base64.b64encode(tf.io.encode_jpeg(picture, quality=85).numpy()).decode()

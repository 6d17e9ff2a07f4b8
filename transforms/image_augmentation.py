"""Random changes to pictures, for training: many pictures at a time, the same for the same seed."""

import math

import tensorflow as tf

from transforms.image_settings import Augmentation, ImageInput

_DRAWS = 10
"""Random numbers that a picture needs, for all kinds of changes."""


def augment(pictures: tf.Tensor, image: ImageInput, seed: tf.Tensor) -> tf.Tensor:
    """Change pictures at random, each in its own way.

    Mirroring, turning, scaling and cutting are one projective transform, so that pixels are
    interpolated once. What comes in from outside is black where pictures are padded with that, else
    a reflection.

    Args:
        pictures: `[batch, height, width, channels]`, from 0 to 255.
        image: says how.
        seed: int `[2]`; the same gives the same changes.

    Returns:
        float32 of the same shape, from 0 to 255; as they are if there is nothing to do.
    """
    changes = image.augment
    if not changes.changes_something:
        return pictures
    batch = tf.shape(pictures)[0]
    draws = tf.unstack(tf.random.stateless_uniform([_DRAWS, batch], seed, -1.0, 1.0))
    mirrored, moved, lit = draws[:2], draws[2:8], draws[8:]
    flips = (
        mirrored[0] if changes.flip in ('horizontal', 'both') else tf.ones([batch]),
        mirrored[1] if changes.flip in ('vertical', 'both') else tf.ones([batch]),
    )
    if changes.rotate or changes.zoom or changes.crop:
        outside = 'CONSTANT' if image.fit == 'pad' else 'REFLECT'
        x = tf.cast(pictures, tf.float32)
        x = _transformed(x, _matrices(changes, image.size, flips, moved), outside)
    else:
        x = tf.cast(_flipped(pictures, flips), tf.float32)
    if changes.brightness or changes.contrast:
        brightness, contrast = (d[:, tf.newaxis, tf.newaxis, tf.newaxis] for d in lit)
        mean = tf.reduce_mean(x, [1, 2], keepdims=True)
        x = (x - mean) * (1 + changes.contrast * contrast) + mean
        x = tf.clip_by_value(x + 255 * changes.brightness * brightness, 0.0, 255.0)
    return x


def _flipped(x: tf.Tensor, flips: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Mirror the pictures whose number is negative: along the width, along the height."""
    for axis, drawn in zip((2, 1), flips, strict=True):
        x = tf.where((drawn < 0)[:, tf.newaxis, tf.newaxis, tf.newaxis], tf.reverse(x, [axis]), x)
    return x


def _matrices(
    changes: Augmentation,
    size: tuple[int, int],
    flips: tuple[tf.Tensor, tf.Tensor],
    draws: list[tf.Tensor],
) -> tf.Tensor:
    """Return where each pixel comes from, `[batch, 2, 3]`: (x, y) = M (x', y', 1).

    Args:
        changes: how much.
        size: height and width.
        flips: negative to mirror, along the width and along the height; `[batch]` each.
        draws: from -1 to 1: angle, zoom, height and width cut away, and where from; `[batch]` each.
    """
    height, width = size
    angle = draws[0] * (changes.rotate * math.pi / 180)
    scale = 1 + changes.zoom * draws[1]
    kept_y, kept_x = (1 - changes.crop * (d + 1) / 2 for d in draws[2:4])
    shift_y, shift_x = (1 - kept_y) * draws[4] / 2, (1 - kept_x) * draws[5] / 2
    x_scale, y_scale = scale * kept_x * tf.sign(flips[0]), scale * kept_y * tf.sign(flips[1])
    cos, sin = tf.cos(angle), tf.sin(angle)
    linear = tf.stack(
        [
            tf.stack([cos * x_scale, -sin * y_scale], -1),
            tf.stack([sin * x_scale, cos * y_scale], -1),
        ],
        1,
    )
    # All of it is round the middle.
    middle = tf.constant([(width - 1) / 2, (height - 1) / 2])
    shift = 2 * middle * tf.stack([shift_x, shift_y], -1)
    offset = middle + shift - tf.linalg.matvec(linear, middle)
    return tf.concat([linear, offset[..., tf.newaxis]], -1)


def _transformed(x: tf.Tensor, matrices: tf.Tensor, outside: str) -> tf.Tensor:
    flat = tf.reshape(matrices, [-1, 6])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=x,
        transforms=tf.pad(flat, [[0, 0], [0, 2]]),
        output_shape=tf.shape(x)[1:3],
        fill_value=0.0,
        interpolation='BILINEAR',
        fill_mode=outside,
    )

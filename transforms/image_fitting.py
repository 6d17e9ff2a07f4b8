"""From pixels of any size to those that a model sees."""

import tensorflow as tf

from transforms.image_decoding import RATIOS, Plain, decode
from transforms.image_settings import ImageInput

LARGE = 64
"""Pixels of height and width from which it pays to ask whether a picture gets larger."""

SPARE = 2
"""A JPEG is not decoded smaller than this many times the size it is brought to, which is seen."""


def pixels(contents: tf.Tensor, image: ImageInput, plain: Plain = Plain.NO) -> tf.Tensor:
    """Decode a picture and make it fit: what training, evaluation and serving all do.

    Args:
        contents: of a file in any format of `image_decoding.decode`; string `[]`.
        image: what a model sees.
        plain: what `image_decoding.plain_formats` says of it, if that is known.

    Returns:
        uint8 `[height, width, channels]`, as `image` has it.
    """
    return fit(decode(contents, lambda shape: _ratio(shape, image), plain), image)


def all_pixels(contents: tf.Tensor, image: ImageInput) -> tf.Tensor:
    """Do as `pixels` for each of string `[batch]`."""
    spec = tf.TensorSpec(image.shape, tf.uint8)
    return tf.map_fn(lambda c: pixels(c, image), contents, fn_output_signature=spec)


def fit(picture: tf.Tensor, image: ImageInput) -> tf.Tensor:
    """Bring a picture to the size and channels that a model sees.

    Args:
        picture: uint8 `[height, width, 3]`.
        image: the size, and what becomes of another shape.

    Returns:
        uint8 `[height, width, channels]`, as `image` has it.
    """
    shape = tf.shape(picture)[:2]
    if image.fit == 'crop':
        kept = _within(shape, image.size)
        top, left = tf.unstack((shape - kept) // 2)
        picture = picture[top : top + kept[0], left : left + kept[1]]
        shape = kept
    size = _within(image.size, shape) if image.fit == 'pad' else tf.constant(image.size)
    fitted = _resized(picture, shape, size, ask=min(image.size) >= LARGE)
    if image.channels == 'gray':
        fitted = tf.image.rgb_to_grayscale(fitted)
    fitted = tf.cast(tf.round(fitted), tf.uint8)
    if image.fit == 'pad':
        missing = image.size - size
        before = missing // 2
        fitted = tf.pad(fitted, tf.pad(tf.stack([before, missing - before], 1), [[0, 1], [0, 0]]))
    return tf.ensure_shape(fitted, image.shape)


def _ratio(shape: tf.Tensor, image: ImageInput) -> tf.Tensor:
    """Return by how much a JPEG of a shape may be made smaller before it is fitted."""
    shape = tf.cast(shape, tf.float32)
    most = tf.reduce_max if image.fit == 'pad' else tf.reduce_min
    # It may yet be turned.
    factor = tf.minimum(most(shape / image.size), most(shape[::-1] / image.size))
    allowed = SPARE * tf.constant(RATIOS, tf.float32) <= factor
    return tf.reduce_max(tf.where(allowed, RATIOS, 1))


def _within(room: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
    """Return the largest height and width within others, in the proportion of a shape."""
    scale = tf.reduce_min(tf.cast(room, tf.float32) / tf.cast(shape, tf.float32))
    size = tf.cast(tf.round(scale * tf.cast(shape, tf.float32)), tf.int32)
    return tf.clip_by_value(size, 1, room)


def _resized(picture: tf.Tensor, shape: tf.Tensor, size: tf.Tensor, ask: bool) -> tf.Tensor:
    """Resize a picture, float32: averaged where it gets smaller, interpolated where larger.

    Each of the two only copies where it has nothing to do, which takes less than to ask for it
    unless pictures are large.
    """
    smaller = tf.raw_ops.ResizeArea(images=picture[tf.newaxis], size=tf.minimum(size, shape))

    def larger() -> tf.Tensor:
        return tf.raw_ops.ResizeBilinear(images=smaller, size=size, half_pixel_centers=True)

    if not ask:
        return larger()[0]
    return tf.cond(tf.reduce_all(size <= shape), lambda: smaller, larger)[0]

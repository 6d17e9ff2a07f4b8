"""Orientation of pictures as cameras note it (Exif 2.32, JEITA CP-3451), in TensorFlow.

TensorFlow's decoders leave it out: people held upright would lie on their side.
"""

from collections.abc import Callable

import tensorflow as tf

UPRIGHT = 1
"""Orientation of a picture that is as it should be, or that doesn't say."""

_PREFIX = 2**18
"""Bytes at the start of a file that are looked at: four segments of a JPEG at their largest."""

_PARTS = 64
"""Segments or chunks of a file that are looked at, at most."""

_TAG, _SHORT, _ENTRY = 0x0112, 3, 12
"""Of a TIFF directory: the tag of orientations, the type of short numbers, bytes per entry."""


def jpeg_orientation(contents: tf.Tensor) -> tf.Tensor:
    """Return the orientation, int32 `[]` from 1 to 8, in a JPEG file: string `[]`.

    It is in one of the segments of applications, which come first: a marker of two bytes, a length
    that counts itself, and data.
    """
    head = _Head(contents)

    def goes_on(at: tf.Tensor) -> tf.Tensor:
        marker = head.number(at, 2)
        is_of_application = (marker >= 0xFFE0) & (marker <= 0xFFEF) | (marker == 0xFFFE)
        return is_of_application & ~is_exif(at)

    def is_exif(at: tf.Tensor) -> tf.Tensor:
        return (head.number(at, 2) == 0xFFE1) & (head.text(at + 4, 6) == b'Exif\0\0')

    at = head.walk(2, goes_on, lambda at: at + 2 + head.number(at + 2, 2))
    return tf.cond(is_exif(at), lambda: _in_tiff(head, at + 10), lambda: UPRIGHT)


def png_orientation(contents: tf.Tensor) -> tf.Tensor:
    """Return the orientation, int32 `[]` from 1 to 8, in a PNG file: string `[]`.

    It is in chunk eXIf. A chunk is a length, a name, data and a checksum of four bytes.
    """
    head = _Head(contents)

    def goes_on(at: tf.Tensor) -> tf.Tensor:
        name = head.text(at + 4, 4)
        return (name != b'eXIf') & (name != b'IDAT')

    at = head.walk(8, goes_on, lambda at: at + 12 + head.number(at, 4))
    is_exif = head.text(at + 4, 4) == b'eXIf'
    return tf.cond(is_exif, lambda: _in_tiff(head, at + 8), lambda: UPRIGHT)


class _Head:
    """The first bytes of a file; zeros follow them."""

    def __init__(self, contents: tf.Tensor) -> None:
        self._bytes = tf.strings.substr(contents, 0, _PREFIX)
        self._length = tf.strings.length(self._bytes)

    def text(self, at: tf.Tensor, length: int | tf.Tensor) -> tf.Tensor:
        """Return bytes from a place on, fewer at the end."""
        return tf.strings.substr(self._bytes, tf.clip_by_value(at, 0, self._length), length)

    def numbers(self, at: tf.Tensor, length: int | tf.Tensor) -> tf.Tensor:
        """Return bytes from a place on as numbers, int32 `[length]`."""
        raw = tf.io.decode_raw(self.text(at, length), tf.uint8, fixed_length=length)
        return tf.cast(raw, tf.int32)

    def number(self, at: tf.Tensor, length: int) -> tf.Tensor:
        """Return the number in some bytes, the first of most weight, int32 `[]`."""
        return tf.reduce_sum(self.numbers(at, length) * [256**i for i in reversed(range(length))])

    def walk(
        self,
        start: int,
        goes_on: Callable[[tf.Tensor], tf.Tensor],
        step: Callable[[tf.Tensor], tf.Tensor],
    ) -> tf.Tensor:
        """Return the first of some places, each after the last, where it does not go on."""
        return tf.while_loop(
            lambda at: (at < self._length) & goes_on(at),
            lambda at: [tf.maximum(step(at), at + 1)],
            [tf.constant(start)],
            maximum_iterations=_PARTS,
        )[0]


def _in_tiff(head: _Head, start: tf.Tensor) -> tf.Tensor:
    """Return the orientation in the first directory of a TIFF header and what follows it."""
    is_little = head.text(start, 2) == b'II'

    def number(at: tf.Tensor, length: int) -> tf.Tensor:
        numbers = head.numbers(at, length)
        ordered = tf.where(is_little, numbers[::-1], numbers)
        return tf.reduce_sum(ordered * [256**i for i in reversed(range(length))])

    directory = start + tf.maximum(number(start + 4, 4), 0)
    count = tf.maximum(number(directory, 2), 1)
    entries = tf.reshape(head.numbers(directory + 2, _ENTRY * count), [-1, _ENTRY])
    first, second = entries[:, 0], entries[:, 1]
    tags = tf.where(is_little, second * 256 + first, first * 256 + second)
    value = tf.boolean_mask(entries, tags == _TAG)[:1]
    # The number is small: all of it is in one byte, where depends on the order and the type.
    last = tf.where(value[:, 3] == _SHORT, value[:, 9], value[:, 11])
    found = tf.reduce_sum(tf.where(is_little, value[:, 8], last))
    return tf.where((found >= UPRIGHT) & (found <= 8), found, UPRIGHT)


def upright(picture: tf.Tensor, orientation: tf.Tensor) -> tf.Tensor:
    """Turn and mirror a picture `[height, width, channels]` as its orientation says."""

    def turned() -> tf.Tensor:
        across = tf.transpose(picture, [1, 0, 2])
        return tf.switch_case(
            orientation - 2,
            [
                lambda: picture[:, ::-1],
                lambda: picture[::-1, ::-1],
                lambda: picture[::-1],
                lambda: across,
                lambda: across[:, ::-1],
                lambda: across[::-1, ::-1],
                lambda: across[::-1],
            ],
        )

    return tf.cond(orientation == UPRIGHT, lambda: picture, turned)

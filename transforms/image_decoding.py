"""From the bytes of a picture to its pixels, in TensorFlow: the one way, wherever it is done."""

from collections.abc import Callable
from enum import IntEnum
from functools import partial

import tensorflow as tf

from transforms import exif

RATIOS = (1, 2, 4, 8)
"""By which JPEGs can be made smaller while they are decoded."""

Shrink = Callable[[tf.Tensor], tf.Tensor]
"""From height and width, int32 `[2]`, to the one of RATIOS that a JPEG is made smaller by."""

_JPEG, _PNG, _BMP, _WEBP = b'\xff\xd8\xff', b'\x89PNG', b'BM', b'RIFF'
"""First bytes of files by which their format is known."""

_SMALL = 2**16
"""Bytes of a JPEG below which it is decoded as it is: what is saved would not pay for asking."""

apart = partial(tf.function, autograph=False, experimental_attributes={'_noinline': True})
"""Makes a function that costs nothing where it is not called.

Otherwise TensorFlow passes through each operation of branches not taken, which for small pictures
takes as long as decoding them.
"""


class Plain(IntEnum):
    """Formats of pictures about which there is nothing to ask: no orientation, no transparency."""

    NO = 0
    JPEG = 1
    PNG = 2


def decode(contents: tf.Tensor, shrink: Shrink | None = None, plain: Plain = Plain.NO) -> tf.Tensor:
    """Decode a picture of any format that TensorFlow reads: JPEG, PNG, GIF, BMP, WebP.

    An Exif orientation is applied, transparency put on white, and of an animation the first frame
    taken; brightness alone, palettes, CMYK and 16 bits become eight bits of red, green and blue.

    Args:
        contents: of the file; string `[]`.
        shrink: says how much smaller large JPEGs are made on the way, which is faster.
        plain: what `plain_formats` says of it, if that is known; the same comes out a little
            faster, as for small pictures every question counts.

    Returns:
        uint8 `[height, width, 3]`.
    """
    if plain == Plain.PNG:
        return tf.io.decode_png(contents, 3)
    if plain == Plain.JPEG:
        return _jpeg(contents)

    @apart
    def special(contents: tf.Tensor) -> tf.Tensor:
        is_jpeg = _begins(contents, _JPEG)
        return tf.cond(is_jpeg, lambda: _any_jpeg(contents, shrink), lambda: _not_jpeg(contents))

    picture = tf.cond(_is_plain_jpeg(contents), lambda: _jpeg(contents), lambda: special(contents))
    return tf.ensure_shape(picture, [None, None, 3])


def plain_formats(contents: tf.Tensor) -> tf.Tensor:
    """Return which of `Plain` files are, int32, from their bytes: string of any shape."""
    png = tf.where(_is_plain_png(contents), Plain.PNG, Plain.NO)
    return tf.where(_is_plain_jpeg(contents), Plain.JPEG, png)


def _is_plain_jpeg(contents: tf.Tensor) -> tf.Tensor:
    """Whether it is a small JPEG without anything of applications, as most of data sets are.

    Its tables (marker 0xFFDB) follow the 18 bytes of a JFIF segment.
    """
    is_small = tf.strings.length(contents) < _SMALL
    tables = _part(contents, 20, 2) == b'\xff\xdb'
    return _begins(contents, _JPEG + b'\xe0\x00\x10') & tables & is_small


def _is_plain_png(contents: tf.Tensor) -> tf.Tensor:
    """Whether it is a PNG of 8 bits, gray or in colour, whose pixels follow its header."""
    bits_and_colour = _part(contents, 24, 2)
    is_usual = (bits_and_colour == b'\x08\x00') | (bits_and_colour == b'\x08\x02')
    return _begins(contents, _PNG) & is_usual & (_part(contents, 37, 4) == b'IDAT')


def _part(contents: tf.Tensor, at: int, length: int) -> tf.Tensor:
    """Return bytes from a place on, fewer at the end."""
    return tf.strings.substr(
        contents, tf.minimum(at, tf.strings.length(contents)), tf.fill(tf.shape(contents), length)
    )


def _begins(contents: tf.Tensor, start: bytes) -> tf.Tensor:
    return tf.strings.substr(contents, 0, len(start)) == start


def _jpeg(contents: tf.Tensor, ratio: int = 1) -> tf.Tensor:
    # As other libraries have it; TensorFlow's default differs by up to 3.
    return tf.io.decode_jpeg(contents, 3, ratio=ratio, dct_method='INTEGER_ACCURATE')


def _any_jpeg(contents: tf.Tensor, shrink: Shrink | None) -> tf.Tensor:
    if shrink is None:
        picture = _jpeg(contents)
    else:
        ratio = shrink(tf.image.extract_jpeg_shape(contents)[:2])
        place = tf.searchsorted(RATIOS, [ratio])[0]
        picture = tf.switch_case(place, [partial(_jpeg, contents, r) for r in RATIOS])
    return exif.upright(picture, exif.jpeg_orientation(contents))


@apart
def _not_jpeg(contents: tf.Tensor) -> tf.Tensor:
    decode = partial(tf.io.decode_image, contents, 3, expand_animations=False)
    for start, of_format in ((_BMP, _bmp), (_WEBP, _webp), (_PNG, _png)):
        decode = partial(tf.cond, _begins(contents, start), partial(of_format, contents), decode)
    return decode()


def _png(contents: tf.Tensor) -> tf.Tensor:
    picture = tf.io.decode_png(contents, 4)
    # Where there is no alpha, the decoder fills in the largest value that a pixel's bits have.
    bits = tf.io.decode_raw(tf.strings.substr(contents, 24, 1), tf.uint8)[0]
    filled = (
        tf.bitwise.left_shift(tf.constant(1, tf.int32), tf.cast(tf.minimum(bits, 8), tf.int32)) - 1
    )
    is_opaque = tf.reduce_all(picture[..., 3] == tf.cast(filled, tf.uint8))
    picture = tf.cond(is_opaque, lambda: picture[..., :3], lambda: _on_white(picture))
    return exif.upright(picture, exif.png_orientation(contents))


def _on_white(picture: tf.Tensor) -> tf.Tensor:
    """Put a picture with transparency, uint8 `[height, width, 4]`, on white."""
    colour, alpha = (tf.cast(part, tf.int32) for part in (picture[..., :3], picture[..., 3:]))
    return tf.cast((colour * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)


def _webp(contents: tf.Tensor) -> tf.Tensor:
    picture = tf.io.decode_image(contents, expand_animations=False)
    has_alpha = tf.shape(picture)[2] == 4
    return tf.cond(has_alpha, lambda: _on_white(picture), lambda: picture)


def _bmp(contents: tf.Tensor) -> tf.Tensor:
    """Decode a BMP; TensorFlow's decoder takes indices into a palette for brightness."""
    return tf.cond(
        _little_endian(contents, 28, 2) == 8,  # bits per pixel
        lambda: _with_palette(contents, tf.io.decode_bmp(contents)),
        lambda: tf.io.decode_bmp(contents)[..., :3],
    )


def _with_palette(contents: tf.Tensor, picture: tf.Tensor) -> tf.Tensor:
    """Look the colours of a BMP up: entries of blue, green, red and 0, after its two headers."""
    start, count = 14 + _little_endian(contents, 14, 4), _little_endian(contents, 46, 4)
    entries = tf.strings.substr(contents, start, 4 * tf.where(count == 0, 256, count))
    palette = tf.reshape(tf.io.decode_raw(entries, tf.uint8), [-1, 4])[:, 2::-1]
    return tf.gather(palette, tf.cast(picture[..., 0], tf.int32))


def _little_endian(contents: tf.Tensor, at: int, length: int) -> tf.Tensor:
    numbers = tf.io.decode_raw(tf.strings.substr(contents, at, length), tf.uint8)
    return tf.reduce_sum(tf.cast(numbers, tf.int32) * [256**i for i in range(length)])

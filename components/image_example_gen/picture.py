"""One picture: decoded to know that it can be, and as it is stored.

What the graph of a model decodes right is stored as it came: JPEG in gray or RGB, upright or to
be turned as its EXIF says, and PNG of 8 bits with or without alpha. All else becomes PNG, without
loss.
"""

import io
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from PIL import Image, ImageCms

from components.image_example_gen.errors import UnreadableError
from components.image_example_gen.opening import opened, orientation, size_upright

JPEG_QUALITY = 90
"""Of pictures that are made smaller."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what makes a picture upright."""

_DIRECT_JPEG = (0xC0, 0xC1, 0xC2)
"""JPEG processes that every decoder knows: baseline, extended, progressive (ITU T.81, B.1)."""

_DIRECT_PNG = (0, 2, 4, 6)
"""PNG colour types without a palette: gray, RGB, both with alpha."""


class Picture(NamedTuple):
    """A picture as it is stored; height and width are of it upright."""

    encoded: bytes
    height: int
    width: int


def read_picture(data: bytes, shrink: int | None = None) -> Picture:
    """Decode a picture in full, and return what to store of it.

    Args:
        data: The file's bytes.
        shrink: Longest side in pixels, if larger pictures are to be made smaller.

    Raises:
        UnreadableError: It can't be decoded, or has more than `MOST_PIXELS`.
    """
    with opened(data) as image:
        turn = orientation(image)
        smaller = shrink if shrink and max(image.size) > shrink else None
        if _is_direct_jpeg(image, data):
            pixels = _decode_jpeg(data, image, _ratio(image, smaller))
            if smaller:
                return _shrunk(_upright(Image.fromarray(pixels), turn), smaller)
        elif smaller or not _is_direct_png(image, data, turn):
            upright = _plain(_upright(image, turn))
            return _shrunk(upright, smaller) if smaller else _as_png(upright)
        return Picture(data, *size_upright(image))


def of_pixels(pixels: np.ndarray, shrink: int | None = None) -> Picture:
    """Return what to store of a picture given by its pixels.

    Args:
        pixels: uint8 `[height, width]` or `[height, width, 3]`.
        shrink: As for `read_picture`.
    """
    image = Image.fromarray(pixels)
    return _shrunk(image, shrink) if shrink and max(image.size) > shrink else _as_png(image)


def _is_direct_jpeg(image: Image.Image, data: bytes) -> bool:
    """Whether a picture is a JPEG that the graph of a model decodes as it is."""
    return (
        image.format in ('JPEG', 'MPO')
        and image.mode in ('L', 'RGB')
        and _jpeg_process(data) in _DIRECT_JPEG
    )


def _is_direct_png(image: Image.Image, data: bytes, turn: int) -> bool:
    """Whether a picture is a PNG that the graph of a model decodes as it is, and upright."""
    if image.format != 'PNG' or turn != 1 or 'transparency' in image.info:
        return False
    depth, colours = data[24], data[25]
    if depth != 8 or colours not in _DIRECT_PNG:
        return False
    try:
        tf.io.decode_png(data)
    except tf.errors.InvalidArgumentError:
        return False  # what is odd in it, such as a missing end, Pillow may pass over
    return True


def _decode_jpeg(data: bytes, image: Image.Image, ratio: int) -> np.ndarray:
    """Decode a JPEG as the graph of a model does.

    Pillow takes some that are damaged for whole, and fills them with gray.

    Args:
        data: The file's bytes.
        image: The same, opened; says more of what is wrong.
        ratio: 1, 2, 4 or 8, to decode it so many times smaller.

    Returns:
        uint8 `[height, width]` (gray) or `[height, width, 3]`.
    """
    try:
        pixels: np.ndarray = tf.io.decode_jpeg(data, ratio=ratio).numpy()
    except tf.errors.InvalidArgumentError:
        image.load()
        raise UnreadableError('is damaged: its data end early, or make no sense') from None
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels


def _ratio(image: Image.Image, smaller: int | None) -> int:
    """Return how many times smaller a JPEG may be decoded to be scaled down well after that."""
    if not smaller:
        return 1
    return max(r for r in (1, 2, 4, 8) if r == 1 or max(image.size) >= 2 * smaller * r)


def _jpeg_process(data: bytes) -> int | None:
    """Return the last byte of a JPEG's start-of-frame marker."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return marker
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def _upright(image: Image.Image, turn: int) -> Image.Image:
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def _shrunk(image: Image.Image, longest: int) -> Picture:
    """Scale a plain picture to a longest side, and encode it as JPEG."""
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.info = {}
    image.save(out, 'JPEG', quality=JPEG_QUALITY)
    return Picture(out.getvalue(), image.height, image.width)


def _as_png(image: Image.Image) -> Picture:
    out = io.BytesIO()
    image.info = {}  # no profile, no transparent colour: those were applied
    image.save(out, 'PNG', compress_level=1)
    return Picture(out.getvalue(), image.height, image.width)


def _plain(image: Image.Image) -> Image.Image:
    """Return a picture in gray or RGB of 8 bits, transparent parts over white.

    Raises:
        UnreadableError: Its pixels are numbers whose range is not known.
    """
    if image.mode in ('L', 'RGB') and 'transparency' not in image.info:
        return image
    if image.mode.startswith('I'):
        return _from_16_bits(image)
    if image.mode == 'F':
        raise UnreadableError(
            'has floating point pixels, whose range is not known; save it as 8 or 16 bits'
        )
    if image.mode == 'CMYK':
        return _from_cmyk(image)
    if image.mode == '1':
        return image.convert('L')
    if image.has_transparency_data:
        image = image.convert('RGBA')
        white = Image.new('RGBA', image.size, 'white')
        return Image.alpha_composite(white, image).convert('RGB')
    return image.convert('RGB')


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Scale 16 bits to 8 as PNG decoders do: by the higher of the two bytes."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise UnreadableError('has pixels of 32 bits, whose range is not known; save it as 8 or 16')
    return Image.fromarray((values >> 8).astype(np.uint8))


def _from_cmyk(image: Image.Image) -> Image.Image:
    """Convert inks to RGB: by their colour profile, if there is one."""
    profile = image.info.get('icc_profile')
    if profile:
        try:
            inks = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, inks, ImageCms.createProfile('sRGB'), outputMode='RGB'
            )
            assert converted is not None
            return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile: as if there were none
    return image.convert('RGB')

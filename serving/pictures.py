"""Encoded pictures from clients: checked, and made into what models decode themselves."""

import io
import os
from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
from PIL import Image, ImageOps

from serving.errors import RequestError

PASSED_ON = ('JPEG', 'MPO', 'PNG')
"""Formats that models decode. MPO is a JPEG that carries further pictures, as phones make."""

OPENED = ('JPEG', 'PNG', 'WEBP', 'GIF', 'BMP', 'TIFF', 'AVIF', 'PPM')
"""Formats that are taken; Pillow finds an MPO among the JPEGs. Those that are not passed on
become PNG: their first picture, the way up that their EXIF data says."""

KNOWN = 'JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF is expected'

SHRUNK = 8
"""JPEG is checked at an eighth of its size: all of it is read, and little is computed."""

Place = Callable[[int], str]
"""Names a picture in the request by its index."""


def prepare(
    pictures: np.ndarray, each: int, together: int, place: Place, pool: Executor
) -> np.ndarray:
    """Check that pictures can be decoded, and make PNGs of formats that models don't know.

    Args:
        pictures: `[N]`, encoded.
        each: pixels that one of them may have.
        together: pixels that all of them may have.
        place: names them in messages.
        pool: threads that decode; not the one that this is called from.

    Returns:
        `[N]`: JPEG or PNG.

    Raises:
        RequestError: One is not a picture, is cut off, or is too large; says which.
    """
    total = 0
    for i, picture in enumerate(pictures):
        total += _pixels(picture, each, place(i))
        if total > together:
            raise RequestError(
                f'{place(i)}: the pictures up to this one have {total:,} pixels; at most '
                f'{together:,} are allowed in a request',
                status=413,
            )
    prepared = np.empty(len(pictures), dtype=object)
    prepared[:] = list(pool.map(_prepared, pictures, map(place, range(len(pictures)))))
    return prepared


def decoding_threads() -> int:
    """Return how many threads decode: one less than there are cores, for the model takes one."""
    return max(1, (os.cpu_count() or 1) - 1)


def _pixels(picture: bytes, most: int, place: str) -> int:
    """Return the pixels of a picture as its header has them."""
    with _open(picture, place) as image:
        width, height = image.size
    if width * height > most:
        raise RequestError(
            f'{place}: has {width:,} x {height:,} pixels; at most {most:,} are allowed', status=413
        )
    return width * height


def _prepared(picture: bytes, place: str) -> bytes:
    with _open(picture, place) as image:
        try:
            if image.format in PASSED_ON:
                image.draft(None, (image.width // SHRUNK, image.height // SHRUNK))
                image.load()
                return picture
            buffer = io.BytesIO()
            upright = ImageOps.exif_transpose(image).convert('RGB')
            upright.save(buffer, 'PNG', compress_level=1)
            return buffer.getvalue()
        except Exception as error:  # Pillow's decoders raise whatever a broken file leads them to
            raise RequestError(f'{place}: cannot be decoded as {image.format}: {error}') from None


def _open(picture: bytes, place: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(picture), formats=OPENED)
    except Image.DecompressionBombError:
        raise RequestError(f'{place}: has far too many pixels', status=413) from None
    except Exception:  # as above
        if not picture:
            raise RequestError(f'{place}: is empty; {KNOWN}') from None
        sent = 'text; send {"b64": "…"}' if picture[:64].isascii() else f'{len(picture):,} bytes'
        raise RequestError(f'{place}: is not a picture ({sent}); {KNOWN}') from None

"""Pictures opened, but not yet decoded: what their heads say."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import ExifTags, Image

from components.image_example_gen.errors import UnreadableError

FORMATS = ('JPEG', 'PNG', 'GIF', 'BMP', 'DIB', 'WEBP', 'TIFF', 'PPM', 'JPEG2000', 'AVIF', 'ICO')
"""Formats that are read: of Pillow's, those of pictures that need no other program; MPO is JPEG."""

MOST_PIXELS = 89_478_485
"""Width times height beyond which a picture is not decoded; Pillow's own limit (256 MiB of RGB)."""

SWAPPED = (5, 6, 7, 8)
"""EXIF orientations that swap height and width."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Pillow's warnings about odd files to itself; not for several threads at once."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """Open a picture; whatever goes wrong with it, then or while it is used, is told in one line.

    Raises:
        UnreadableError: It can't be opened or decoded, or has more than `MOST_PIXELS`.
    """
    if not data:
        raise UnreadableError('is empty')
    Image.init()  # knows only a few formats before
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UnreadableError(
                    f'has {image.width:,} x {image.height:,} pixels, more than the limit of '
                    f'{MOST_PIXELS:,}'
                )
            yield image
    except UnreadableError:
        raise
    except Image.UnidentifiedImageError:
        raise UnreadableError(f'is no picture that can be read: {_beginning(data)}') from None
    except Image.DecompressionBombError:  # far beyond the limit; found before any of our own code
        raise UnreadableError(f'has more than the limit of {MOST_PIXELS:,} pixels') from None
    except MemoryError:
        raise UnreadableError('needs more memory to decode than there is') from None
    # Pillow's plugins raise what their parsing happens to: struct.error, SyntaxError, KeyError …
    except Exception as error:
        text = ' '.join(str(error).split()) or type(error).__name__
        raise UnreadableError(f'cannot be decoded: {text}') from None


def _beginning(data: bytes) -> str:
    if data[4:12] in (b'ftypheic', b'ftypheix', b'ftypmif1', b'ftyphevc'):
        return 'HEIC; export it as JPEG'
    return f'it begins with {data[:16]!r}'


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) to 8; like browsers, take no other's word for it."""
    exif = image.info.get('exif')
    if image.format == 'TIFF' or not exif:
        return 1  # Pillow turns TIFFs itself
    parsed = Image.Exif()
    try:
        parsed.load(exif)
        orientation = parsed.get(ExifTags.Base.Orientation, 1)
    except Exception:  # an EXIF block that is no such thing says nothing
        return 1
    return orientation if orientation in range(1, 9) else 1


def size_upright(image: Image.Image) -> tuple[int, int]:
    """Return height and width as a person sees the picture."""
    return image.size if orientation(image) in SWAPPED else image.size[::-1]

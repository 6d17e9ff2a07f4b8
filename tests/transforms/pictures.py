"""Pictures of many formats for tests, as bytes of files."""

import io
from typing import Any

import numpy as np
from PIL import Image


def photo(height: int = 40, width: int = 60, seed: int = 0) -> Image.Image:
    """Return a picture without symmetry: slopes of colour, and a bright corner."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    slopes = [255 * x / width, 255 * y / height, 127 + 127 * np.sin((x + 2 * y) / 9)]
    pixels = np.stack(slopes, -1) * rng.uniform(0.6, 1, 3)
    pixels[: height // 3, : width // 4] = 255
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    """Return the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def exif(orientation: int, endian: str = '<') -> bytes:
    """Return an Exif block, of either byte order, with a few other tags before the orientation."""
    block = Image.Exif()
    block.endian = endian
    block.update({0x010F: 'Maker', 0x0110: 'Model', 0x0112: orientation, 0x0131: 'Software'})
    return block.tobytes()

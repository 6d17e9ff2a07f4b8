"""Pictures to read, and what cannot be: invented, small, each made in one call."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import ExifTags, Image

from transforms.image_decoding import decode

HEIGHT, WIDTH = 24, 36


def pixels(seed: int = 0) -> np.ndarray:
    """Return a smooth picture that no rotation or mirror leaves as it is, `[24, 36, 3]`."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    planes = [6 * x + 3 * seed, 9 * y, 4 * x + 3 * y + seed]
    return np.stack([np.minimum(plane, 255) for plane in planes], axis=-1).astype(np.uint8)


def picture(seed: int = 0) -> Image.Image:
    return Image.fromarray(pixels(seed))


def encoded(image: Image.Image, format_: str = 'PNG', **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def jpeg(seed: int = 0, **options: Any) -> bytes:
    return encoded(picture(seed), 'JPEG', quality=95, subsampling=0, **options)


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


def png_of_16_bits(values: np.ndarray) -> bytes:
    """Encode uint16 `[height, width, channels]` of 1 to 4 channels, which Pillow can't."""
    height, width, channels = values.shape
    colours = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b''.join(b'\0' + row.astype('>u2').tobytes() for row in values)
    head = struct.pack('>IIBBBBB', width, height, 16, colours, 0, 0, 0)
    chunks = ((b'IHDR', head), (b'IDAT', zlib.compress(rows)), (b'IEND', b''))
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))
        for name, data in chunks
    )


def bomb() -> bytes:
    """Return a PNG of few bytes and 100 million pixels."""
    return encoded(Image.new('1', (10_000, 10_000)))


def decoded(stored: bytes) -> np.ndarray:
    """Decode as the graph of a model does, `[height, width, 3]`."""
    image: np.ndarray = decode(tf.constant(stored)).numpy()
    return image


def unlike(seed: int) -> bytes:
    """Return a PNG that is like no other."""
    values = pixels(seed % 40)
    values[0, 0] = (seed % 256, seed // 256, 7)
    return encoded(Image.fromarray(values))


def class_folders(root: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Write so many pictures, no two alike, into `<root>/<class>`."""
    for name, n in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(n):
            (root / name / f'{i:03}.png').write_bytes(unlike(seed := seed + 1))
    return root


def examples(folder: Path, split: str) -> list[dict[str, Any]]:
    """Read a split: column -> value, or list of values where there is not one."""
    file = str(folder / f'Split-{split}' / 'data_tfrecord-00000-of-00001.gz')
    records = tf.data.TFRecordDataset(file, 'GZIP').as_numpy_iterator()
    rows = (tf.train.Example.FromString(record).features.feature for record in records)
    return [{name: _value(feature) for name, feature in row.items()} for row in rows]


def _value(feature: tf.train.Feature) -> Any:
    kind = feature.WhichOneof('kind')
    values = list(getattr(feature, kind).value) if kind else []
    return values[0] if len(values) == 1 else values

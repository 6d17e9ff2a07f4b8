"""The columns of pictures as tf.Examples, and what the other steps need to know of them."""

import pyarrow as pa
import pyarrow.compute as pc

IMAGE, LABEL, URI, HEIGHT, WIDTH = 'image', 'label', 'uri', 'height', 'width'

ALWAYS = (IMAGE, LABEL, URI, HEIGHT, WIDTH)
"""Columns that every picture has, with one value; other columns are for slices."""

OF_PICTURES = 'of_pictures'
"""Custom property of examples: 1 if their column `image` holds encoded pictures."""

_JPEG = b'\xff\xd8'


def without_pictures(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return examples with each picture replaced by its format, `jpeg` or `png`.

    Args:
        batch: examples, each column a list array; every one has a picture.
    """
    pictures = batch.column(IMAGE)
    jpeg = pc.starts_with(pictures.flatten(), _JPEG)
    formats = pc.if_else(jpeg, pa.scalar(b'jpeg'), pa.scalar(b'png'))
    listed = type(pictures).from_arrays(pictures.offsets, formats)
    return batch.set_column(batch.schema.get_field_index(IMAGE), IMAGE, listed)

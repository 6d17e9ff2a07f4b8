"""A digest of pictures that changes when any of them does."""

import hashlib

from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures


def pictures_fingerprint(data: ImageData) -> str:
    """Return a digest of uri, label and further columns, size and time of change of each picture.

    The pictures are not read.

    Raises:
        PicturesError: As `list_pictures`.
    """
    listing = list_pictures(data)
    digest = hashlib.sha256(repr(listing.table.schema).encode())
    for column in listing.table.columns:
        digest.update(repr(column.to_pylist()).encode(errors='backslashreplace'))
    digest.update(repr([*listing.stamps(), *listing.refused, *listing.notes]).encode())
    return digest.hexdigest()

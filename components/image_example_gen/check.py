"""What can be known of a recipe's pictures without reading them."""

import pyarrow as pa

from components.image_example_gen.columns import HEIGHT, WIDTH
from components.image_example_gen.listing import SPLIT, Listing
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures
from components.image_example_gen.splits import Splitter


def checked_listing(data: ImageData) -> Listing:
    """List the pictures of a recipe, and hold its split against them.

    Raises:
        PicturesError: There are none, or the split names a column or split that is not there.
    """
    listing = list_pictures(data)
    Splitter(data.split, listing.table)
    return listing


def columns_of(listing: Listing) -> dict[str, str]:
    """Return the columns that pictures will have beside themselves, with their BigQuery types."""
    fields = [field for field in listing.table.schema if field.name != SPLIT]
    return {field.name: _type(field.type) for field in fields} | {
        HEIGHT: 'INTEGER',
        WIDTH: 'INTEGER',
    }


def _type(type_: pa.DataType) -> str:
    if pa.types.is_boolean(type_):
        return 'BOOLEAN'
    if pa.types.is_integer(type_):
        return 'INTEGER'
    return 'FLOAT' if pa.types.is_floating(type_) else 'STRING'

"""What can be known of a recipe's pictures without reading them."""

from dataclasses import dataclass

import pyarrow as pa

from components.image_example_gen.columns import HEIGHT, WIDTH
from components.image_example_gen.listing import SPLIT, Listing
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures
from components.image_example_gen.splits import Splitter


@dataclass(frozen=True)
class Found:
    """Pictures that were listed.

    Attributes:
        columns: Columns they will have beside themselves, with their BigQuery types.
        counts: Pictures by split and class; under '' those that are split by content.
        refused: Pictures that are left out already.
        notes: What else a person should know, in a line each.
    """

    columns: dict[str, str]
    counts: dict[str, dict[str, int]]
    refused: int
    notes: list[str]

    @property
    def classes(self) -> dict[str, int]:
        """Pictures by class, of all splits."""
        classes: dict[str, int] = {}
        for of_split in self.counts.values():
            for name, n in of_split.items():
                classes[name] = classes.get(name, 0) + n
        return dict(sorted(classes.items()))


def look(data: ImageData) -> Found:
    """List the pictures of a recipe, and hold its split against them.

    Raises:
        PicturesError: There are none, or the split names a column or split that is not there.
    """
    return look_at(list_pictures(data), data)


def look_at(listing: Listing, data: ImageData) -> Found:
    """Return what is known of pictures that are listed already; raises as `look`."""
    splitter = Splitter(data.split, listing.table)
    left_out = (SPLIT, data.split.column)
    kept = [field for field in listing.table.schema if field.name not in left_out]
    columns = {field.name: _type(field.type) for field in kept}
    return Found(
        columns=columns | {HEIGHT: 'INTEGER', WIDTH: 'INTEGER'},
        counts=splitter.counts(),
        refused=len(listing.refused),
        notes=[*listing.notes, *splitter.notes],
    )


def _type(type_: pa.DataType) -> str:
    if pa.types.is_boolean(type_):
        return 'BOOLEAN'
    if pa.types.is_integer(type_):
        return 'INTEGER'
    return 'FLOAT' if pa.types.is_floating(type_) else 'STRING'

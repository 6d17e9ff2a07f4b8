"""Rows of a manifest or query as a listing."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from components.image_example_gen import places
from components.image_example_gen.columns import HEIGHT, IMAGE, LABEL, URI, WIDTH
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import Listing, Refusal
from components.query_example_gen.splits import texts


def listing_of_rows(table: pa.Table, folder: str, shown: str) -> Listing:
    """List the pictures that rows name; rows without URI or label are refused.

    Args:
        table: `uri`, `label`, perhaps `split`, and further columns.
        folder: What relative URIs are relative to.
        shown: What the rows are from, for messages.

    Raises:
        PicturesError: A column is missing, of the wrong type, or has a name that is taken.
    """
    _check_columns(table, shown)
    label = table[LABEL].combine_chunks()
    # Other systems' classes may be numbers or truth values; here each has a name.
    named = label if pa.types.is_string(label.type) else texts(label)
    table = table.set_column(table.column_names.index(LABEL), LABEL, named)
    filled = {name: _is_filled(table[name].combine_chunks()) for name in (URI, LABEL)}
    usable = pc.and_(filled[URI], filled[LABEL])
    refused = [
        _refusal(table, row, shown) for row in pc.indices_nonzero(pc.invert(usable)).to_pylist()
    ]
    table = table.filter(usable)
    found = [places.resolve(uri, folder) for uri in table[URI].to_pylist()]
    return Listing(
        table=table,
        read=lambda row: places.read(found[row]),
        stamps=lambda: places.stamps(found),
        refused=refused,
        remote=any(map(places.is_remote, found)),
    )


def _check_columns(table: pa.Table, shown: str) -> None:
    names: Sequence[str] = table.column_names
    for name in (URI, LABEL):
        if name not in names:
            raise PicturesError(
                f'data.images: {shown}: has no column {name}; it has {", ".join(names)}'
            )
    for name in (IMAGE, HEIGHT, WIDTH):
        if name in names:
            raise PicturesError(
                f'data.images: {shown}: the column {name} gets its values from the pictures; '
                'rename it'
            )
    if not pa.types.is_string(table[URI].type):
        raise PicturesError(f'data.images: {shown}: uri is {table[URI].type}; expected strings')
    if pa.types.is_list(table[LABEL].type):
        raise PicturesError(f'data.images: {shown}: label is an array; expected one class')


def _is_filled(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.not_equal(column, ''), False)


def _refusal(table: pa.Table, row: int, shown: str) -> Refusal:
    found = table.slice(row, 1).select([URI, LABEL]).to_pylist()[0]
    if found[URI]:
        return Refusal(found[URI], None, 'has no label')
    return Refusal(f'{shown}, row {row + 1:,}', found[LABEL], 'has no uri')

"""A query whose rows name pictures."""

import re

import pyarrow as pa

from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import Listing
from components.image_example_gen.rows import listing_of_rows
from components.image_example_gen.settings import ImageQuery
from components.query_example_gen.errors import QueryError
from components.query_example_gen.reader import open_query

KEY = re.compile(r'(?<![\w.`])data\.(?=(query|local|project|location|max_bytes_billed|engine)\b)')
"""Keys of a query as ingest of tables names them."""


def list_query(images: ImageQuery) -> Listing:
    """List the pictures that the rows of a query name.

    Raises:
        PicturesError: The query can't be run, or has no columns `uri` and `label`.
    """
    try:
        with open_query(images.data) as query:
            batches = list(query.batches())
    except QueryError as error:
        raise PicturesError(KEY.sub('data.images.', str(error))) from None
    if not batches:
        raise PicturesError('data.images.query: returned no rows; loosen its WHERE')
    return listing_of_rows(pa.Table.from_batches(batches), images.root, shown='the query')

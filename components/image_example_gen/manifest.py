"""A manifest: a CSV or JSON-lines file with a row for each picture."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from components.image_example_gen import places
from components.image_example_gen.columns import LABEL, URI
from components.image_example_gen.errors import PicturesError, UnreadableError
from components.image_example_gen.listing import SPLIT, Listing
from components.image_example_gen.rows import listing_of_rows
from components.query_example_gen.duckdb_text import reading
from components.query_example_gen.errors import QueryError
from components.query_example_gen.local_tables import FORMATS, identifier, open_view
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.quoting import identifier as quoted
from components.query_example_gen.text_types import select

KEPT = ('INT64', 'FLOAT64', 'BOOL', 'STRING')
"""Types that a further column may be of; dates, times and decimals become text."""

_TEXT = ('DATE', 'DATETIME', 'TIME', 'TIMESTAMP', 'NUMERIC', 'BIGNUMERIC')


def is_manifest(name: str) -> bool:
    """Whether a file is a manifest, by its name."""
    return Path(name.removesuffix('.gz')).suffix.lower() in FORMATS


def list_manifest(uri: str) -> Listing:
    """List the pictures of a manifest; their relative URIs are relative to its folder.

    Args:
        uri: The file, here or on Cloud Storage.

    Raises:
        PicturesError: It can't be read, or has no columns `uri` and `label`.
    """
    with _local(uri) as file:
        try:
            table = _read(file)
        except QueryError as error:
            told = str(error).removeprefix('data.local: ').replace(str(file), uri)
            raise PicturesError(f'data.images: {told}') from None
    return listing_of_rows(table, uri.rpartition('/')[0], shown=uri)


@contextlib.contextmanager
def _local(uri: str) -> Iterator[Path]:
    """Have a manifest on this machine."""
    if not places.is_remote(uri):
        yield Path(uri)
        return
    try:
        content = places.read(uri)
    except UnreadableError as error:
        raise PicturesError(f'data.images: {uri} {error}') from None
    with tempfile.TemporaryDirectory(prefix='sluice-manifest-') as folder:
        file = Path(folder) / uri.rpartition('/')[2]
        file.write_bytes(content)
        yield file


def _read(file: Path) -> pa.Table:
    table = LocalTable(path=(str(file),), strip=_is_csv(file))
    with duckdb.connect(config={'autoinstall_known_extensions': False}) as connection:
        connection.execute('SET threads = 1')  # so that rows stay in order
        found = open_view(connection, 'found', table)
        for name in (URI, LABEL):
            if name not in found:
                raise QueryError(
                    f'data.local: {file}: has no column {name}; it has {", ".join(found)}'
                )
        texts = {name: 'STRING' for name in (URI, LABEL, SPLIT) if name in found}
        types = open_view(connection, 'typed', table.model_copy(update={'types': texts}))
        values = {name: _value(file, name, type_) for name, type_ in types.items()}
        with reading(f'data.local: {file}'):
            return connection.sql(select(values, identifier('typed'))).to_arrow_table()


def _is_csv(file: Path) -> bool:
    return FORMATS.get(Path(file.name.removesuffix('.gz')).suffix.lower()) == 'csv'


def _value(file: Path, name: str, type_: str) -> str:
    if type_ in KEPT:
        return quoted(name)
    if type_ in _TEXT:
        return f'CAST({quoted(name)} AS VARCHAR)'
    raise QueryError(
        f'data.local: {file}: column {name} is {type_}; a manifest holds {", ".join(KEPT)} and '
        'dates: leave it out'
    )

"""A digest of local files that changes when any of them does."""

import hashlib
from datetime import date

from components.query_example_gen.local_tables import resolve_files
from components.query_example_gen.settings import Data


def local_fingerprint(data: Data) -> str:
    """Return a digest of path, size and time of change of every local file, and of the query.

    Where there are none, it is of the query and when the tables that it reads last changed.

    Contents are not read: at 10 GB that would take longer than the query does.

    Raises:
        QueryError: A file is missing or empty, or BigQuery can't be asked.
    """
    from components.query_example_gen.reader import query_text

    if not data.local:
        from components.query_example_gen.bigquery import fingerprint

        return fingerprint(query_text(data), data.at(date.today()))

    digest = hashlib.sha256(query_text(data).encode())
    for name, table in sorted(data.local.items()):
        for file in resolve_files(table):
            stat = file.stat()
            digest.update(f'{name}\0{file}\0{stat.st_size}\0{stat.st_mtime_ns}\n'.encode())
    return digest.hexdigest()

"""DuckDB connections that know BigQuery's functions."""

import duckdb
from duckdb.func import PythonUDFType

from components.query_example_gen.sql import macros


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Define BigQuery's functions, save FARM_FINGERPRINT, and its time zone."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(macros())


def add_fingerprint(connection: duckdb.DuckDBPyConnection) -> None:
    """Define FARM_FINGERPRINT; it needs pyarrow, which is slow to import.

    The connection must be closed: left to the end of the process, DuckDB 2.0 complains.
    """
    from components.query_example_gen.splits import farm_fingerprint

    connection.create_function(
        'farm_fingerprint', farm_fingerprint, ['VARCHAR'], 'BIGINT', type=PythonUDFType.ARROW
    )

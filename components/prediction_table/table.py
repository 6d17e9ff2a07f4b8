"""Batches of examples as a Parquet file of plain columns."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def write_table(batches: Iterable[pa.RecordBatch], file: str) -> int:
    """Write examples as a table.

    Args:
        batches: as examples are decoded: each column holds lists, null if absent; text is bytes.
        file: gets the table: a column of single values where no row has more, else of lists.

    Returns:
        Number of rows.
    """
    table = pa.concat_tables(
        [pa.Table.from_batches([b]) for b in batches], promote_options='default'
    )
    columns = {name: _plain(table.column(name).combine_chunks()) for name in table.column_names}
    pq.write_table(pa.table(columns), file)
    return table.num_rows


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_null(column.type):
        return column
    longest = pc.max(pc.list_value_length(column)).as_py() or 0
    if longest > 1:
        return _text(column)
    empty = pc.equal(pc.list_value_length(column), 0)
    given = pc.if_else(pc.fill_null(empty, True), pa.scalar(None, column.type), column)
    filled = pc.drop_null(given).flatten()
    places = pc.if_else(
        given.is_valid(), pc.subtract(pc.cumulative_sum(given.is_valid().cast(pa.int64())), 1), None
    )
    return _text(filled.take(places))


def _text(column: pa.Array) -> pa.Array:
    """Return bytes as text where they are."""
    kind = column.type
    try:
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            return column.cast(pa.large_string())
        if (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and (
            pa.types.is_binary(kind.value_type) or pa.types.is_large_binary(kind.value_type)
        ):
            return column.cast(pa.large_list(pa.large_string()))
    except pa.ArrowInvalid:
        return column
    return column

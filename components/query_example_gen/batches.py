"""Rows in batches of a size that suits what encodes them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536
"""Rows of a batch."""

BYTES = 64 * 2**20
"""Size above which a batch is cut, as long texts may make it."""


def cut(batch: 'pa.RecordBatch') -> 'Iterator[pa.RecordBatch]':
    """Yield the same rows; in parts if the batch is above `BYTES`."""
    step = max(1, len(batch) * BYTES // max(batch.nbytes, BYTES))
    yield from (batch.slice(i, step) for i in range(0, len(batch), step))


def rebatched(batches: 'Iterator[pa.RecordBatch]', rows: int) -> 'Iterator[pa.RecordBatch]':
    """Yield the same rows in batches of `rows`, the last one perhaps shorter."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        while count + len(batch) >= rows:
            taken = rows - count
            yield _joined([*held, batch.slice(0, taken)])
            batch, held, count = batch.slice(taken), [], 0
        if len(batch):
            held.append(batch)
            count += len(batch)
    if held:
        yield _joined(held)


def _joined(batches: 'list[pa.RecordBatch]') -> 'pa.RecordBatch':
    import pyarrow as pa

    if len(batches) == 1:
        return batches[0]
    joined: pa.RecordBatch = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
    return joined

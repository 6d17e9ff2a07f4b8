"""A table with NULLs and a column of every type that a tf.Example can hold."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NAME = 'rehearsal.sales.visits'

QUERY = (
    'SELECT id, big, share, score, name, note, seen, tags, counts, sizes, flags, '
    'CAST(day AS STRING) AS day FROM `rehearsal.sales.visits` WHERE id >= @first'
)


def write_table(file: Path, rows: int) -> None:
    """Write the table; about a seventh of each column but `id` is NULL."""
    rng = np.random.default_rng(7)

    def some(values: list) -> list:
        return [
            None if gone else v for v, gone in zip(values, rng.random(rows) < 1 / 7, strict=True)
        ]

    ids = list(range(rows))
    words = ['', 'north', 'süd', '日本', "it's", 'x' * 200, 'tab\t', '\\n']
    days = np.datetime64('2024-01-01') + rng.integers(0, 400, rows).astype('timedelta64[D]')
    special = [0.0, -0.0, float('inf'), float('-inf'), 1e300, 1e-300, 0.1]
    table = pa.table(
        {
            'id': pa.array(ids, pa.int64()),
            'big': pa.array(some(rng.integers(-(2**63), 2**63 - 1, rows).tolist()), pa.int64()),
            'share': pa.array(some(rng.normal(size=rows).tolist()), pa.float64()),
            'score': pa.array(some([special[i % len(special)] for i in ids]), pa.float64()),
            'name': pa.array(some([words[i % len(words)] for i in ids]), pa.string()),
            'note': pa.array(some([f'{words[i % 3]}-{i}' for i in ids]), pa.string()),
            'seen': pa.array(some([bool(i % 3) for i in ids]), pa.bool_()),
            'tags': pa.array(some([words[: i % 4] for i in ids]), pa.list_(pa.string())),
            'counts': pa.array(some([ids[: i % 3] for i in ids]), pa.list_(pa.int64())),
            'sizes': pa.array(some([[i / 3] * (i % 3) for i in ids]), pa.list_(pa.float64())),
            'flags': pa.array(some([[True, False][: i % 3] for i in ids]), pa.list_(pa.bool_())),
            'day': pa.array(days.astype(object).tolist(), pa.date32()),
        }
    )
    pq.write_table(table, file)

"""Rows by class, where TFDV's statistics don't hold them, as of labels that are numbers."""

from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf


def count_classes(batches: Iterable[pa.RecordBatch], label: str) -> dict[str, int]:
    """Count the classes of a label.

    Args:
        batches: examples; each column a list array, as `example_batches` reads them.
        label: name of the column.

    Returns:
        Rows by class, named as `transforms.tabular` names it: a number by its shortest form.
        NULL, '', NaN and infinities are not classes.
    """
    counts: Counter[int | float | bytes] = Counter()
    for batch in batches:
        # A batch without a single value has the column as nulls, or not at all.
        if label in batch.schema.names and not pa.types.is_null(batch.column(label).type):
            values, rows = pc.value_counts(batch.column(label).flatten()).flatten()
            counts.update(dict(zip(values.to_pylist(), rows.to_pylist(), strict=True)))
    named = {_name(value): rows for value, rows in counts.items()}
    return {name: rows for name, rows in named.items() if name not in ('', 'nan', 'inf', '-inf')}


def _name(value: float | bytes) -> str:
    if isinstance(value, bytes):
        return value.decode(errors='replace')
    if isinstance(value, int):
        return str(value)
    return tf.strings.as_string(tf.constant(value, tf.float32), shortest=True).numpy().decode()

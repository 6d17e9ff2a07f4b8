"""From a batch of rows and what models answered to a table of plain columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.evaluator.confusion import UNKNOWN_CLASS
from components.evaluator.predictions import (
    ANSWERS,
    BASELINE_SUFFIX,
    LABEL,
    OWN_COLUMNS,
    PREDICTED,
    RENAMED,
)
from components.evaluator.settings import EvaluatorConfig

LONG_VALUE = 1024
"""Mean bytes per row above which a column is taken for something else than text."""


@dataclass(frozen=True)
class Batch:
    """Rows and what models answered, each by the suffix of the model's columns.

    Attributes:
        rows: Raw columns, as tf.Examples decode to.
        labels: [rows] values, or class ids.
        answers: [rows], [rows, 1] or [rows, classes].
        classes: Class names; none in a regression.
    """

    rows: pa.RecordBatch
    labels: Mapping[str, NDArray]
    answers: Mapping[str, NDArray]
    classes: Mapping[str, Sequence[str]]


def to_table(batch: Batch, config: EvaluatorConfig) -> tuple[pa.Table, set[str]]:
    """Return the rows as a table, and the names of raw columns that are not in it."""
    columns: dict[str, pa.Array] = {}
    left_out = set()
    raw_label = None
    for name in batch.rows.schema.names:
        column = plain_column(batch.rows.column(name))
        if name == config.label:
            raw_label = column
        if column is None:
            left_out.add(name)
        elif name != LABEL or name != config.label:
            columns[RENAMED.format(name) if name in OWN_COLUMNS else name] = column
    columns[LABEL] = _labels(batch, config, raw_label)
    for suffix in (s for s in ('', BASELINE_SUFFIX) if s in batch.answers):
        columns |= _answers(batch.answers[suffix], config, batch.classes[suffix], suffix)
    return pa.table(columns), left_out


def plain_column(lists: pa.Array) -> pa.Array | None:
    """Return a list column as one of values where no row has several; bytes as text.

    Returns:
        The column, or None if it holds bytes that are no text, or too many of them.
    """
    if pa.types.is_null(lists.type):
        return lists
    values = lists.flatten()
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        if values.nbytes > LONG_VALUE * max(len(lists), 1):
            return None
        try:
            values = values.cast(pa.string())
        except pa.ArrowInvalid:
            return None
    counts = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    if (counts == 1).all():
        return values
    ends = np.cumsum(counts)
    if counts.max(initial=0) > 1:
        offsets = np.concatenate([[0], ends]).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), values)
    return values.take(pa.array(ends - counts, mask=counts == 0))


def _labels(batch: Batch, config: EvaluatorConfig, raw: pa.Array | None) -> pa.Array:
    """Return the labels; as text, from the raw column where the model knows no such class."""
    labels = batch.labels['']
    if config.task == 'regression':
        return pa.array(labels.astype(np.float32))
    known = pa.array(batch.classes[''], pa.string()).take(
        pa.array(labels, mask=labels == UNKNOWN_CLASS)
    )
    return known if raw is None else pc.coalesce(known, raw.cast(pa.string()))


def _answers(
    answers: NDArray, config: EvaluatorConfig, classes: Sequence[str], suffix: str
) -> dict[str, pa.Array]:
    name = ANSWERS[config.task] + suffix
    rows = len(answers)
    if config.task == 'regression':
        return {name: pa.array(answers.reshape(rows).astype(np.float32))}
    if config.task == 'binary':
        own = pa.array(answers.reshape(rows).astype(np.float32))
        ids = (answers.reshape(rows) > 0.5).astype(np.int64)
        unknown = np.isnan(answers.reshape(rows))
    else:
        width = answers.shape[1]
        offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * width)
        own = pa.ListArray.from_arrays(offsets, pa.array(answers.astype(np.float32).reshape(-1)))
        ids = answers.argmax(1)
        unknown = np.isnan(answers).any(1)
    chosen = pa.array(ids, mask=unknown)
    return {name: own, PREDICTED + suffix: pa.array(classes, pa.string()).take(chosen)}

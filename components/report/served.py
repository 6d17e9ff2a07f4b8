"""The exported model, asked as a client would ask it."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from components.evaluator.predictions import OWN_COLUMNS, RENAMED
from components.evaluator.signatures import PREDICTION_OUTPUTS

BATCH = 16_384


class Served:
    """A SavedModel by its `serving_default` signature.

    Attributes:
        inputs: Its inputs, which are raw columns.
    """

    def __init__(self, path: str, task: str) -> None:
        """Load it, into a session: that takes half the time that a function does.

        Args:
            path: Folder of the SavedModel.
            task: Says which output is the answer.
        """
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            tags = [tf.saved_model.SERVING]
            loaded = tf.compat.v1.saved_model.load(self._session, tags, path)
        signature = loaded.signature_def['serving_default']
        self._types = {n: tf.as_dtype(spec.dtype) for n, spec in signature.inputs.items()}
        self._feeds = {name: spec.name for name, spec in signature.inputs.items()}
        self._answer = signature.outputs[PREDICTION_OUTPUTS[task]].name
        self.inputs = tuple(self._types)

    def close(self) -> None:
        """Let go of the model."""
        self._session.close()

    def columns(self, raw: pa.Table) -> dict[str, NDArray] | None:
        """Return the inputs of kept rows, or None if those don't hold them: of pictures, say."""
        found = {}
        for name, dtype in self._types.items():
            kept = RENAMED.format(name) if name in OWN_COLUMNS else name
            column = _as_input(raw.column(kept), dtype) if kept in raw.schema.names else None
            if column is None:
                return None
            found[name] = column
        return found or None

    def __call__(self, columns: Mapping[str, NDArray]) -> NDArray:
        """Return the model's answers, `[rows]` or `[rows, classes]`."""
        rows = len(next(iter(columns.values())))
        answers = [
            self._session.run(
                self._answer,
                {self._feeds[n]: values[start : start + BATCH] for n, values in columns.items()},
            )
            for start in range(0, rows, BATCH)
        ]
        whole = np.concatenate(answers)
        return whole.reshape(-1) if whole.ndim == 2 and whole.shape[1] == 1 else whole


def _as_input(column: pa.ChunkedArray, dtype: tf.DType) -> NDArray | None:
    """Return a column as the signature takes it: '' or NaN is missing."""
    if pa.types.is_nested(column.type):
        return None
    if pa.types.is_null(column.type):
        empty = '' if dtype == tf.string else np.nan
        return np.full(len(column), empty, object if dtype == tf.string else np.float64)
    if dtype == tf.string:
        return pc.fill_null(column.cast(pa.string()), '').to_numpy().astype(object)
    if pa.types.is_string(column.type) or not dtype.is_floating:
        return None
    return column.cast(pa.float64(), safe=False).to_numpy().astype(dtype.as_numpy_dtype)

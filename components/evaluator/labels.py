"""Labels that a model can't be held against."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.evaluator.confusion import UNKNOWN_CLASS
from components.evaluator.errors import EvaluationError
from components.evaluator.settings import EvaluatorConfig

_VALUES_SHOWN = 5


def check_labels(
    config: EvaluatorConfig, split: str, labels: NDArray, batch: pa.RecordBatch
) -> str | None:
    """Check the labels of a batch.

    A label missing, or not a number in a regression, stops the evaluation, and so does a third
    class in a binary one, where a row can't be ranked. A class that a multiclass model was never
    trained on is a mistake that the model makes: such rows count as wrong.

    Args:
        config: The task, and the label's column.
        split: Name of the split, for messages.
        labels: [rows] values, or class ids, as the model's `labels` signature gives them.
        batch: The same rows as they came.

    Returns:
        A warning of classes that the model doesn't know, or None.

    Raises:
        EvaluationError: If the rows can't be evaluated.
    """
    unknown = np.isnan(labels) if config.task == 'regression' else labels == UNKNOWN_CLASS
    if not unknown.any():
        return None
    absent = unknown
    if config.task != 'regression' and config.label in batch.schema.names:
        absent = unknown & (_values_per_row(batch.column(config.label)) == 0)
    read = f'of {batch.num_rows} rows read of split {split}'
    if absent.any():
        raise EvaluationError(
            f'label {config.label} has no value in {np.count_nonzero(absent)} {read}; '
            'leave them out in the query'
        )
    values = batch.column(config.label).filter(pa.array(unknown)).flatten().unique().to_pylist()
    found = ', '.join(_shown(v) for v in values[:_VALUES_SHOWN])
    where = f'label {config.label} is {found} in {np.count_nonzero(unknown)} {read}'
    if config.task == 'binary':
        raise EvaluationError(
            f'{where}, which is neither of the two classes that the model knows; '
            'leave them out in the query, or make the task multiclass'
        )
    return f'{where}, of which the model knows nothing; they count as wrong'


def _values_per_row(lists: pa.Array) -> NDArray:
    if pa.types.is_null(lists.type):
        return np.zeros(len(lists), np.int64)
    return pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)


def _shown(value: bytes | float) -> str:
    return repr(value.decode(errors='backslashreplace') if isinstance(value, bytes) else value)

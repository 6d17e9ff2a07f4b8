"""Rows of the evaluation split as clients send them, with the answers that were evaluated."""

from typing import Any

import pyarrow as pa
import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact

from components.endpoint_pusher.settings import EndpointTerms
from components.endpoint_pusher.smoke import Smoke
from components.evaluator.predictions import ANSWERS, ROW, file_name, read
from components.example_batches import example_files
from components.serving_gate.instances import STRIDE, instance
from components.tfrecords import read_records

SERVED = 'serving_default'
AT_ONCE = 64


def smoke_rows(examples: Artifact, evaluation: str, model: str, terms: EndpointTerms) -> Smoke:
    """Take some rows of the split, and what the Evaluator kept of the model's answers to them.

    Args:
        examples: has the split.
        evaluation: folder of the evaluation, with the kept predictions.
        model: folder of the SavedModel, whose inputs the rows are sent as.
        terms: how many, and of which split.

    Returns:
        The rows; none if none are asked for, or no predictions were kept.
    """
    wanted, output = terms.endpoint.smoke.rows, ANSWERS[terms.task]
    path = f'{evaluation}/{file_name(terms.split)}'
    if not wanted or not fileio.exists(path):
        return Smoke(output, (), (), terms.endpoint.smoke.tolerance)
    with fileio.open(path, 'rb') as file:
        table, _ = read(pa.py_buffer(file.read()), columns=())
    kept = dict(zip(table[ROW].to_pylist(), table[output].to_pylist(), strict=True))
    near = [row for row in kept if row < wanted * STRIDE][:: _step(kept, wanted)]
    chosen = (near or sorted(kept))[:wanted]
    inputs = sorted(tf.saved_model.load(model).signatures[SERVED].structured_input_signature[1])
    records = _records(example_files(examples, terms.split), set(chosen))
    instances: list[Any] = [instance(records[row], inputs) for row in chosen]
    return Smoke(
        output,
        tuple(instances),
        tuple(kept[row] for row in chosen),
        terms.endpoint.smoke.tolerance,
    )


def _step(kept: dict[int, Any], wanted: int) -> int:
    return max(1, sum(row < wanted * STRIDE for row in kept) // wanted)


def _records(files: list[str], rows: set[int]) -> dict[int, bytes]:
    """Return the serialized examples at positions of a split."""
    found: dict[int, bytes] = {}
    position = 0
    for batch in read_records(files, AT_ONCE):
        for record in batch:
            if position in rows:
                found[position] = record
            position += 1
        if len(found) == len(rows):
            break
    return found

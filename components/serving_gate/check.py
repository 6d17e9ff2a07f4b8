"""A model's answers over HTTP, held against those it was evaluated with."""

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from components.serving_gate.compare import Arrays, find_difference
from components.serving_gate.instances import instance
from components.serving_gate.server import Server, ServerError
from components.serving_gate.settings import ServingGateConfig

EVALUATED, SERVED = 'serving_examples', 'serving_default'
REQUEST_ROWS = 20
"""Rows of a request, and of a call of the evaluated signature: pictures take much memory."""


def find_fault(server: Server, path: str, rows: Sequence[bytes], config: ServingGateConfig) -> str:
    """Return what is wrong with how a model is served, in one line; '' if nothing is.

    Args:
        server: with the model, maybe not ready yet: the model is loaded here meanwhile.
        path: directory of the SavedModel.
        rows: serialized tf.Examples.
        config: how exact the answers must be.
    """
    signatures = tf.saved_model.load(path).signatures
    lacking = [name for name in (EVALUATED, SERVED) if name not in signatures]
    if lacking:
        return f'the model has no signature {lacking[0]}'
    parts = [rows[start : start + REQUEST_ROWS] for start in range(0, len(rows), REQUEST_ROWS)]
    expected = [_evaluated(signatures[EVALUATED], part) for part in parts]
    inputs = sorted(signatures[SERVED].structured_input_signature[1])
    try:
        server.wait(config.start_seconds)
    except ServerError as error:
        return str(error)
    for number, (part, wanted) in enumerate(zip(parts, expected, strict=True)):
        first = number * REQUEST_ROWS + 1
        instances = [instance(row, inputs) for row in part]
        try:
            answers = server.predict(instances)
        except ServerError as error:
            return f'rows {first} to {first + len(instances) - 1}: {error}'
        if fault := find_difference(answers, wanted, instances, config.tolerance, first):
            return fault
    return ''


def _evaluated(signature: Callable[..., Mapping[str, tf.Tensor]], rows: Sequence[bytes]) -> Arrays:
    answered = signature(examples=tf.constant(list(rows), tf.string))
    return {name: tensor.numpy() for name, tensor in answered.items()}

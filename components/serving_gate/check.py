"""A model's answers over HTTP, held against those it was evaluated with."""

from collections.abc import Sequence

import tensorflow as tf

from components.serving_gate.compare import find_difference
from components.serving_gate.instances import instance
from components.serving_gate.server import Server, ServerError
from components.serving_gate.settings import ServingGateConfig

EVALUATED, SERVED = 'serving_examples', 'serving_default'
REQUEST_ROWS = 20
"""Rows of a request: several requests, of several rows each."""


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
    parts = [list(rows[i : i + REQUEST_ROWS]) for i in range(0, len(rows), REQUEST_ROWS)]
    # In parts here too: what lies between the layers of a hundred pictures is gigabytes.
    expected = [signatures[EVALUATED](examples=tf.constant(part, tf.string)) for part in parts]
    inputs = sorted(signatures[SERVED].structured_input_signature[1])
    try:
        server.wait(config.start_seconds)
    except ServerError as error:
        return str(error)
    for number, (part, evaluated) in enumerate(zip(parts, expected, strict=True)):
        first = number * REQUEST_ROWS + 1
        instances = [instance(row, inputs) for row in part]
        try:
            answers = server.predict(instances)
        except ServerError as error:
            return f'rows {first} to {first + len(part) - 1}: {error}'
        wanted = {name: tensor.numpy() for name, tensor in evaluated.items()}
        if fault := find_difference(answers, wanted, instances, config.tolerance, first=first):
            return fault
    return ''

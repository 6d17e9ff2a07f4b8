"""EndpointPusher's executor in a process of its own, which stand-ins for TensorFlow's gs:// need.

`python -m tests.components.endpoint_pusher.child TERMS BLESSED ANSWERED MODEL` prints one line of
JSON: the custom properties of the pushed model, or the error.
"""

import json
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import (
    Examples,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    PushedModel,
)

from components.endpoint_pusher.errors import EndpointError
from components.endpoint_pusher.executor import Executor
from components.evaluator.predictions import About
from tests.components.serving_gate.test_executor import TYPES, Ages
from tests.transforms.analysis import serialized

ROOT = 'gs://bucket/run'
ROWS = 60


def artifacts(blessed: bool, answered: float) -> dict[str, Any]:
    """Write what the steps before leave, to gs://; the Evaluator has seen `answered` times age."""
    made: dict[str, Any] = {
        'model': Model(), 'examples': Examples(), 'evaluation': ModelEvaluation(),
        'model_blessing': ModelBlessing(), 'infra_blessing': InfraBlessing(),
    }  # fmt: skip
    for name, artifact in made.items():
        artifact.uri = f'{ROOT}/{name}'
    module = Ages()
    signatures = {
        'serving_default': module.serving_default, 'serving_examples': module.serving_examples,
    }  # fmt: skip
    tf.saved_model.save(module, f'{ROOT}/model/Format-Serving', signatures=signatures)
    made['examples'].split_names = artifact_utils.encode_split_names(['eval'])
    ages = [None if i % 7 == 3 else i for i in range(ROWS)]
    with tf.io.TFRecordWriter(f'{ROOT}/examples/Split-eval/data.gz', 'GZIP') as writer:
        for i, age in enumerate(ages):
            writer.write(serialized({'age': age, 'name': f'né {i}'}, TYPES))
    about = About('regression', 'label', 'eval', ROWS, ROWS)
    table = pa.table(
        {
            'row': pa.array(range(ROWS), pa.int64()),
            'label': pa.array(np.zeros(ROWS, np.float32)),
            'prediction': pa.array([answered * (a or 0) for a in ages], pa.float32()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table.cast(about.put_into(table.schema)), sink)
    with fileio.open(f'{ROOT}/evaluation/predictions/Split-eval.parquet', 'wb') as file:
        file.write(sink.getvalue().to_pybytes())
    made['model_blessing'].set_int_custom_property('blessed', int(blessed))
    for name, verdict in (('model_blessing', 'BLESSED'), ('infra_blessing', 'INFRA_BLESSED')):
        file_name = verdict if blessed or name == 'infra_blessing' else f'NOT_{verdict}'
        with fileio.open(f'{ROOT}/{name}/{file_name}', 'w') as file:
            file.write('')
    made['infra_blessing'].set_int_custom_property('blessed', 1)
    return {name: [artifact] for name, artifact in made.items()}


def main(terms: str, blessed: str, answered: str, model: str) -> dict[str, Any]:
    inputs = artifacts(blessed == 'True', float(answered))
    inputs['model'][0].uri += '/' * int(model)  # as another training would have another folder
    pushed = PushedModel()
    pushed.uri = f'{ROOT}/pushed-{model}'
    try:
        properties = {'config': terms, 'endpoint': 'births'}
        Executor().Do(inputs, {'pushed_model': [pushed]}, properties)
    except EndpointError as error:
        return {'error': str(error)}
    return {
        'pushed': pushed.get_int_custom_property('pushed'),
        'destination': pushed.get_string_custom_property('pushed_destination'),
        'version': pushed.get_string_custom_property('pushed_version'),
        'uri': pushed.uri,
    }


if __name__ == '__main__':
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))

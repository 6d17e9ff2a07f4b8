import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from components.data_gate.check import DataGateError
from components.data_gate.executor import Executor
from tests.components.data_gate.tables import Columns, batch, statistics

Splits = Mapping[str, Mapping[str, Columns]]

SOUND: Splits = {
    'train': {'y': [0, 1, 2, 1], 'x': ['a', 'b', 'b', 'a']},
    'eval': {'y': [0, 1], 'x': ['b', 'a']},
}


def inputs_of(folder: Path, splits: Splits, schema: str | None = None) -> dict[str, list[Artifact]]:
    """Write what the steps before DataGate would have."""
    proto = schema_pb2.Schema()
    if schema is None:
        for columns in splits.values():
            proto = tfdv.update_schema(proto, statistics(**columns), infer_feature_shape=False)
    else:
        text_format.Parse(schema, proto)
    put(folder / 'schema/schema.pbtxt', text_format.MessageToString(proto).encode())
    for name, columns in splits.items():
        stats = statistics(**columns)
        anomalies = tfdv.validate_statistics(stats, proto)
        put(folder / f'statistics/Split-{name}/FeatureStats.pb', stats.SerializeToString())
        put(folder / f'anomalies/Split-{name}/SchemaDiff.pb', anomalies.SerializeToString())
        put(folder / f'examples/Split-{name}/data.gz', b'')
        with tf.io.TFRecordWriter(str(folder / f'examples/Split-{name}/data.gz'), 'GZIP') as out:
            for example in RecordBatchToExamplesEncoder().encode(batch(y=columns['y'])):
                out.write(example)
    types = {
        'examples': Examples,
        'statistics': ExampleStatistics,
        'schema': Schema,
        'anomalies': ExampleAnomalies,
    }
    inputs = {name: [artifact(type_, folder / name)] for name, type_ in types.items()}
    for name in ('examples', 'statistics', 'anomalies'):
        inputs[name][0].split_names = json.dumps(list(splits))
    inputs['statistics'][0].id = 7
    return inputs


def put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def artifact(type_: type[Artifact], at: Path) -> Artifact:
    made = type_()
    made.uri = str(at)
    return made


def gate(
    folder: Path, inputs: dict[str, list[Artifact]], **terms: Any
) -> tuple[Artifact, dict[str, Any]]:
    """Run the executor; return its blessing and its report."""
    blessing = artifact(ExampleAnomalies, folder / 'blessing')
    config = {'task': 'multiclass', 'label': 'y', 'features': ['x'], **terms}
    (folder / 'blessing').mkdir()
    Executor().Do(inputs, {'blessing': [blessing]}, {'config': json.dumps(config)})
    return blessing, json.loads((folder / 'blessing/data_gate.json').read_text())


def test_sound_data_is_blessed(tmp_path: Path) -> None:
    blessing, report = gate(tmp_path, inputs_of(tmp_path, SOUND))
    assert blessing.get_int_custom_property('blessed') == 1
    assert blessing.get_int_custom_property('statistics_id') == 7
    assert report['passed'] is True
    assert report['rows'] == {'train': 4, 'eval': 2}
    assert {c['name'] for c in report['checks']} == {
        'rows',
        'label',
        'classes',
        'feature',
        'schema',
    }
    classes = next(c for c in report['checks'] if c['name'] == 'classes')
    assert classes['seen'] == '3 in 4 of 4 rows: `1` (2), `0` (1), `2` (1)'


def test_all_faults_are_told_at_once_and_reported(tmp_path: Path) -> None:
    bad: Splits = {
        'train': {'y': [0, 1, None, 1], 'x': [None] * 4},
        'eval': {'y': [5, 1], 'x': ['b', 'a']},
        'test': {'y': [], 'x': []},
    }
    with pytest.raises(DataGateError) as caught:
        gate(
            tmp_path,
            inputs_of(tmp_path, bad),
            splits=['train', 'eval', 'test'],
            bounds={'skew': {'x': 0.1}},
        )
    lines = str(caught.value).splitlines()
    assert [line.split(': ')[0] for line in lines] == [
        'split `test`',
        'column `y`, split `train`',
        'column `y`, split `eval`',
        'column `x`, split `train`',
        'column `x`, split `eval`',
    ]
    report = json.loads((tmp_path / 'blessing/data_gate.json').read_text())
    assert report['passed'] is False
    assert sum(not c['passed'] for c in report['checks']) == 5


def test_a_fault_is_told_once(tmp_path: Path) -> None:
    schema = (
        'feature {name: "y" type: FLOAT presence {min_fraction: 1}} feature {name: "x" type: BYTES}'
    )
    splits: Splits = {
        'train': {'y': [1.0, None, 3.0], 'x': ['a', 'b', 'b']},
        'eval': {'y': [1.0, 2.0], 'x': ['a', 'b']},
    }
    inputs = inputs_of(tmp_path, splits, schema)
    with pytest.raises(DataGateError, match='none in 1 of 3 rows') as caught:
        gate(tmp_path, inputs, task='regression')
    assert len(caught.value.faults) == 1


def test_curated_schema_stops_the_run(tmp_path: Path) -> None:
    schema = (
        'feature {name: "y" type: INT} feature {name: "x" type: BYTES string_domain {value: "a"}}'
    )
    inputs = inputs_of(tmp_path, SOUND, schema)
    with pytest.raises(DataGateError) as caught:
        gate(tmp_path, inputs)
    assert [(f.split, f.rows) for f in caught.value.faults] == [('train', 2), ('eval', 1)]


def test_drift_from_the_data_that_passed_last(tmp_path: Path) -> None:
    before: Splits = {**SOUND, 'train': {'y': [0, 1, 2, 1], 'x': ['a', 'b', 'c', 'd']}}
    inputs = inputs_of(tmp_path, SOUND)
    inputs['previous_statistics'] = inputs_of(tmp_path / 'before', before)['statistics']
    bounds = {'drift': {'x': 0.2}, 'skew': {'x': 0.2}}
    with pytest.raises(DataGateError, match=r'raise data_gate\.drift\.x') as caught:
        gate(tmp_path, inputs, bounds=bounds)
    assert len(caught.value.faults) == 1
    report = json.loads((tmp_path / 'blessing/data_gate.json').read_text())
    assert report['compared_with'] == str(tmp_path / 'before/statistics')
    distances = {c['name']: c['measured'] for c in report['checks'] if c['bound']}
    assert distances == pytest.approx({'drift': 0.25, 'skew': 0.0})


def test_no_earlier_data_no_drift(tmp_path: Path) -> None:
    inputs = inputs_of(tmp_path, SOUND)
    inputs['previous_statistics'] = []
    _, report = gate(tmp_path, inputs, bounds={'drift': {'x': 0.2}})
    assert report['compared_with'] is None
    assert 'drift' not in {c['name'] for c in report['checks']}

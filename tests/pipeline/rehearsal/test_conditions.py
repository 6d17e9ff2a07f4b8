import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from pipeline.rehearsal.conditions import holds
from pipeline.rehearsal.errors import RehearsalError

INPUTS = json_format.ParseDict(
    {
        'artifacts': {
            'verdict': {
                'artifacts': [
                    {'uri': 'gs://b/v', 'metadata': {'blessed': 1, 'why': 'good', 'score': 0.5}}
                ]
            },
            'none': {},
        },
        'parameterValues': {'rows': 7, 'name': 'x'},
    },
    spec_pb2.ExecutorInput.Inputs(),
)
BLESSED = "inputs.artifacts['verdict'].artifacts[0].metadata['blessed']"


@pytest.mark.parametrize(
    ('condition', 'expected'),
    [
        (f'({BLESSED} == 1.0)', True),
        (f'!({BLESSED} == 1.0)', False),
        (f'({BLESSED} < 0.5 || {BLESSED} > 0.5)', True),
        (
            f"({BLESSED} == 1.0) && (inputs.artifacts['verdict'].artifacts[0].uri == 'gs://c')",
            False,
        ),
        ("inputs.artifacts['verdict'].artifacts[0].metadata['why'] == 'good'", True),
        ("inputs.artifacts['verdict'].artifacts[0].metadata['score'] > 0.4", True),
        ("inputs.parameter_values['rows'] > 6.0", True),
        ("int(inputs.parameter_values['rows']) > 7", False),
        ("inputs.parameter_values['name'] in ['x', 'y']", True),
    ],
)
def test_conditions_are_cel(condition: str, expected: bool) -> None:
    assert holds(condition, INPUTS) is expected


@pytest.mark.parametrize(
    ('condition', 'told'),
    [
        (
            "inputs.artifacts['other'].artifacts[0].uri == ''",
            'inputs of the task: name, none, rows',
        ),
        ("inputs.artifacts['none'].artifacts[0].uri == ''", 'inputs of the task'),
        (
            f'{BLESSED} == 1',
            'a number that is not a double',
        ),  # Vertex has no such comparison either
        (f'{BLESSED} ==', 'is no CEL'),
        (BLESSED, 'is not true or false'),
    ],
)
def test_what_vertex_could_not_evaluate_is_an_error(condition: str, told: str) -> None:
    with pytest.raises(RehearsalError, match=told):
        holds(condition, INPUTS)

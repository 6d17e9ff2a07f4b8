"""TensorFlow Serving's REST API, as its documentation has it."""

import base64
import json
import math

import pytest
from starlette.testclient import TestClient

from tests.serving.conftest import Predict


def test_rows(predict: Predict) -> None:
    answer = predict(
        instances=[{'age': 1, 'size': 0.5, 'colour': 'red'}, {'age': 2, 'size': 1, 'colour': ''}]
    )
    assert answer.status_code == 200
    assert answer.headers['x-model-version'] == '7'
    assert answer.json() == {
        'predictions': [
            {'prediction': [101.5], 'label': ['red']},
            {'prediction': [103.0], 'label': ['none']},
        ]
    }


def test_columns(predict: Predict) -> None:
    answer = predict(inputs={'age': [1, 2], 'size': [0.5, 1], 'colour': ['red', 'blue']})
    assert answer.json() == {
        'outputs': {'prediction': [[101.5], [103.0]], 'label': [['red'], ['blue']]}
    }


@pytest.mark.parametrize(
    'row', [{}, {'age': None}, {'age': None, 'size': None, 'colour': None}, {'colour': ''}]
)
def test_null_and_absent_are_missing(predict: Predict, row: dict[str, None]) -> None:
    expected = {'prediction': [100.0], 'label': ['none']}
    assert predict(instances=[row]).json() == {'predictions': [expected]}


def test_missing_values_in_columns(predict: Predict) -> None:
    for columns in ({'age': [1, None]}, {'age': [1, None], 'size': None}):
        outputs = predict(inputs=columns).json()['outputs']
        assert outputs == {'prediction': [[101.0], [100.0]], 'label': [['none'], ['none']]}


def test_nan_is_missing_though_json_has_no_word_for_it(client: TestClient) -> None:
    body = '{"instances": [{"age": NaN}, {"age": 2}]}'
    rows = client.post('/v1/models/table:predict', content=body).json()['predictions']
    assert [row['prediction'] for row in rows] == [[100.0], [102.0]]


@pytest.mark.parametrize('instances', [[1.0, math.e], [{'x': 1.0}, {'x': math.e}]])
def test_the_only_input_may_go_without_its_name(predict: Predict, instances: list) -> None:
    answer = predict(signature_name='one', instances=instances)
    assert answer.json() == {'predictions': [[0.0], [pytest.approx(1.0)]]}


@pytest.mark.parametrize('inputs', [[1.0, math.e], {'x': [1.0, math.e]}])
def test_the_only_output_goes_without_its_name(predict: Predict, inputs: object) -> None:
    answer = predict(signature_name='one', inputs=inputs)
    assert answer.json() == {'outputs': [[0.0], [pytest.approx(1.0)]]}


def test_other_types_and_shapes(predict: Predict) -> None:
    for signature, instances, predictions in (
        ('vectors', [[1, 2], [3, 4.5]], [3.0, 7.5]),
        ('integers', [1, 2.0, -3], [2, 4, -6]),
        ('flags', [True, False], [False, True]),
    ):
        answer = predict(signature_name=signature, instances=instances)
        assert answer.json() == {'predictions': predictions}
    assert predict(signature_name='scalar', inputs=1).json() == {'outputs': 2.0}
    assert predict(signature_name='constants', inputs=[1]).json() == {'outputs': [1.0, 2.0, 3.0]}


def test_bytes(predict: Predict) -> None:
    raw = b'\xff\x00'
    given = {'b64': base64.b64encode(raw).decode()}
    rows = predict(signature_name='echo', instances=[given, 'über', {'text': given}]).json()
    assert rows == {'error': "instances[0]: is an object; an object with inputs by name is "
                             'expected: text'}  # fmt: skip
    rows = predict(signature_name='echo', instances=[given, 'über']).json()['predictions']
    assert rows[0] == {'text': given, 'text_bytes': given}  # not text: sent as bytes all the same
    assert rows[1]['text'] == 'über'
    assert base64.b64decode(rows[1]['text_bytes']['b64']) == 'über'.encode()
    nested = predict(signature_name='echo', inputs=[given, given]).json()['outputs']
    assert nested['text_bytes'] == [given, given]


def test_numbers_that_json_lacks_become_null(predict: Predict) -> None:
    answer = predict(signature_name='one', instances=[-1.0, 0.0, 1.0])
    assert answer.json() == {'predictions': [[None], [None], [0.0]]}


def test_booleans_are_numbers(predict: Predict) -> None:
    (row,) = predict(instances=[{'age': True}]).json()['predictions']
    assert row['prediction'] == [101.0]


@pytest.mark.parametrize('at', ['', '/versions/7', '/labels/stable'])
def test_versions_and_labels(client: TestClient, at: str) -> None:
    status = {
        'version': '7',
        'state': 'AVAILABLE',
        'status': {'error_code': 'OK', 'error_message': ''},
    }
    assert client.get(f'/v1/models/table{at}').json() == {'model_version_status': [status]}
    answer = client.post(f'/v1/models/table{at}:predict', json={'instances': [{'age': 1}]})
    assert answer.json()['predictions'][0]['prediction'] == [101.0]
    found = client.get(f'/v1/models/table{at}/metadata').json()
    assert found['model_spec'] == {'name': 'table', 'signature_name': '', 'version': '7'}
    signature = found['metadata']['signature_def']['signature_def']['serving_default']
    assert signature['method_name'] == 'tensorflow/serving/predict'
    assert signature['inputs']['age']['dtype'] == 'DT_DOUBLE'
    assert signature['inputs']['age']['tensor_shape'] == {
        'dim': [{'size': '-1', 'name': ''}], 'unknown_rank': False,
    }  # fmt: skip


def test_all_models(client: TestClient) -> None:
    assert client.get('/v1/models').json() == {
        'models': [
            {'name': 'table', 'version': '7', 'labels': {}},
            {'name': 'pictures', 'version': '3', 'labels': {}},
        ]
    }


@pytest.mark.parametrize(
    ('path', 'says'),
    [
        ('/v1/models/nobody', "no model is called 'nobody'; models: table, pictures"),
        ('/v1/models/table/versions/8', 'model table has no version 8'),
        (
            '/v1/models/table/versions/8/metadata',
            'version 8 of model table is not loaded; loaded: 7',
        ),
        ('/v1/models/table/labels/canary', "model table has no label 'canary'; labels: stable"),
        ('/v1/nothing', 'Not Found'),
    ],
)
def test_what_is_not_there(client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {'error': says}


@pytest.mark.parametrize('version', ['x', '-1', '99999999999999999999', '٣'])
def test_versions_that_are_no_numbers(client: TestClient, version: str) -> None:
    answer = client.get(f'/v1/models/table/versions/{version}')
    assert answer.status_code == 400
    assert answer.json() == {'error': f"version '{version}' is not a number"}


def test_the_default_signature_may_be_named_or_empty(predict: Predict) -> None:
    for name in ('serving_default', '', None):
        assert predict(signature_name=name, instances=[{}]).status_code == 200


def test_openapi_tells_how_to_predict(client: TestClient) -> None:
    paths = client.get('/openapi.json').json()['paths']
    described = paths['/v1/models/{name}:predict']['post']
    body = described['requestBody']['content']['application/json']
    assert {option['required'][0] for option in body['schema']['oneOf']} == {'instances', 'inputs'}
    assert '400' in described['responses']
    assert [p['name'] for p in described['parameters']] == ['name']


def test_metrics(client: TestClient, predict: Predict) -> None:
    predict(instances=[{}])
    predict(instances=[{'age': 'x'}])
    text = client.get('/metrics').text
    for line in (
        'sluice_model_version{model="table"} 7.0',
        'sluice_requests_total{model="table",status="200"}',
        'sluice_requests_total{model="table",status="400"}',
        'sluice_model_loads_total{model="table",outcome="loaded"} 1.0',
        'sluice_open_requests 0.0',
        'sluice_batch_rows_count{model="table"}',
    ):
        assert line in text


def test_answers_are_json_that_parses_strictly(predict: Predict) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(predict(signature_name='one', instances=[-1.0]).text, parse_constant=refuse)

"""What is wrong with a request: where, the value, what is allowed; never a 5xx."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.serving.conftest import Predict

ROW = {'age': 1, 'size': 2, 'colour': 'red'}
NAMES = 'age, colour, size'


@pytest.mark.parametrize(
    ('payload', 'says'),
    [
        ({}, 'has no instances or inputs'),
        ({'instances': [ROW], 'inputs': {}}, 'has both instances and inputs; send one of them'),
        ({'instances': []}, 'instances: is an empty list; a list of one or more is expected'),
        ({'instances': ROW}, 'instances: is an object; a list of one or more is expected'),
        ({'instances': None}, 'instances: is null; a list of one or more is expected'),
        ({'instance': [ROW]}, "'instance' is not known; did you mean 'instances'? allowed: "
                              'signature_name, instances, inputs'),
        ({'instances': [ROW, {'agee': 1}]}, "instances[1].agee: is not an input; did you mean "
                                            "'age'? inputs: "),
        ({'instances': [ROW, 5]}, 'instances[1]: is 5; an object with inputs by name is expected'),
        ({'instances': [ROW, {'age': '34'}]}, "instances[1].age: is '34'; a number or null"),
        ({'instances': [{'age': [1]}]}, 'instances[0].age: is a list of 1; a number or null'),
        ({'instances': [{'age': {}}]}, 'instances[0].age: is an empty object; a number or null'),
        ({'instances': [{'size': 1e39}]}, 'instances[0].size: is 1e+39; null or a number within '
                                          '±3.4e+38 is expected'),
        ({'instances': [{'colour': 3}]}, 'instances[0].colour: is 3; a string, {"b64": …} or null'),
        ({'instances': [{'colour': {'b64': 'x'}}]}, 'instances[0].colour: its b64 is not base64: '),
        ({'instances': [{'colour': {'b64': 'ü'}}]}, 'instances[0].colour: its b64 is not base64: '),
        ({'instances': [{'colour': {'b64': 1}}]}, 'instances[0].colour: is an object; of objects '),
        ({'instances': [{'age': {'b64': 'eA=='}}]}, 'instances[0].age: is an object; a number'),
        ({'instances': [{'colour': 'r' * 99, 'age': 'x' * 99}]},
         f"instances[0].age: is '{'x' * 59}…'; a number"),
        ({'inputs': [1, 2]}, 'inputs: is a list of 2; an object with values by name is expected'),
        ({'inputs': {'age': [1, 2], 'size': [1]}}, 'inputs: age has 2 values and size has 1; '),
        ({'inputs': {'age': 1}}, 'inputs.age: is 1; a list of numbers is expected'),
        ({'inputs': {'age': [1, 'x']}}, "inputs.age[1]: is 'x'; a number or null is expected"),
        ({'inputs': {'age': []}}, 'inputs.age: is empty; one or more values are expected'),
        ({'inputs': {'agee': [1]}}, 'inputs.agee: is not an input'),
        ({'inputs': {}}, 'inputs.'),
        ({'signature_name': 'x', 'instances': [ROW]}, "signature_name: 'x' is not a signature of "
                                                      'model table; signatures: '),
        ({'signature_name': 3, 'instances': [ROW]}, 'signature_name: 3 is not a signature'),
        ({'signature_name': ['one'], 'instances': [1]}, 'signature_name: a list of 1 is not a'),
        ({'signature_name': 'vectors', 'instances': [[1, 2], [1]]},
         'instances[1]: is a list of 1; a list of 2 numbers is expected'),
        ({'signature_name': 'vectors', 'instances': [[1, 2], [1, 'x']]},
         "instances[1][1]: is 'x'; a number or null is expected"),
        ({'signature_name': 'vectors', 'inputs': []}, 'inputs.x: is empty; one or more'),
        ({'signature_name': 'integers', 'instances': [1, None]},
         'instances[1]: is null; a whole number from -2147483648 to 2147483647 is expected'),
        ({'signature_name': 'integers', 'instances': [2**40]}, f'instances[0]: is {2**40}; a'),
        ({'signature_name': 'integers', 'instances': [1.5]}, 'instances[0]: is 1.5; a whole'),
        ({'signature_name': 'flags', 'instances': [1]}, 'instances[0]: is 1; true or false'),
        ({'signature_name': 'scalar', 'instances': [1]}, "instances: signature 'scalar' does not"),
        ({'signature_name': 'scalar', 'inputs': [1]}, 'inputs: is a list of 1; a number or null'),
        ({'signature_name': 'constants', 'instances': [1]}, 'instances: output y is not by row'),
        ({'signature_name': 'picky', 'instances': [1, 2, -3, 4, -5]},
         'instances[2]: the model refuses it: '),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(predict: Predict, payload: dict[str, Any], says: str) -> None:
    answer = predict(**payload)
    assert answer.status_code == 400
    error = answer.json()['error']
    assert error.startswith(says)
    assert '\n' not in error


@pytest.mark.parametrize(
    ('body', 'says'),
    [
        (b'', 'the body is not JSON: '),
        (b'{"instances": [1,]}', 'the body is not JSON: '),
        (b'[1]', 'the body is a list of 1; a JSON object is expected'),
        (b'null', 'the body is null; a JSON object is expected'),
        (b'{"instances": [1e999]}', 'the body is not JSON: '),
        (b'\xff\xfe', 'the body is not JSON: '),
        (b'{"instances": ' + b'[' * 5000 + b']' * 5000 + b'}', 'the body is not JSON: '),
        (b'{"a": NaN, "instances": ' + b'[' * 50000 + b']' * 50000 + b'}', 'the body is not JSON'),
        (b'{"instances": ' + b'[' * 500 + b']' * 500 + b'}', 'instances[0]: is a list of 1; an'),
        (b'{"instances": [{"age": Infinity}]}', 'instances[0].age: is inf; null or a number'),
        (b'{"a": NaN, "instances": [' + b'9' * 5000 + b']}', 'the body is not JSON: '),
        (b'{"instances": [{"age": ' + b'9' * 400 + b'}]}', 'the body is not JSON: '),
        (b'{"instances": [{"age": ' + b'9' * 400 + b'}, {"age": NaN}]}', 'instances[0].age: is 9'),
        (b'{"x": NaN, "instances": [{"colour": "\\ud800"}]}', "'x' is not known"),
        (b'{"instances": [{"age": NaN, "colour": "\\ud800"}]}', 'instances[0].colour: is not text'),
    ],
)
def test_bodies_that_are_no_requests(client: TestClient, body: bytes, says: str) -> None:
    answer = client.post('/v1/models/table:predict', content=body)
    assert answer.status_code == 400
    assert answer.json()['error'].startswith(says)


def test_a_refusal_does_not_touch_the_requests_beside_it(client: TestClient) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def post(x: int) -> int:
        payload = {'signature_name': 'picky', 'instances': [x]}
        return client.post('/v1/models/table:predict', json=payload).status_code

    numbers = [-1 if i % 5 == 0 else i for i in range(60)]
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(post, numbers))
    assert statuses == [400 if x < 0 else 200 for x in numbers]


def test_the_model_s_own_words_carry_no_trace_of_the_graph(predict: Predict) -> None:
    error = predict(signature_name='picky', instances=[-1]).json()['error']
    assert 'x is below zero' in error
    assert 'node' not in error


@pytest.mark.parametrize('method', ['get', 'put', 'delete', 'patch'])
def test_other_methods(client: TestClient, method: str) -> None:
    answer = client.request(method, '/v1/models/table:predict')
    assert 400 <= answer.status_code < 500
    assert set(answer.json()) == {'error'}


@pytest.mark.parametrize(
    'path',
    [
        '/v1/models/..%2f..%2fetc%2fpasswd',
        '/v1/models/%2e%2e/%2e%2e',
        '/v1/models/table/versions/..%2f7',
        '/v1/models/table%00',
        '/v1/models//etc:predict',
    ],
)
def test_paths_do_not_reach_the_file_system(client: TestClient, path: str) -> None:
    for answer in (client.get(path), client.post(path + ':predict', json={'instances': [ROW]})):
        assert 400 <= answer.status_code < 500


def test_a_row_in_error_is_found_among_many(predict: Predict) -> None:
    rows: list[dict[str, Any]] = [{'age': i} for i in range(3000)]
    rows[2345] = {'age': 'x'}
    assert predict(instances=rows).json()['error'].startswith("instances[2345].age: is 'x'; ")
    assert len(json.loads(predict(instances=rows[:2000]).text)['predictions']) == 2000

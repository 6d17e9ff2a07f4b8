import numpy as np
import pytest

from components.serving_gate.compare import find_difference

ROWS = [{'age': 3, 'name': None}, {'age': None, 'name': 'x'}]
CLASSES = {
    'label': np.array([[b'a'], [b'b']], object),
    'probabilities': np.array([[0.75, 0.25], [0.125, 0.875]], np.float32),
}


def test_the_same_answers_pass():
    answers = [
        {'label': ['a'], 'probabilities': [0.75, 0.25]},
        {'label': ['b'], 'probabilities': [0.125, 0.875]},
    ]
    assert find_difference(answers, CLASSES, ROWS, 1e-5) is None


def test_an_only_output_comes_without_its_name():
    expected = {'prediction': np.array([[1.0], [2.0]], np.float32)}
    assert find_difference([[1.0], [2.0]], expected, ROWS, 1e-5) is None
    assert find_difference([[1.0], [2.000001]], expected, ROWS, 1e-5) is None


def test_the_row_that_differs_is_named_with_both_values():
    expected = {'prediction': np.array([[1.0], [2.0]], np.float32)}
    assert find_difference([[1.0], [2.1]], expected, ROWS, 1e-5) == (
        'row 2 (age=None, name=x): prediction is 2.1 over HTTP and 2 as evaluated'
    )


@pytest.mark.parametrize(
    ('answer', 'told'),
    [
        ({'label': ['b'], 'probabilities': [0.75, 0.25]}, 'label is b over HTTP and a as'),
        ({'label': ['a'], 'probabilities': [0.75]}, 'probabilities is 0.75 over HTTP and [0.75, '),
        ({'label': ['a'], 'probabilities': [0.75, None]}, 'over HTTP and [0.75, 0.25]'),
        ({'label': ['a']}, 'the server leaves out probabilities'),
    ],
)
def test_other_differences(answer, told):
    answers = [answer, {'label': ['b'], 'probabilities': [0.125, 0.875]}]
    assert told in find_difference(answers, CLASSES, ROWS, 1e-5)


def test_a_row_without_an_answer():
    assert find_difference([], CLASSES, ROWS, 1e-5) == '0 answers came for 2 rows'

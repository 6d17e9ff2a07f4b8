import numpy as np
import pytest

from components.report.numbers.importance import importance


@pytest.fixture
def columns():
    rng = np.random.default_rng(1)
    return {name: rng.normal(size=3000) for name in ('strong', 'weak', 'unused')}


def _linear(columns):
    return (2 * columns['strong'] + 0.5 * columns['weak']).astype(np.float32)


def test_a_linear_model_of_independent_columns(columns) -> None:
    labels = _linear(columns)
    found = importance('regression', labels, columns, _linear, 3000, 60)
    assert (found['metric'], found['value'], found['rows']) == ('rmse', 0, 3000)
    assert [c['name'] for c in found['columns']] == ['strong', 'weak', 'unused']
    worse = {c['name']: c['worse'] for c in found['columns']}
    # A shuffled column differs from itself by a variance of two.
    assert worse['strong'] == pytest.approx(2 * np.sqrt(2), rel=0.05)
    assert worse['weak'] == pytest.approx(0.5 * np.sqrt(2), rel=0.05)
    assert worse['unused'] == 0
    assert found['left_out'] == []


def test_of_a_metric_that_is_better_higher_worse_is_lower(columns) -> None:
    labels = (columns['strong'] > 0).astype(np.int64)

    def predict(columns):
        return (1 / (1 + np.exp(-columns['strong']))).astype(np.float32)

    found = importance('binary', labels, columns, predict, 2000, 60)
    assert (found['metric'], found['value']) == ('auc', 1)
    worse = {c['name']: c['worse'] for c in found['columns']}
    assert worse['strong'] == pytest.approx(0.5, abs=0.05)
    assert worse['weak'] == 0


def test_the_same_rows_give_the_same_numbers(columns) -> None:
    once, again = (
        importance('regression', _linear(columns), columns, _linear, 500, 60) for _ in range(2)
    )
    assert once == again
    assert once['rows'] == 500


def test_it_stops_when_its_time_is_up(columns) -> None:
    found = importance('regression', _linear(columns), columns, _linear, 500, 0)
    assert found['columns'] == []
    assert found['left_out'] == list(columns)

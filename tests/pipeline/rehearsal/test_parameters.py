import pytest

from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.parameters import parameter_values
from tests.pipeline.rehearsal.jobs import job

PARAMETERS = {
    'epochs': {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 3},
    'rate': {'parameterType': 'NUMBER_DOUBLE', 'defaultValue': 0.1},
    'since': {'parameterType': 'STRING'},
    'push': {'parameterType': 'BOOLEAN', 'isOptional': True},
    'dates': {'parameterType': 'LIST', 'defaultValue': []},
}


def test_defaults_the_jobs_values_and_those_given_come_over_each_other() -> None:
    of = job({}, {}, {}, PARAMETERS, {'since': '2020-01-01', 'rate': 0.2})
    assert parameter_values(of, []) == {
        'epochs': 3.0, 'rate': 0.2, 'since': '2020-01-01', 'dates': [],
    }  # fmt: skip
    given = ['epochs=9', 'since=a=b', 'push=true', 'dates=["x"]', 'rate=1e-3']
    assert parameter_values(of, given) == {
        'epochs': 9, 'rate': 0.001, 'since': 'a=b', 'push': True, 'dates': ['x'],
    }  # fmt: skip


@pytest.mark.parametrize(
    ('given', 'told'),
    [
        (['since=x', 'epoch=3'], "--param epoch=3: is no parameter; did you mean 'epochs'"),
        (['since=x', 'epochs=3.5'], "--param epochs=3.5: must be a whole number, not '3.5'"),
        (['since=x', 'push=maybe'], 'must be true or false'),
        (['since=x', 'dates={}'], 'must be a list, as JSON'),
        (['since'], '--param since: write NAME=VALUE'),
        ([], 'pipeline parameter since has no default and no value; give it one'),
    ],
)
def test_wrong_ones_are_named(given: list[str], told: str) -> None:
    with pytest.raises(RehearsalError) as error:
        parameter_values(job({}, {}, {}, PARAMETERS), given)
    assert told in str(error.value)
    assert '\n' not in str(error.value)


def test_a_job_that_sets_one_that_is_not_there_is_wrong() -> None:
    with pytest.raises(RehearsalError, match=r'runtimeConfig\.parameterValues\.x: is no parameter'):
        parameter_values(job({}, {}, {}, PARAMETERS, {'x': 1}), [])

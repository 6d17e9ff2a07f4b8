"""Each test shows a fault in what TFX compiles, so that it fails once TFX needs no repair."""

from copy import deepcopy
from typing import Any

import pytest

from pipeline import repairs


@pytest.fixture(scope='module')
def job() -> dict[str, Any]:
    from tests.pipeline.tiny_pipeline import compiled

    return compiled()


def tasks(job: dict[str, Any]) -> dict[str, Any]:
    of_root: dict[str, Any] = job['pipelineSpec']['root']['dag']['tasks']
    return of_root


def test_conditions_name_an_input_of_their_task(job: dict[str, Any]) -> None:
    wrong = tasks(job)['Push']
    assert list(wrong['inputs']['artifacts']) == ['blessing']
    assert "artifacts['_Judge.verdict']" in wrong['triggerPolicy']['condition']

    right = tasks(repairs.name_trigger_inputs(job))
    assert right['Push']['triggerPolicy']['condition'] == (
        "(inputs.artifacts['blessing'].artifacts[0].metadata['blessed'] == 1.0)"
    )
    assert right['Tell'] == tasks(job)['Tell'], 'an artifact taken for the condition alone is right'


def test_a_condition_on_no_input_is_an_error(job: dict[str, Any]) -> None:
    broken = deepcopy(job)
    tasks(broken)['Push']['inputs']['artifacts'] = {}
    with pytest.raises(ValueError, match=r'Push: its condition is on _Judge\.verdict'):
        repairs.name_trigger_inputs(broken)


def test_parameters_name_the_task_they_come_from(job: dict[str, Any]) -> None:
    def source(of: dict[str, Any]) -> str:
        parameters = tasks(of)['Push']['inputs']['parameters']
        producer: str = parameters['reason']['taskOutputParameter']['producerTask']
        return producer

    assert source(job) == 'Judge_task'
    assert 'Judge_task' not in tasks(job)
    assert source(repairs.name_producers(job)) == 'Judge'


def test_runtime_parameters_keep_their_defaults(job: dict[str, Any]) -> None:
    def parameters(of: dict[str, Any]) -> dict[str, Any]:
        declared: dict[str, Any] = of['pipelineSpec']['root']['inputDefinitions']['parameters']
        return declared

    assert parameters(job) == {'rows': {'parameterType': 'NUMBER_INTEGER'}}
    assert parameters(repairs.restore_defaults(job, {'rows': 7})) == {
        'rows': {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 7}
    }


def test_pages_have_the_type_that_the_console_shows(job: dict[str, Any]) -> None:
    with_page = deepcopy(job)
    spec = with_page['pipelineSpec']
    judge = spec['components']['Judge']
    described = 'title: system.HTML\ntype: object\n'
    judge['outputDefinitions']['artifacts']['page'] = {
        'artifactType': {'instanceSchema': described}
    }
    right = repairs.show_pages(with_page)['pipelineSpec']
    page = right['components']['Judge']['outputDefinitions']['artifacts']['page']
    assert page['artifactType'] == {'schemaTitle': 'system.HTML', 'schemaVersion': '0.0.1'}
    executors = right['deploymentSpec']['executors']
    command = executors[judge['executorLabel']]['container']['command']
    assert command == ['python', '-m', 'components.report.container']
    other = right['components']['Push']['executorLabel']
    assert executors[other] == spec['deploymentSpec']['executors'][other]
    assert repairs.show_pages(job) == job


def test_a_driver_looks_at_data_before_the_cache_is_asked(job: dict[str, Any]) -> None:
    reading = deepcopy(job)
    of_root = tasks(reading)
    of_root['QueryExampleGen'] = of_root.pop('Judge')
    right = repairs.notice_new_data(reading)['pipelineSpec']
    executors = right['deploymentSpec']['executors']
    judge = right['components']['Judge']['executorLabel']
    assert executors[judge]['container']['lifecycle'] == {
        'preCacheCheck': {
            'command': ['python', '-m', 'components.data_driver'],
            'args': ['query', '{{$}}'],
        }
    }
    assert 'lifecycle' not in executors[right['components']['Push']['executorLabel']]['container']
    assert repairs.notice_new_data(job) == job


def test_tasks_of_nested_dags_are_repaired(job: dict[str, Any]) -> None:
    """As with an exit handler, below which the whole DAG is one component."""
    nested = deepcopy(job)
    spec = nested['pipelineSpec']
    spec['components']['all'] = {'dag': spec['root'].pop('dag')}
    spec['root']['dag'] = {'tasks': {'all': {'componentRef': {'name': 'all'}}}}

    repaired = repairs.repair(nested, {'rows': 7})
    expected = tasks(repairs.repair(job, {'rows': 7}))
    assert repaired['pipelineSpec']['components']['all']['dag']['tasks'] == expected


def test_a_nested_dag_is_given_the_parameters_that_its_tasks_take(job: dict[str, Any]) -> None:
    nested = deepcopy(job)
    spec = nested['pipelineSpec']
    spec['components']['all'] = {'dag': spec['root'].pop('dag')}
    spec['root']['dag'] = {'tasks': {'all': {'componentRef': {'name': 'all'}}}}

    right = repairs.pass_parameters(nested)['pipelineSpec']
    asked = {'rows': {'parameterType': 'NUMBER_INTEGER'}}
    assert right['components']['all']['inputDefinitions']['parameters'] == asked
    given = right['root']['dag']['tasks']['all']['inputs']['parameters']
    assert given == {'rows': {'componentInputParameter': 'rows'}}
    assert repairs.pass_parameters(job) == job


def test_the_job_given_is_left_alone_and_repairs_are_idempotent(job: dict[str, Any]) -> None:
    before = deepcopy(job)
    once = repairs.repair(job, {'rows': 7})
    assert job == before
    assert repairs.repair(once, {'rows': 7}) == once

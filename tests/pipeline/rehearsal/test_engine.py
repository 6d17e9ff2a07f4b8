import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.rehearsal.engine import ContainerError, in_order
from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.job import Job
from tests.pipeline.rehearsal.jobs import (
    BLESSING,
    ROOT,
    Calls,
    at,
    component,
    container,
    fails,
    job,
    makes,
    rehearsed,
    takes,
    task,
)


def trained(**options: Any) -> Job:
    """Return a job of two steps; the second takes what the first makes."""
    text = options.pop('text', 'a')
    push = task('push', cached=True)
    push['inputs'] = {
        'artifacts': {'model': takes('train', 'model')},
        'parameters': {'text': {'runtimeValue': {'constant': text}}},
    }
    needs = {
        'artifacts': {'model': {'artifactType': {'schemaTitle': 'tfx.Model'}}},
        'parameters': {'text': {'parameterType': 'STRING'}},
    }
    return job(
        {'train': task('train', cached=True), 'push': push},
        {
            'train': component('train', outputDefinitions=makes('model')),
            'push': component(
                'push', inputDefinitions=needs, outputDefinitions=makes('pushed', kind=BLESSING)
            ),
        },
        {
            'train': container('train', '{{$}}'),
            'push': container(
                'push',
                "{{$.inputs.artifacts['model'].uri}}",
                "{{$.inputs.parameters['text']}}",
                **options,
            ),
        },
    )


def test_a_step_gets_what_the_one_before_has_made(tmp_path: Path) -> None:
    calls = Calls()
    assert rehearsed(tmp_path, trained(), calls)
    told = json.loads(calls.commands['train'][1])
    (model,) = told['outputs']['artifacts']['model']['artifacts']
    assert model['uri'].startswith(f'{ROOT}/123456789012/run-1/train_')
    assert told['outputs']['outputFile'].startswith(ROOT)
    assert calls.commands['push'] == ['push', model['uri'], 'a']


def test_what_is_unchanged_is_reused_and_what_is_after_a_change_is_not(tmp_path: Path) -> None:
    first, again, other, image, code = (Calls() for _ in range(5))
    rehearsed(tmp_path, trained(), first)
    rehearsed(tmp_path, trained(), again, run='run-2')
    assert again.states == {'train': 'cached', 'push': 'cached'}
    assert again.times == {}
    assert again.results['train'].made == first.results['train'].made
    rehearsed(tmp_path, trained(text='b'), other, run='run-3')
    assert other.states == {'train': 'cached', 'push': 'succeeded'}
    rehearsed(tmp_path, trained(env=[{'name': 'A', 'value': 'b'}]), image, run='run-4')
    assert image.states == {'train': 'cached', 'push': 'succeeded'}
    rehearsed(tmp_path, trained(), code, run='run-5', code='other')
    assert code.states == {'train': 'succeeded', 'push': 'succeeded'}


def test_another_model_is_pushed_again(tmp_path: Path) -> None:
    """A step is keyed on the artifact that it takes, not on where the step before came from."""
    calls = Calls()
    rehearsed(tmp_path, trained(), Calls())
    of = trained()
    of.spec.root.dag.tasks['train'].caching_options.enable_cache = False
    rehearsed(tmp_path, of, calls, run='run-2')
    assert calls.states == {'train': 'succeeded', 'push': 'succeeded'}


def test_a_failing_step_stops_only_what_waits_for_it(tmp_path: Path) -> None:
    of = trained()
    of.spec.root.dag.tasks['other'].component_ref.name = 'train'
    calls = Calls(push=fails)
    assert not rehearsed(tmp_path, of, calls)
    assert calls.states == {'other': 'succeeded', 'train': 'succeeded', 'push': 'failed'}
    assert calls.results['push'].note == 'it is broken'
    again = Calls(train=fails)
    of.spec.root.dag.tasks['train'].caching_options.enable_cache = False
    assert not rehearsed(tmp_path, of, again, run='run-2')
    assert again.states == {'other': 'succeeded', 'train': 'failed', 'push': 'skipped'}
    assert again.results['push'].note == 'train failed'


def test_a_failed_step_is_tried_as_often_as_its_policy_says(tmp_path: Path) -> None:
    tries = []

    def second_time_lucky(command: list[str]) -> None:
        tries.append(command)
        if len(tries) < 2:
            raise ContainerError('not yet')

    of = trained()
    of.spec.root.dag.tasks['train'].retry_policy.max_retry_count = 2
    calls = Calls(train=second_time_lucky)
    assert rehearsed(tmp_path, of, calls)
    assert len(tries) == 2
    assert calls.results['train'].note == ''


def conditional(blessed: float) -> tuple[Job, Any]:
    condition = "inputs.artifacts['blessing'].artifacts[0].metadata['blessed'] == 1.0"
    push = task('push', inputs={'artifacts': {'blessing': takes('judge', 'blessing')}})
    push['triggerPolicy'] = {'condition': condition}
    of = job(
        {'judge': task('judge'), 'push': push, 'tell': task('tell', 'push')},
        {
            'judge': component('judge', outputDefinitions=makes('blessing', kind=BLESSING)),
            'push': component(
                'push', inputDefinitions={'artifacts': {'blessing': {'artifactType': BLESSING}}}
            ),
            'tell': component('tell'),
        },
        {
            'judge': container('judge', '{{$.outputs.output_file}}'),
            'push': container('push'),
            'tell': container('tell'),
        },
    )
    return of, {'artifacts': {'blessing': {'artifacts': [{'metadata': {'blessed': blessed}}]}}}


@pytest.mark.parametrize(('blessed', 'state'), [(1, 'succeeded'), (0, 'skipped')])
def test_a_condition_decides_whether_a_step_and_those_after_it_run(
    tmp_path: Path, blessed: float, state: str
) -> None:
    of, output = conditional(blessed)
    calls = Calls(judge=lambda command: written(tmp_path, command[1], output))
    assert rehearsed(tmp_path, of, calls)
    assert calls.states == {'judge': 'succeeded', 'push': state, 'tell': state}


def written(folder: Path, uri: str, output: Any) -> None:
    at(folder)(uri).write_text(json.dumps(output))


def test_a_driver_finds_what_the_cache_is_asked_for(tmp_path: Path) -> None:
    hook = {'command': ['driver', '{{$.outputs.output_file}}']}
    of = job(
        {'read': task('read', cached=True)},
        {'read': component('read', outputDefinitions=makes('examples'))},
        {'read': container('read', '{{$}}', lifecycle={'preCacheCheck': hook})},
    )

    def found(fingerprint: str) -> Calls:
        output = {'parameterValues': {'fingerprint': fingerprint}}
        return Calls(**{'read.driver': lambda command: written(tmp_path, command[1], output)})

    runs = [found('a'), found('a'), found('b')]
    for i, calls in enumerate(runs):
        assert rehearsed(tmp_path, of, calls, run=f'run-{i}')
    assert [calls.states['read'] for calls in runs] == ['succeeded', 'cached', 'succeeded']
    told = json.loads(runs[0].commands['read'][1])
    assert told['inputs']['parameterValues'] == {'fingerprint': 'a'}


RESOLVED = {
    'blessing': 'schema_title="tfx.ModelBlessing" AND state=LIVE '
    'AND metadata.blessed.number_value=1',
    'model': 'schema_title="tfx.Model" AND state=LIVE AND '
    "name=\"{{$.inputs.artifacts['input'].metadata['current_model_id']}}\"",
}


def with_baseline() -> Job:
    """Return a job that trains and judges, after it has looked for the last blessed model."""
    queries = {
        key: {'resolver': {'outputArtifactQueries': {key: {'filter': text}}}}
        for key, text in RESOLVED.items()
    }
    find_model = task('find_model', inputs={'artifacts': {'input': takes('find', 'blessing')}})
    judge = task('judge', 'find_model', inputs={'artifacts': {'model': takes('train', 'model')}})
    return job(
        {'find': task('find'), 'find_model': find_model, 'train': task('train', 'find_model'),
         'judge': judge},
        {
            'find': component('find', outputDefinitions=makes('blessing', kind=BLESSING)),
            'find_model': component('find_model', outputDefinitions=makes('model')),
            'train': component('train', outputDefinitions=makes('model')),
            'judge': component('judge', outputDefinitions=makes('blessing', kind=BLESSING)),
        },
        {
            'find': queries['blessing'],
            'find_model': queries['model'],
            'train': container('train'),
            'judge': container(
                'judge', "{{$.inputs.artifacts['model'].name}}", '{{$.outputs.output_file}}'
            ),
        },
    )  # fmt: skip


def test_the_last_blessed_model_is_found(tmp_path: Path) -> None:
    """On its first run there is none; one that was not blessed since does not count."""
    runs = []
    for i, blessed in enumerate((1, 0, 1)):
        calls = Calls(
            judge=lambda command, blessed=blessed: written(  # type: ignore[misc]
                tmp_path,
                command[2],
                {
                    'artifacts': {
                        'blessing': {
                            'artifacts': [
                                {'metadata': {'blessed': blessed, 'current_model_id': command[1]}}
                            ]
                        }
                    }
                },
            )
        )
        assert rehearsed(tmp_path, with_baseline(), calls, run=f'run-{i}')
        runs.append(calls.results)
    found = [[a.uri for a in r['find_model'].made.artifacts['model']] for r in runs]
    first = runs[0]['train'].made.artifacts['model'][0].uri
    assert found == [[], [first], [first]]
    assert runs[0]['find_model'].note == 'none yet'


def test_an_importer_makes_an_artifact_of_what_is_there(tmp_path: Path) -> None:
    importer = {'artifactUri': {'constant': 'gs://x/schema'}, 'typeSchema': {'schemaTitle': 'T'}}
    use = task('use', inputs={'artifacts': {'schema': takes('take', 'result')}})
    of = job(
        {'take': task('take'), 'use': use},
        {
            'take': component('take', outputDefinitions=makes('result')),
            'use': component('use'),
        },
        {
            'take': {'importer': importer},
            'use': container("{{$.inputs.artifacts['schema'].uri}}"),
        },
    )
    calls = Calls()
    assert rehearsed(tmp_path, of, calls)
    assert calls.commands['use'] == ['gs://x/schema']


def nested(**exit_inputs: Any) -> Job:
    """Return a job as TFX makes it with an exit handler: its steps are in a DAG of their own."""
    inner = task('work', inputs={'parameters': {'n': {'componentInputParameter': 'rows'}}})
    status = {'status': {'taskFinalStatus': {'producerTask': 'dag'}}}
    numbers = {'parameters': {'n': {'parameterType': 'NUMBER_INTEGER'}}}
    last = task('tell', 'dag', inputs={'parameters': status})
    last['triggerPolicy'] = {'strategy': 'ALL_UPSTREAM_TASKS_COMPLETED'}
    rows = {'parameters': {'rows': {'parameterType': 'NUMBER_INTEGER'}}}
    return job(
        {
            'dag': task('dag', inputs={'parameters': exit_inputs}),
            'tell': last,
        },
        {
            'dag': {'dag': {'tasks': {'work': inner}}, 'inputDefinitions': rows},
            'work': component('work', inputDefinitions=numbers),
            'tell': component(
                'tell',
                inputDefinitions={'parameters': {'status': {'parameterType': 'STRUCT'}}},
            ),
        },
        {
            'work': container("{{$.inputs.parameters['n']}}"),
            'tell': container("{{$.inputs.parameters['status']}}"),
        },
        {'rows': {'parameterType': 'NUMBER_INTEGER'}},
    )


ROWS = {'rows': {'componentInputParameter': 'rows'}}


def test_a_dag_within_is_given_what_it_is_given(tmp_path: Path) -> None:
    calls = Calls()
    assert rehearsed(tmp_path, nested(**ROWS), calls, {'rows': 7})
    assert calls.commands['work'] == ['7']


def test_the_exit_handler_hears_how_it_ended_also_if_badly(tmp_path: Path) -> None:
    well, badly = Calls(), Calls(work=fails)
    assert rehearsed(tmp_path, nested(**ROWS), well, {'rows': 7})
    assert json.loads(well.commands['tell'][0])['state'] == 'SUCCEEDED'
    assert not rehearsed(tmp_path, nested(**ROWS), badly, {'rows': 7})
    told = json.loads(badly.commands['tell'][0])
    assert (told['state'], told['pipelineTaskName']) == ('FAILED', 'dag')
    assert badly.states == {'work': 'failed', 'dag': 'failed', 'tell': 'succeeded'}


def test_a_dag_lacks_what_it_was_not_given(tmp_path: Path) -> None:
    calls = Calls()
    assert not rehearsed(tmp_path, nested(), calls, {'rows': 7})
    assert calls.results['dag'].note == 'parameter rows is given no value, and has no default'


@pytest.mark.parametrize(
    ('after', 'told'),
    [(('b',), 'tasks wait for each other: a, b'), (('c',), 'task a waits for c, which is no task')],
)
def test_tasks_that_can_not_be_put_in_order(after: tuple[str, ...], told: str) -> None:
    of = job({'a': task('x', *after), 'b': task('x', 'a')}, {'x': component('x')}, {})
    with pytest.raises(RehearsalError, match=told):
        in_order(of.spec.root.dag)

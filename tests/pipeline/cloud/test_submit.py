"""Runs on Vertex: submitted, listed, looked at, cancelled."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cloud import jobs
from tests.fakes.universe import Universe
from tests.pipeline.cloud.conftest import sluice


def test_a_compiled_pipeline_becomes_a_run(universe: Universe, template: Path) -> None:
    done = sluice('submit', template, '--param', 'epochs=7', '--no-caching', '--run-id', 'births-1',
                  '--json')  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)['run'] == 'births-1'
    request = universe.faults.named('CreatePipelineJob')[0].request
    job = request['pipelineJob']
    assert request['pipelineJobId'] == 'births-1'
    assert job['runtimeConfig']['parameterValues'] == {'epochs': 7}
    assert job['runtimeConfig']['gcsOutputDirectory'] == 'gs://bucket/sluice'
    assert job['labels'] == {'tfx_version': '1-21-0', 'sluice_recipe': 'births'}
    tasks = job['pipelineSpec']['root']['dag']['tasks']
    assert {t['cachingOptions']['enableCache'] for t in tasks.values()} == {False}


def test_runs_are_listed_by_recipe(universe: Universe, template: Path) -> None:
    for run in ('births-1', 'births-2'):
        assert sluice('submit', template, '--run-id', run).exit_code == 0
    listed = json.loads(sluice('runs', '--vertex', 'births', '--json').stdout)['runs']
    assert [run['run'] for run in listed] == ['births-2', 'births-1']
    assert 'No runs of other' in sluice('runs', '--vertex', 'other').stdout


def test_waiting_shows_steps_and_tells_of_failure(
    universe: Universe, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, 'POLL_SECONDS', 0.01)
    monkeypatch.setattr(jobs.follow, '__defaults__', (0.01,))
    good = sluice('submit', template, '--wait')
    assert good.exit_code == 0, good.output
    assert 'Trainer' in good.stdout and 'succeeded' in good.stdout
    universe.services['Vertex'].pipelines.failing['Trainer'] = 'out of memory'
    bad = sluice('submit', template, '--wait')
    assert bad.exit_code == 1
    assert '✗ Trainer' in bad.stdout and 'out of memory' in bad.stdout
    assert 'has failed' in bad.stderr


def test_a_lost_answer_starts_no_second_run(universe: Universe, template: Path) -> None:
    universe.faults.add('CreatePipelineJob', after=True, drop=True)
    done = sluice('submit', template, '--run-id', 'births-1')
    assert done.exit_code == 0, done.output
    assert len(json.loads(sluice('runs', '--vertex', '--json').stdout)['runs']) == 1


def test_cancel(universe: Universe, template: Path) -> None:
    universe.services['Vertex'].pipelines.seconds = 60
    sluice('submit', template, '--run-id', 'births-1')
    assert sluice('cancel', 'births-1').stdout == 'births-1: cancelled\n'
    again = sluice('cancel', 'births-1')
    assert again.exit_code == 1
    assert again.stderr == 'cannot cancel births-1: it has ended: cancelled\n'


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        (
            ['--param', 'epoch=3'],
            "--param epoch: no parameter of this pipeline; did you mean 'epochs'",
        ),
        (['--param', 'epochs=many'], '--param epochs=many: expected a value of type integer'),
        (['--param', 'epochs'], '--param epochs: expected NAME=VALUE'),
        (['--set', 'train.epochs=3'], '--set changes recipes'),
    ],
)
def test_bad_usage_is_told(
    universe: Universe, template: Path, arguments: list[str], told: str
) -> None:
    done = sluice('submit', template, *arguments)
    assert done.exit_code != 0
    assert told in done.stderr
    assert not universe.faults.named('CreatePipelineJob')


@pytest.mark.parametrize(
    ('code', 'message', 'told'),
    [
        ('PERMISSION_DENIED', "Permission 'aiplatform.pipelineJobs.create' denied",
         'grant aiplatform.pipelineJobs.create'),
        ('PERMISSION_DENIED', 'Vertex AI API is disabled: aiplatform.googleapis.com',
         'gcloud services enable aiplatform.googleapis.com'),
        ('NOT_FOUND', 'no such project', 'check project, region and name'),
        ('RESOURCE_EXHAUSTED', 'Quota exceeded', 'a quota is used up'),
        ('INTERNAL', 'internal', 'try again later'),
    ],
)  # fmt: skip
def test_refusals_are_one_line(
    universe: Universe, template: Path, code: str, message: str, told: str
) -> None:
    universe.faults.add('CreatePipelineJob', code=code, message=message, times=5)
    done = sluice('submit', template)
    assert done.exit_code == 1
    assert told in done.stderr
    assert done.stderr.count('\n') == 1


def test_a_missing_run_is_told(universe: Universe) -> None:
    done = sluice('logs', 'nothing')
    assert done.exit_code == 1
    assert done.stderr.startswith('cannot look at nothing: it is not there')


def test_logs_show_what_a_failed_step_logged(universe: Universe, template: Path) -> None:
    vertex = universe.services['Vertex']
    vertex.pipelines.failing['Trainer'] = 'The replica exited with 137'
    sluice('submit', template, '--run-id', 'births-1')
    tasks = vertex.pipelines.GetPipelineJob(_named('births-1')).job_detail.task_details
    (trainer,) = (task for task in tasks if task.task_name == 'Trainer')
    number = trainer.executor_detail.container_detail.main_job.rpartition('/')[2]
    universe.services['Platform'].logged[number] = ['loading', 'killed: out of memory']
    shown = sluice('logs', 'births-1')
    assert shown.exit_code == 0, shown.output
    assert '✗ Trainer                  failed  The replica exited with 137' in shown.stdout
    assert '03:00:01 ERROR killed: out of memory' in shown.stdout
    unknown = sluice('logs', 'births-1', '--step', 'Trainr')
    assert unknown.exit_code == 1 and "did you mean 'Trainer'?" in unknown.stderr


def _named(run: str) -> Any:
    from google.cloud import aiplatform_v1 as v1

    parent = 'projects/rehearsal/locations/us-central1'
    return v1.GetPipelineJobRequest(name=f'{parent}/pipelineJobs/{run}')

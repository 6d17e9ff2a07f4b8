"""The step on artifacts, here and as a container of Vertex starts it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tfx.types.artifact import Artifact

from components.report.artifact import Html
from components.report.executor import Executor
from tests.components.report.artifacts import TERMS, write_artifacts

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    return write_artifacts(tmp_path_factory.mktemp('artifacts'))


@pytest.fixture(scope='module')
def report(inputs, tmp_path_factory):
    made = Html()
    made.uri = str(tmp_path_factory.mktemp('made'))
    Executor().Do(inputs, {'report': [made]}, {'config': TERMS.model_dump_json()})
    assert (Path(made.uri) / 'report.html').read_text().startswith('<!doctype html>')
    return json.loads((Path(made.uri) / 'report.json').read_text())


def test_only_what_cannot_be_read_is_left_out(report) -> None:
    assert list(report['left_out']) == ['learnt']
    assert report['learnt'] is None
    told = ('verdict', 'kept', 'metrics', 'worst_slices', 'regression', 'mistakes', 'importance')
    assert all(report[name] for name in told)
    assert all(report[name] for name in ('data', 'schema', 'training', 'lineage', 'changes'))


def test_importance_is_of_the_served_model(report) -> None:
    for model in ('candidate', 'baseline'):
        worse = {c['name']: c['worse'] for c in report['importance'][model]['columns']}
        assert worse['size'] != 0
        assert (worse['rooms'], worse['town']) == (0, 0)


def test_changes_are_of_how_the_models_were_trained(report) -> None:
    assert report['changes'] == [
        {'key': 'settings.train.epochs', 'before': len('baseline_model'), 'now': len('model')}
    ]


def test_distances_of_the_same_data_are_nothing(report) -> None:
    column = next(c for c in report['data']['columns'] if c['name'] == 'town')
    assert column['distances'] == {'drift': 0, 'train → test': 0}
    assert column['splits']['train'] == {
        'rows': 4,
        'missing': 1,
        'different': 2,
        'mean_length': pytest.approx(13 / 3),
        'top': [{'value': 'Cork', 'rows': 2}, {'value': 'Aalen', 'rows': 1}],
    }


def test_worst_slices_and_the_page_are_bounded_by_the_recipe(inputs, tmp_path) -> None:
    made = Html()
    made.uri = str(tmp_path)
    fewer = TERMS.model_copy(
        update={
            'report': TERMS.report.model_copy(
                update={'slices': ('rooms',), 'mistakes': 3, 'importance_rows': 0}
            )
        }
    )
    Executor().Do(inputs, {'report': [made]}, {'config': fewer.model_dump_json()})
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['worst_slices']['columns'] == ['rooms']
    assert len(report['mistakes']) == 3
    assert report['importance'] is None


@pytest.mark.slow
def test_a_container_of_vertex_writes_a_page_that_the_console_opens(inputs, tmp_path) -> None:
    """As `pipeline.json` says, on files whose addresses have a scheme, as those of a bucket do."""
    spec = json.loads((ROOT / 'pipeline.json').read_text())['pipelineSpec']
    component = spec['components']['Report']
    container = spec['deploymentSpec']['executors'][component['executorLabel']]['container']
    types = {k: v['artifactType'] for k, v in component['inputDefinitions']['artifacts'].items()}
    output = tmp_path / 'task/executor_output.json'
    executor_input = {
        'inputs': {
            'artifacts': {k: _runtime(k, v[0], types[k]) for k, v in inputs.items() if k in types},
            'parameterValues': {'config': TERMS.model_dump_json()},
        },
        'outputs': {
            'artifacts': {
                'report': {
                    'artifacts': [
                        {
                            'name': 'report',
                            'uri': f'file://{tmp_path}/report',
                            'type': component['outputDefinitions']['artifacts']['report'][
                                'artifactType'
                            ],
                        }
                    ]
                }
            },
            'outputFile': str(output),
        },
    }
    args = [a if a != '{{$}}' else json.dumps(executor_input) for a in container['args']]
    command = [sys.executable, *container['command'][1:], *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    (made,) = json.loads(output.read_text())['artifacts']['report']['artifacts']
    assert made['uri'] == f'file://{tmp_path}/report/report.html'
    assert (tmp_path / 'report/report.html').read_text().startswith('<!doctype html>')


def _runtime(key: str, artifact: Artifact, type_: dict) -> dict:
    metadata = (
        {'split_names': artifact.split_names}
        if 'split_names' in (artifact.PROPERTIES or ())
        else {}
    )
    return {'artifacts': [{'name': key, 'uri': artifact.uri, 'type': type_, 'metadata': metadata}]}

"""DataGate, the resolvers and Pusher compile for Vertex."""

from typing import Any

import pytest
from tfx.dsl.component.experimental.annotations import OutputArtifact
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import (
    ExampleAnomalies,
    Examples,
    ExampleStatistics,
    Model,
    ModelBlessing,
    Schema,
)

from components.data_gate.component import DataGate
from components.data_gate.settings import DataGateTerms
from components.pusher.component import Pusher
from components.resolvers import baseline_resolver, previous_statistics_resolver


@component
def Everything(  # noqa: N802
    examples: OutputArtifact[Examples],
    statistics: OutputArtifact[ExampleStatistics],
    schema: OutputArtifact[Schema],
    anomalies: OutputArtifact[ExampleAnomalies],
    model: OutputArtifact[Model],
    blessing: OutputArtifact[ModelBlessing],
) -> None:
    """Stands for all other steps."""


@pytest.fixture(scope='module')
def job() -> dict[str, Any]:
    made = Everything()
    outputs = made.outputs
    previous = previous_statistics_resolver(outputs['statistics'], on_vertex=True)
    baseline = baseline_resolver(outputs['model'], on_vertex=True)
    gate = DataGate(
        examples=outputs['examples'],
        statistics=outputs['statistics'],
        schema=outputs['schema'],
        anomalies=outputs['anomalies'],
        previous_statistics=previous.outputs['statistics'],
        config=DataGateTerms(task='binary', label='y', features=('x',)),
    )
    pusher = Pusher(outputs['model'], outputs['blessing'], push_to='gs://bucket/served')
    pipeline = Pipeline(
        'tiny', 'gs://bucket/root', components=[made, previous, gate, baseline, pusher]
    )
    config = KubeflowV2DagRunnerConfig(default_image='image', use_pipeline_spec_2_1=True)
    return KubeflowV2DagRunner(config).run(pipeline, write_out=False)['pipelineSpec']


def test_data_gate_compiles(job: dict[str, Any]) -> None:
    task = job['root']['dag']['tasks']['DataGate']
    inputs = task['inputs']['artifacts']
    assert set(inputs) == {'examples', 'statistics', 'schema', 'anomalies', 'previous_statistics'}
    assert inputs['previous_statistics']['taskOutputArtifact'] == {
        'producerTask': 'previous_statistics',
        'outputArtifactKey': 'statistics',
    }
    config = task['inputs']['parameters']['config']['runtimeValue']['constant']
    assert DataGateTerms.model_validate_json(config).features == ('x',)
    (container,) = (
        e['container'] for name, e in job['deploymentSpec']['executors'].items() if 'Gate' in name
    )
    assert 'components.data_gate.executor.Executor' in container['args']


def test_statistics_wait_for_the_previous_ones(job: dict[str, Any]) -> None:
    tasks = job['root']['dag']['tasks']
    assert 'previous_statistics' in tasks['Everything']['dependentTasks']
    assert 'dependentTasks' not in tasks['previous_statistics']


def test_pusher_compiles(job: dict[str, Any]) -> None:
    (container,) = (
        e['container'] for name, e in job['deploymentSpec']['executors'].items() if 'Push' in name
    )
    assert 'components.pusher.executor.Executor' in container['args']

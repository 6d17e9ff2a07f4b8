import json

import pytest
from tfx import v1 as tfx

from components.evaluator.component import Evaluator
from components.evaluator.executor import Executor
from components.evaluator.settings import EvaluatorConfig

CONFIG = EvaluatorConfig.model_validate(
    {
        'task': 'binary',
        'label': 'income',
        'splits': ['test'],
        'gate': {'metrics': {'auc': {'min': 0.9}}, 'slices': [{'by': 'sex'}]},
    }
)


@pytest.fixture
def components():
    examples = tfx.dsl.Importer('somewhere', tfx.types.standard_artifacts.Examples)
    model = tfx.dsl.Importer('elsewhere', tfx.types.standard_artifacts.Model)
    evaluator = Evaluator(
        examples.outputs['result'], model.outputs['result'], CONFIG, model.outputs['result']
    )
    return [examples.with_id('examples'), model.with_id('model'), evaluator]


def test_its_artifacts_are_the_stock_ones(components):
    evaluator = components[-1]
    stock = tfx.components.Evaluator.SPEC_CLASS
    assert {k: c.type for k, c in evaluator.outputs.items()} == {
        k: p.type for k, p in stock.OUTPUTS.items()
    }
    assert set(evaluator.inputs) == {'examples', 'model', 'baseline_model'}
    assert EvaluatorConfig.model_validate_json(evaluator.exec_properties['config']) == CONFIG


def test_it_compiles_for_vertex(components, tmp_path):
    runner = tfx.orchestration.experimental.KubeflowV2DagRunner(
        tfx.orchestration.experimental.KubeflowV2DagRunnerConfig(default_image='image'),
        output_filename=str(tmp_path / 'pipeline.json'),
    )
    runner.run(tfx.dsl.Pipeline('p', 'gs://bucket/p', components=components), write_out=True)
    compiled = json.loads((tmp_path / 'pipeline.json').read_text())
    spec = compiled.get('pipelineSpec', compiled)
    container = spec['deploymentSpec']['executors']['Evaluator_executor']['container']
    assert f'{Executor.__module__}.{Executor.__name__}' in container['args']
    task = spec['root']['dag']['tasks']['Evaluator']
    parameter = task['inputs']['parameters']['config']['runtimeValue']
    assert CONFIG.model_dump_json() in json.dumps(parameter).encode().decode('unicode_escape')

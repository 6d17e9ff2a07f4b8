import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.query_example_gen.settings import Data
from pipeline.loading import load_recipe
from pipeline.recipe import Recipe, shipped_recipes

ROOT = Path(__file__).parents[2]
BATCH = 'batch={query: "SELECT 1 AS plurality FROM `t`", output: b.parquet}'
BABYWEIGHT = shipped_recipes()['babyweight']


def compiled(recipe: Recipe) -> str:
    from pipeline.vertex import compile_recipe

    return compile_recipe(recipe)


@pytest.fixture(scope='module')
def text() -> str:
    return compiled(load_recipe(BABYWEIGHT))


@pytest.fixture(scope='module')
def everything() -> dict[str, Any]:
    """The job of a recipe that uses all there is."""
    recipe = load_recipe(
        BABYWEIGHT,
        ['tune={trials: 2, space: {dropout: [0.0, 0.1]}}', 'train.warm_start=true', BATCH],
    )
    job: dict[str, Any] = json.loads(compiled(recipe))
    return job


def tasks(job: dict[str, Any]) -> dict[str, Any]:
    of_root: dict[str, Any] = job['pipelineSpec']['root']['dag']['tasks']
    return of_root


def constants(task: dict[str, Any]) -> dict[str, Any]:
    given = task.get('inputs', {}).get('parameters', {})
    return {name: value['runtimeValue']['constant'] for name, value in given.items()}


def options(job: dict[str, Any], name: str) -> Iterator[str]:
    """Yield the values of a command-line option of all containers."""
    for executor in job['pipelineSpec']['deploymentSpec']['executors'].values():
        args = executor.get('container', {}).get('args', [])
        if name in args:
            yield args[args.index(name) + 1]


def imported(dotted: str) -> object:
    module, _, name = dotted.rpartition('.')
    return getattr(importlib.import_module(module), name)


def test_the_committed_pipeline_is_fresh(text: str) -> None:
    """Another process, so another hash seed, wrote it: this also shows that it is deterministic."""
    committed = (ROOT / 'pipeline.json').read_text(encoding='utf-8')
    assert committed == text, 'pipeline.json is stale: run `make compile`'


def test_the_text_is_sorted_and_indented(text: str) -> None:
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + '\n'


def test_nothing_of_this_machine_is_in_it(text: str) -> None:
    data = load_recipe(BABYWEIGHT).table
    assert data
    local = [path for table in data.local.values() for path in table.path]
    assert local
    for here in (str(ROOT), *local, *(Path(path).name for path in local)):
        assert here not in text


def test_it_is_a_job_of_spec_2_1(text: str) -> None:
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    job = json.loads(text)
    json_format.ParseDict(job, pipeline_spec_pb2.PipelineJob())
    json_format.ParseDict(job['pipelineSpec'], pipeline_spec_pb2.PipelineSpec())
    assert job['pipelineSpec']['schemaVersion'] == '2.1.0'


def test_it_carries_the_recipe(text: str) -> None:
    recipe = load_recipe(BABYWEIGHT)
    assert recipe.vertex
    job = json.loads(text)
    by_task = {name: constants(task) for name, task in tasks(job).items()}
    data = Data.model_validate_json(by_task['QueryExampleGen']['data'])
    assert data == recipe.data.model_copy(update={'local': {}})
    trainer = json.loads(by_task['Trainer']['custom_config'])['trainer']
    assert trainer == recipe.trainer_config.model_dump(mode='json')
    transform = json.loads(by_task['Transform']['custom_config'])
    assert transform == recipe.transform_config.model_dump(mode='json')
    assert json.loads(by_task['Evaluator']['config']) == recipe.evaluator_config.model_dump(
        mode='json'
    )
    assert (
        job['runtimeConfig']['gcsOutputDirectory'] == f'{recipe.vertex.root}/pipelines/babyweight'
    )
    images = {
        executor['container']['image']
        for executor in job['pipelineSpec']['deploymentSpec']['executors'].values()
        if 'container' in executor
    }
    assert images == {recipe.vertex.image}


def test_what_containers_call_is_there(everything: dict[str, Any]) -> None:
    classes = list(options(everything, '--executor_class_path'))
    assert len(classes) == sum(
        'container' in executor
        for executor in everything['pipelineSpec']['deploymentSpec']['executors'].values()
    )
    functions = [
        value
        for task in tasks(everything).values()
        for name, value in constants(task).items()
        if name in ('run_fn', 'tuner_fn', 'preprocessing_fn')
    ]
    assert len(functions) == 3
    for dotted in (*classes, *functions):
        assert callable(imported(dotted)), dotted


def test_tasks_take_what_other_tasks_make(everything: dict[str, Any]) -> None:
    by_id, components = tasks(everything), everything['pipelineSpec']['components']
    for name, task in by_id.items():
        assert set(task.get('dependentTasks', [])) <= set(by_id)
        for source in task.get('inputs', {}).get('artifacts', {}).values():
            output = source['taskOutputArtifact']
            made = components[output['producerTask']]['outputDefinitions']['artifacts']
            assert output['outputArtifactKey'] in made, name


def test_a_query_in_a_file_travels_as_text(tmp_path: Path) -> None:
    file = tmp_path / 'query.sql'
    file.write_text('SELECT 1 AS weight_pounds')
    recipe = load_recipe(BABYWEIGHT, ['data.query=null', f'data.query_file={file}'])
    data = json.loads(constants(tasks(json.loads(compiled(recipe)))['QueryExampleGen'])['data'])
    assert data['query'] == 'SELECT 1 AS weight_pounds'
    assert 'query_file' not in data


def test_tuner_warm_start_and_baseline_are_wired(everything: dict[str, Any]) -> None:
    def source(task: str, key: str) -> str:
        artifacts = tasks(everything)[task]['inputs']['artifacts']
        producer: str = artifacts[key]['taskOutputArtifact']['producerTask']
        return producer

    assert source('Trainer', 'hyperparameters') == 'Tuner'
    assert source('Trainer', 'base_model') == 'last_blessed_model-model-resolver'
    assert source('Evaluator', 'baseline_model') == 'baseline-model-resolver'
    assert 'DataGate' in tasks(everything)['Transform']['dependentTasks']


def test_the_report_waits_for_the_verdict_and_nothing_for_the_report(
    everything: dict[str, Any],
) -> None:
    by_id = tasks(everything)
    assert {'Evaluator', 'Tuner', 'Trainer'} <= set(by_id['Report']['dependentTasks'])
    assert 'Pusher' not in by_id['Report']['dependentTasks']
    assert not any('Report' in task.get('dependentTasks', ()) for task in by_id.values())
    terms = json.loads(constants(by_id['Report'])['config'])
    assert terms['searched'] == ['dropout']
    # Transform learns the edges of features in the order of their names.
    assert terms['bucketed'] == ['gestation_weeks', 'mother_age']


def test_the_pusher_hears_both_gates_and_the_evaluation(everything: dict[str, Any]) -> None:
    taken = tasks(everything)['Pusher']['inputs']['artifacts']
    producers = {k: v['taskOutputArtifact']['producerTask'] for k, v in taken.items()}
    assert producers == {
        'model': 'Trainer',
        'model_blessing': 'Evaluator',
        'evaluation': 'Evaluator',
        'infra_blessing': 'ServingGate',
    }


def test_rows_to_predict_come_from_their_own_query(everything: dict[str, Any]) -> None:
    by_id = tasks(everything)
    data = json.loads(constants(by_id['BatchExampleGen'])['data'])
    assert 'FROM `t`' in data['query']
    examples = by_id['BulkInferrer']['inputs']['artifacts']['examples']['taskOutputArtifact']
    assert examples['producerTask'] == 'BatchExampleGen'
    output = constants(by_id['PredictionTable'])['output']
    assert output.startswith('gs://')
    assert output.endswith('/predictions/babyweight/b.parquet')


@pytest.mark.parametrize(
    ('overrides', 'pushed_to'),
    [([], '{root}/serving_models/babyweight'), (['push.local=null'], None)],
)
def test_pushed_models_go_below_the_root(overrides: list[str], pushed_to: str | None) -> None:
    recipe = load_recipe(BABYWEIGHT, overrides)
    assert recipe.vertex
    pusher = tasks(json.loads(compiled(recipe))).get('Pusher')
    if pushed_to is None:
        assert pusher is None
        return
    assert pusher
    destination = json.loads(constants(pusher)['push_destination'])
    expected = pushed_to.format(root=recipe.vertex.root)
    assert destination == {'filesystem': {'base_directory': expected}}


@pytest.mark.parametrize(
    ('override', 'told'),
    [
        (
            'vertex=null',
            r'vertex: is required to compile: give root \(gs://bucket/path\) and image',
        ),
        ('data.schema=schema.pbtxt', r"data\.schema: '.*schema\.pbtxt' is on this machine; "),
    ],
)
def test_recipes_that_cannot_run_there(override: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        compiled(load_recipe(BABYWEIGHT, [override]))


DIGITS = ROOT / 'recipes' / 'digits.yaml'
ON_VERTEX = ['vertex.root=gs://bucket/sluice', 'vertex.image=image']


def compiled_digits(images: str) -> str:
    from pipeline.vertex import compile_recipe

    return compile_recipe(load_recipe(DIGITS, [f'data.images={images}', *ON_VERTEX]))


@pytest.mark.parametrize('images', ['gs://bucket/photos', 'gs://bucket/m.csv', 'sklearn:digits'])
def test_pictures_that_vertex_can_reach_compile(images: str) -> None:
    compiled = compiled_digits(images)
    assert images in compiled
    assert 'components.image_example_gen.executor.Executor' in compiled
    assert 'components.schema_gen.executor.Executor' in compiled
    assert str(ROOT) not in compiled


def test_pictures_on_this_machine_do_not_compile(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'^data\.images: .* is on this machine; Vertex needs a'):
        compiled_digits(str(tmp_path))


def test_a_query_for_pictures_leaves_this_machine_behind(tmp_path: Path) -> None:
    query = 'SELECT uri, label FROM d.t'
    compiled = compiled_digits(f"{{query: '{query}', local: {{d.t: {tmp_path}/t.csv}}}}")
    assert query in compiled
    assert str(tmp_path) not in compiled
    assert str(ROOT) not in compiled

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.query_example_gen.settings import Data
from models.devices import Devices
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
    return {
        name: value['runtimeValue']['constant']
        for name, value in given.items()
        if 'runtimeValue' in value
    }


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
    billed = {'project': recipe.vertex.project, 'labels': {'pipeline': 'babyweight'}}
    assert data == recipe.data.model_copy(update={'local': {}, **billed})
    trainer = json.loads(by_task['Trainer']['custom_config'])['trainer']
    told = recipe.trainer_config.model_copy(update={'devices': Devices()})
    assert trainer == told.model_dump(mode='json')
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


def test_an_endpoint_is_pushed_to_after_both_gates_and_never_from_the_cache() -> None:
    overrides = ['push.endpoint={}', 'vertex.project=my-project']
    spec = json.loads(compiled(load_recipe(BABYWEIGHT, overrides)))['pipelineSpec']
    task = spec['root']['dag']['tasks']['EndpointPusher']
    assert {'Evaluator', 'ServingGate'} <= set(task['dependentTasks'])
    assert not task['cachingOptions'].get('enableCache')
    parameters = spec['root']['inputDefinitions']['parameters']
    assert parameters['endpoint']['defaultValue'] == 'babyweight'
    with pytest.raises(ValueError, match=r'vertex.project: is required for push.endpoint'):
        compiled(load_recipe(BABYWEIGHT, ['push.endpoint={}']))


def test_without_new_rows_nothing_is_read() -> None:
    from pipeline.vertex import compile_recipe

    query = 'SELECT 1 AS weight FROM `t` WHERE day >= @window_start AND day < @window_end'
    windowed = ['data.window={days: 7}', f'data.query={query}', BATCH]
    job = json.loads(compile_recipe(load_recipe(BABYWEIGHT, windowed), if_new_data=True))
    by_id = tasks(job)
    conditions = {name: t.get('triggerPolicy', {}).get('condition') for name, t in by_id.items()}
    for reading in ('QueryExampleGen', 'BatchExampleGen'):
        assert "metadata['new'] == 1.0" in conditions.pop(reading)
        taken = by_id[reading]['inputs']['artifacts'].values()
        assert [t['taskOutputArtifact']['producerTask'] for t in taken] == ['NewDataGate']
    assert set(conditions.values()) == {None}
    asked, read = (constants(by_id[name]) for name in ('NewDataGate', 'QueryExampleGen'))
    assert asked == read, 'both are asked for the same rows'
    assert by_id['NewDataGate']['inputs']['artifacts']['last_evaluation']
    assert 'NewDataGate' not in tasks(json.loads(compiled(load_recipe(BABYWEIGHT, windowed))))
    with pytest.raises(ValueError, match=r'data.window: is required by --if-new-data'):
        compile_recipe(load_recipe(BABYWEIGHT), if_new_data=True)


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


ALL_OF_VERTEX = [
    'vertex.project=my-project',
    'vertex.service_account=runner@my-project.iam.gserviceaccount.com',
    'vertex.network=projects/42/global/networks/default',
    'vertex.encryption_key=projects/p/locations/us-central1/keyRings/r/cryptoKeys/k',
    'vertex.labels={team: growth}',
]


def compiled_with(*overrides: str) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(compiled(load_recipe(BABYWEIGHT, overrides)))
    return job


def container(job: dict[str, Any], step: str) -> dict[str, Any]:
    spec = job['pipelineSpec']
    label = spec['components'][step]['executorLabel']
    found: dict[str, Any] = spec['deploymentSpec']['executors'][label]['container']
    return found


def test_one_machine_with_gpus_is_asked_for_the_step_itself() -> None:
    job = compiled_with('hardware={accelerator: NVIDIA_L4, count: 2, steps: {Transform: {cpu: 8}}}')
    assert container(job, 'Trainer')['resources'] == {
        'cpuLimit': 24.0,
        'memoryLimit': 96.0,
        'accelerator': {'type': 'NVIDIA_L4', 'count': '2'},
    }
    assert container(job, 'Transform')['resources'] == {'cpuLimit': 8.0}
    assert 'resources' not in container(job, 'Evaluator')
    config = json.loads(constants(tasks(job)['Trainer'])['custom_config'])
    assert 'ai_platform_training_args' not in config
    assert config['trainer']['devices'] == {
        'accelerator': 'NVIDIA_L4',
        'kind': 'gpu',
        'count': 2,
        'workers': 1,
        'precision': 'mixed_bfloat16',
    }


def test_several_workers_are_a_job_of_their_own() -> None:
    """It is as Google's own types have it, and each pool has the image."""
    from google.cloud.aiplatform_v1.types import AcceleratorType, CustomJob, Scheduling

    job = compiled_with(
        'hardware={accelerator: NVIDIA_TESLA_T4, count: 2, workers: 4, spot: true}',
        'hardware.disk={gb: 200}',
        *ALL_OF_VERTEX,
    )
    config = json.loads(constants(tasks(job)['Trainer'])['custom_config'])
    assert config['ai_platform_enable_vertex'] is True
    assert config['ai_platform_vertex_region'] == 'us-central1'
    args = config['ai_platform_training_args']
    assert args.pop('project') == 'my-project'
    made = CustomJob(args)
    chief, workers = made.job_spec.worker_pool_specs
    assert (chief.replica_count, workers.replica_count) == (1, 3)
    for pool in (chief, workers):
        assert pool.machine_spec.machine_type == 'n1-standard-4'
        assert pool.machine_spec.accelerator_type == AcceleratorType.NVIDIA_TESLA_T4
        assert pool.machine_spec.accelerator_count == 2
        assert pool.container_spec.image_uri == 'your-registry/sluice'
        assert pool.disk_spec.boot_disk_size_gb == 200
    assert made.job_spec.scheduling.strategy == Scheduling.Strategy.SPOT
    assert made.job_spec.scheduling.restart_job_on_worker_restart
    assert made.job_spec.service_account == 'runner@my-project.iam.gserviceaccount.com'
    assert made.job_spec.network == 'projects/42/global/networks/default'
    assert made.encryption_spec.kms_key_name.endswith('/cryptoKeys/k')
    assert dict(made.labels) == {'team': 'growth'}
    assert made.display_name == 'babyweight-trainer'
    (executor,) = {
        value
        for value in container(job, 'Trainer')['args']
        if value.startswith('components.trainer')
    }
    assert executor == 'components.trainer.vertex.VertexExecutor'
    assert callable(imported(executor))


def test_a_tpu_is_a_job_with_its_topology() -> None:
    job = compiled_with(
        'hardware={accelerator: TPU_V5_LITEPOD, count: 4}', 'vertex.project=my-project'
    )
    config = json.loads(constants(tasks(job)['Trainer'])['custom_config'])
    (pool,) = config['ai_platform_training_args']['job_spec']['worker_pool_specs']
    assert pool['machine_spec'] == {'machine_type': 'ct5lp-hightpu-4t', 'tpu_topology': '2x2'}
    assert config['trainer']['devices']['kind'] == 'tpu'


def test_trials_at_the_same_time_are_a_job_with_a_machine_each() -> None:
    job = compiled_with(
        'tune={trials: 6, parallel: 3, space: {dropout: [0.0, 0.1]}}',
        'hardware={tuner: {machine: n1-highmem-4}}',
        'vertex.project=my-project',
    )
    given = constants(tasks(job)['Tuner'])
    assert json.loads(given['tune_args']) == {'num_parallel_trials': 3}
    config = json.loads(given['custom_config'])
    pools = config['ai_platform_tuning_args']['job_spec']['worker_pool_specs']
    assert [(p['replica_count'], p['machine_spec']['machine_type']) for p in pools] == [
        (1, 'n1-highmem-4'),
        (2, 'n1-highmem-4'),
    ]
    assert (
        'tfx.extensions.google_cloud_ai_platform.tuner.executor.Executor'
        in (container(job, 'Tuner')['args'])
    )
    assert 'ai_platform_training_args' not in json.loads(
        constants(tasks(job)['Trainer'])['custom_config']
    )


def test_epochs_are_a_parameter_with_the_recipes_as_default() -> None:
    job = compiled_with('train.epochs=7')
    assert job['pipelineSpec']['root']['inputDefinitions']['parameters']['epochs'] == {
        'parameterType': 'NUMBER_INTEGER',
        'defaultValue': 7,
    }
    taken = tasks(job)['Trainer']['inputs']['parameters']['epochs']
    assert taken == {'componentInputParameter': 'epochs'}


@pytest.mark.parametrize(
    ('overrides', 'told'),
    [
        (
            ['hardware={workers: 2}'],
            r'vertex\.project: is required where hardware or tune\.parallel make a job',
        ),
        (
            ['vertex.region=us-central9'],
            r"vertex\.region: 'us-central9' is not a region of Vertex; did you mean 'us-central1",
        ),
        (
            ['tune={trials: 2, parallel: 2, algorithm: hyperband, space: {dropout: [0.0, 0.1]}}'],
            r'tune\.algorithm: hyperband hands weights from trial to trial, .* valid with',
        ),
        (
            ['hardware={steps: {BulkInferrer: {cpu: 2}}}'],
            r'hardware\.steps: this pipeline has no BulkInferrer; it has: QueryExampleGen, ',
        ),
    ],
)
def test_what_vertex_would_refuse_does_not_compile(overrides: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        compiled_with(*overrides)


@pytest.mark.parametrize('name', sorted(shipped_recipes()))
def test_every_recipe_that_ships_compiles(name: str) -> None:
    overrides = ['vertex={root: "gs://bucket/sluice", image: "registry/sluice"}']
    if name in ('clothing', 'flowers'):  # their pictures are on this machine
        overrides.append('data.images=gs://bucket/pictures')
    recipe = load_recipe(shipped_recipes()[name], overrides)
    job = json.loads(compiled(recipe))
    assert 'Trainer' in tasks(job)

"""Repairs of what TFX 1.21 compiles wrongly for Vertex.

Each takes a compiled job (the dict of `pipeline.json`) and returns a repaired copy; a job that
has no such fault comes back as it was.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Job = dict[str, Any]
Tasks = dict[str, dict[str, Any]]

HTML = 'system.HTML'
"""Type of HTML artifacts, as Kubeflow Pipelines calls it."""

ENDPOINT_PUSHER = 'EndpointPusher'

DRIVER = 'components.data_driver'

READING = {'QueryExampleGen': 'query', 'BatchExampleGen': 'query', 'ImageExampleGen': 'pictures'}
"""Steps that read what is outside of the pipeline -> what, as the driver calls it."""

ENTRY_POINT_OF_PAGES = 'components.report.container'

ARTIFACT_IN_CONDITION = re.compile(r"inputs\.artifacts\['([^']+)'\]")
"""How a trigger's condition, in CEL, names an input artifact of its task."""


def repair(job: Job, defaults: Mapping[str, str | int | float]) -> Job:
    """Make all repairs.

    Args:
      job: As `KubeflowV2DagRunner` compiles it, with pipeline spec 2.1.
      defaults: Runtime parameter -> default value.

    Raises:
      ValueError: A task's condition is on an artifact that the task doesn't take.
    """
    repaired = pass_parameters(show_pages(name_producers(name_trigger_inputs(job))))
    return restore_defaults(notice_new_data(do_pushes_anew(repaired)), defaults)


def name_trigger_inputs(job: Job) -> Job:
    """Let the conditions of tasks (`Cond`) name artifacts as the tasks' inputs do.

    The compiler names them `_<producer>.<output>`, also where the task takes that artifact
    under a key of its own; Vertex finds no such input.
    """
    job = deepcopy(job)
    for tasks in _dags(job):
        for task_id, task in tasks.items():
            trigger = task.get('triggerPolicy', {})
            if 'condition' in trigger:
                taken = task['inputs']['artifacts']
                trigger['condition'] = _condition(trigger['condition'], taken, task_id)
    return job


def name_producers(job: Job) -> Job:
    """Let parameters that come from another task's output name that task.

    The compiler names it `<id>_task`; tasks are called by their ids.
    """
    job = deepcopy(job)
    for tasks in _dags(job):
        for task in tasks.values():
            for parameter in task.get('inputs', {}).get('parameters', {}).values():
                output = parameter.get('taskOutputParameter')
                if output and output['producerTask'] not in tasks:
                    output['producerTask'] = output['producerTask'].removesuffix('_task')
    return job


def restore_defaults(job: Job, defaults: Mapping[str, str | int | float]) -> Job:
    """Give the pipeline's parameters their defaults; the compiler keeps only their types."""
    job = deepcopy(job)
    parameters = job['pipelineSpec']['root'].get('inputDefinitions', {}).get('parameters', {})
    for name, value in defaults.items():
        parameters[name]['defaultValue'] = value
    return job


def pass_parameters(job: Job) -> Job:
    """Give the DAG below an exit handler the pipeline's parameters that its tasks take.

    The compiler moves the tasks into a DAG of their own, and leaves it without inputs.
    """
    job = deepcopy(job)
    spec = job['pipelineSpec']
    known = spec['root'].get('inputDefinitions', {}).get('parameters', {})
    for task in spec['root']['dag']['tasks'].values():
        component = spec['components'][task['componentRef']['name']]
        if 'dag' not in component:
            continue
        for name in sorted(_taken(component['dag']['tasks']) & known.keys()):
            declared = component.setdefault('inputDefinitions', {}).setdefault('parameters', {})
            declared.setdefault(name, {'parameterType': known[name]['parameterType']})
            given = task.setdefault('inputs', {}).setdefault('parameters', {})
            given.setdefault(name, {'componentInputParameter': name})
    return job


def do_pushes_anew(job: Job) -> Job:
    """Let what puts a model onto an endpoint run each time, though nothing it is given changed.

    What serves there is not its input; one that finds its model serving does nothing. The compiler
    turns caching on for all tasks or none.
    """
    job = deepcopy(job)
    for tasks in _dags(job):
        if ENDPOINT_PUSHER in tasks:
            tasks[ENDPOINT_PUSHER]['cachingOptions'] = {}
    return job


def notice_new_data(job: Job) -> Job:
    """Let Vertex be told whether tables or pictures changed, before it asks its cache.

    The compiler gives a driver that does so to TFX's own file-based ExampleGens only.
    """
    job = deepcopy(job)
    spec = job['pipelineSpec']
    for tasks in _dags(job):
        for name in tasks.keys() & READING.keys():
            label = spec['components'][tasks[name]['componentRef']['name']]['executorLabel']
            driver = {'command': ['python', '-m', DRIVER], 'args': [READING[name], '{{$}}']}
            container = spec['deploymentSpec']['executors'][label]['container']
            container['lifecycle'] = {'preCacheCheck': driver}
    return job


def show_pages(job: Job) -> Job:
    """Give HTML artifacts the type whose pages the console shows, and their steps a way to start.

    The compiler describes types of one's own in full, which the console takes for unknown, and
    TFX's entry point does not find the class of this one.
    """
    job = deepcopy(job)
    spec = job['pipelineSpec']
    for component in spec['components'].values():
        outputs = component.get('outputDefinitions', {}).get('artifacts', {})
        pages = [o for o in outputs.values() if _title(o['artifactType']) == HTML]
        for output in pages:
            output['artifactType'] = {'schemaTitle': HTML, 'schemaVersion': '0.0.1'}
        if pages:
            executor = spec['deploymentSpec']['executors'][component['executorLabel']]
            executor['container']['command'] = ['python', '-m', ENTRY_POINT_OF_PAGES]
    return job


def _title(artifact_type: Mapping[str, str]) -> str | None:
    lines = artifact_type.get('instanceSchema', '').splitlines()
    return next(
        (line.removeprefix('title: ') for line in lines if line.startswith('title: ')), None
    )


def _dags(job: Job) -> Iterator[Tasks]:
    """Yield the tasks of the root and of each nested DAG, by id."""
    spec = job['pipelineSpec']
    for component in (spec['root'], *spec['components'].values()):
        if 'dag' in component:
            yield component['dag']['tasks']


def _taken(tasks: Tasks) -> set[str]:
    """Return the parameters of their DAG that tasks take."""
    parameters = (
        parameter
        for task in tasks.values()
        for parameter in task.get('inputs', {}).get('parameters', {}).values()
    )
    return {p['componentInputParameter'] for p in parameters if 'componentInputParameter' in p}


def _condition(text: str, taken: Mapping[str, Any], task_id: str) -> str:
    return ARTIFACT_IN_CONDITION.sub(
        lambda found: f"inputs.artifacts['{_input_key(found[1], taken, task_id)}']", text
    )


def _input_key(named: str, taken: Mapping[str, Any], task_id: str) -> str:
    """Return the key under which a task takes the artifact that its condition names."""
    if named in taken:
        return named
    for key, source in taken.items():
        output = source['taskOutputArtifact']
        if named == f'_{output["producerTask"]}.{output["outputArtifactKey"]}':
            return key
    raise ValueError(f'{task_id}: its condition is on {named}, which is not among its inputs')

"""Small jobs, as compilers write them, and containers that are functions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.rehearsal.engine import ContainerError, Engine, Result
from pipeline.rehearsal.job import Job, parse_job
from pipeline.rehearsal.metadata import Metadata

ROOT = 'gs://bucket/root'
MODEL = {'schemaTitle': 'tfx.Model'}
BLESSING = {'instanceSchema': 'title: tfx.ModelBlessing\ntype: object\n'}


def job(
    tasks: Mapping[str, Any],
    components: Mapping[str, Any],
    executors: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
) -> Job:
    return parse_job(
        {
            'displayName': 'tiny',
            'runtimeConfig': {'gcsOutputDirectory': ROOT, 'parameterValues': dict(values or {})},
            'pipelineSpec': {
                'schemaVersion': '2.1.0',
                'pipelineInfo': {'name': 'tiny'},
                'root': {
                    'dag': {'tasks': dict(tasks)},
                    'inputDefinitions': {'parameters': dict(parameters or {})},
                },
                'components': dict(components),
                'deploymentSpec': {'executors': dict(executors)},
            },
        }
    )


def task(component: str, *after: str, cached: bool = False, **more: Any) -> dict[str, Any]:
    return {
        'componentRef': {'name': component},
        'dependentTasks': list(after),
        'cachingOptions': {'enableCache': cached},
        **more,
    }


def component(name: str, **definitions: Any) -> dict[str, Any]:
    return {'executorLabel': name, **definitions}


def makes(*outputs: str, kind: Mapping[str, str] = MODEL) -> dict[str, Any]:
    return {'artifacts': {name: {'artifactType': dict(kind)} for name in outputs}}


def container(*command: str, **more: Any) -> dict[str, Any]:
    return {'container': {'image': 'image', 'command': list(command), **more}}


def takes(producer: str, key: str) -> dict[str, Any]:
    return {'taskOutputArtifact': {'producerTask': producer, 'outputArtifactKey': key}}


class Calls:
    """Containers that do nothing, or what they are given to do; and a watcher."""

    def __init__(self, **does: Callable[[list[str]], None]) -> None:
        self.does = does
        self.commands: dict[str, list[str]] = {}
        self.times: dict[str, int] = {}
        self.results: dict[str, Result] = {}

    def run(self, task: str, command: list[str], variables: Mapping[str, str]) -> None:
        self.commands[task] = command
        self.times[task] = self.times.get(task, 0) + 1
        if task in self.does:
            self.does[task](command)

    def started(self, task: str, kind: str) -> None:
        assert task not in self.results

    def ended(self, result: Result) -> None:
        self.results[result.task] = result

    @property
    def states(self) -> dict[str, str]:
        return {name: result.state for name, result in self.results.items()}


def fails(command: list[str]) -> None:
    raise ContainerError('it is broken')


def rehearsed(
    folder: Path,
    of: Job,
    calls: Calls,
    values: Mapping[str, Any] | None = None,
    run: str = 'run-1',
    code: str = 'code',
) -> bool:
    """Run a job on a metadata store in a folder, and return whether it succeeded."""
    engine = Engine(of, run, code, Metadata(folder / 'metadata.json'), calls, at(folder), calls)
    return engine.run(values or {})


def at(folder: Path) -> Callable[[str], Path]:
    return lambda uri: folder / 'buckets' / uri.removeprefix('gs://')

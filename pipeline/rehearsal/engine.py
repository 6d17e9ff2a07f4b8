"""The engine: tasks in their order, each as Vertex executes its kind."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineTaskSpec as Task

from pipeline.rehearsal.caching import cache_key
from pipeline.rehearsal.conditions import holds
from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.executor_input import Scope, executor_input, inputs_of, upstream
from pipeline.rehearsal.job import Job
from pipeline.rehearsal.metadata import Made, Metadata
from pipeline.rehearsal.placeholders import filled, names_nothing

State = Literal['succeeded', 'cached', 'skipped', 'failed']
Kind = Literal['container', 'driver, container', 'resolver', 'importer', 'DAG']

DONE: tuple[State, ...] = ('succeeded', 'cached')
PROJECT_NUMBER = '123456789012'

_LAST = Task.TriggerPolicy.ALL_UPSTREAM_TASKS_COMPLETED


class ContainerError(Exception):
    """A container that ended with another code than 0; says why in one line."""


class Containers(Protocol):
    """Runs containers."""

    def run(self, task: str, command: list[str], variables: Mapping[str, str]) -> None:
        """Run a container to its end.

        Raises:
          ContainerError: It failed.
        """


@dataclass
class Result:
    """How a task ended.

    Attributes:
      task: its name.
      kind: how it was executed.
      state: skipped: it was not to run, as `note` says.
      seconds: wall time.
      made: its outputs.
      note: why it failed or was skipped; what a resolver has found.
    """

    task: str
    kind: Kind
    state: State = 'succeeded'
    seconds: float = 0.0
    made: Made = field(default_factory=Made)
    note: str = ''


class Watcher(Protocol):
    """Is told of tasks as they start and end."""

    def started(self, task: str, kind: Kind) -> None:
        """A task starts."""

    def ended(self, result: Result) -> None:
        """A task that had started has ended, or one is skipped."""


class Engine:
    """One run of a job."""

    def __init__(
        self,
        job: Job,
        run: str,
        code: str,
        metadata: Metadata,
        containers: Containers,
        local: Callable[[str], Path],
        watcher: Watcher,
    ) -> None:
        """Prepare a run.

        Args:
          job: What is run.
          run: Its id, a folder below the job's root.
          code: Digest of the code in the containers.
          metadata: Gets what is made, and has what was made before.
          containers: Runs them.
          local: Tells the path on this machine of a `gs://` address.
          watcher: Is told.
        """
        self._job, self._run, self._code = job, run, code
        self._metadata, self._containers = metadata, containers
        self._local, self._watcher = local, watcher

    def run(self, values: Mapping[str, Any]) -> bool:
        """Run every task that can run, and return whether none failed.

        As on Vertex, a task that fails stops only those that wait for it.

        Args:
          values: Of the pipeline's parameters.
        """
        scope = Scope(values)
        return self._dag(self._job.spec.root.dag, scope)

    def _dag(self, dag: spec_pb2.DagSpec, scope: Scope) -> bool:
        results: dict[str, Result] = {}
        for name in in_order(dag):
            task = dag.tasks[name]
            component = self._job.spec.components[task.component_ref.name]
            result = Result(name, self._kind(component))
            started = time.monotonic()
            if why := self._why_not(task, results):
                result.state, result.note = 'skipped', why
            else:
                self._watcher.started(name, result.kind)
                self._attempt(task, component, scope, result)
            result.seconds = time.monotonic() - started
            results[name] = result
            scope.made[name] = result.made
            scope.status[name] = self._status(result)
            self._watcher.ended(result)
        return all(result.state != 'failed' for result in results.values())

    def _why_not(self, task: Task, results: Mapping[str, Result]) -> str:
        if task.trigger_policy.strategy == _LAST:
            return ''
        missing = [results[name] for name in sorted(upstream(task)) if name in results]
        missing = [result for result in missing if result.state not in DONE]
        if not missing:
            return ''
        return f'{missing[0].task} {"failed" if missing[0].state == "failed" else "did not run"}'

    def _attempt(
        self,
        task: Task,
        component: spec_pb2.ComponentSpec,
        scope: Scope,
        result: Result,
    ) -> None:
        """Execute a task as often as its retry policy allows, and say how it ended."""
        for left in range(task.retry_policy.max_retry_count, -1, -1):
            try:
                self._execute(task, component, scope, result)
                return
            except (RehearsalError, ContainerError) as error:
                result.state, result.note = 'failed', str(error)
                if isinstance(error, RehearsalError) or not left:
                    return
                result.state, result.note = 'succeeded', ''

    def _execute(
        self,
        task: Task,
        component: spec_pb2.ComponentSpec,
        scope: Scope,
        result: Result,
    ) -> None:
        if task.WhichOneof('iterator'):
            raise RehearsalError('it is a loop over a list, which is not rehearsed')
        inputs = inputs_of(task, component, scope)
        folder = f'{self._job.root}/{PROJECT_NUMBER}/{self._run}'
        folder += f'/{result.task}_{uuid.uuid4().int >> 65}'
        told = executor_input(inputs, component, folder, self._metadata.name_for(''))
        condition = task.trigger_policy.condition
        if condition and not holds(condition, told.inputs):
            result.state, result.note = 'skipped', f'condition not met: {condition}'
            return
        if component.HasField('dag'):
            self._nested(component, inputs, result)
            return
        executor = self._job.executor(component)
        match executor.WhichOneof('spec'):
            case 'container':
                self._container(task, component, executor.container, told, result)
            case 'resolver':
                self._resolve(executor.resolver, told, result)
            case 'importer':
                self._import(executor.importer, told, result)
            case kind:
                raise RehearsalError(f'it is a {kind}, which is not rehearsed')

    def _nested(self, component: spec_pb2.ComponentSpec, inner: Scope, result: Result) -> None:
        if not self._dag(component.dag, inner):
            result.state, result.note = 'failed', 'a task of it failed'
            return
        for key, output in component.dag.outputs.artifacts.items():
            result.made.artifacts[key] = [
                artifact
                for selected in output.artifact_selectors
                for artifact in inner.made[selected.producer_subtask].artifacts.get(
                    selected.output_artifact_key, []
                )
            ]
        for key, parameter in component.dag.outputs.parameters.items():
            selectors = [
                parameter.value_from_parameter,
                *parameter.value_from_oneof.parameter_selectors,
            ]
            for chosen in selectors:
                made = inner.made.get(chosen.producer_subtask, Made()).parameters
                if chosen.output_parameter_key in made:
                    result.made.parameters[key] = made[chosen.output_parameter_key]
                    break

    def _container(
        self,
        task: Task,
        component: spec_pb2.ComponentSpec,
        container: spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec,
        told: spec_pb2.ExecutorInput,
        result: Result,
    ) -> None:
        self._local(told.outputs.output_file).parent.mkdir(parents=True)
        variables = {v.name: v.value for v in container.env}
        found: dict[str, Any] = {}
        if container.lifecycle.HasField('pre_cache_check'):
            driver = container.lifecycle.pre_cache_check
            command = [filled(part, told) for part in (*driver.command, *driver.args)]
            self._containers.run(f'{result.task}.driver', command, variables)
            found = self._take_from_driver(told)
        key = ''
        if task.caching_options.enable_cache:
            key = task.caching_options.cache_key or cache_key(
                self._job.name, container, self._code, told, component, found
            )
            if made := self._metadata.cached(key):
                result.state, result.made = 'cached', made
                return
        command = [filled(part, told) for part in (*container.command, *container.args)]
        self._containers.run(result.task, command, variables)
        result.made = self._made(told)
        self._metadata.add(self._job.name, result.made)
        if key:
            self._metadata.keep(key, result.made)

    def _take_from_driver(self, told: spec_pb2.ExecutorInput) -> dict[str, Any]:
        """Put what a driver has found into what the container is told, and return it."""
        output = self._output(told)
        for name, value in output.parameter_values.items():
            told.inputs.parameter_values[name].CopyFrom(value)
        for name, artifacts in output.artifacts.items():
            for artifact, update in zip(
                told.outputs.artifacts[name].artifacts, artifacts.artifacts, strict=False
            ):
                artifact.metadata.MergeFrom(update.metadata)
        return {
            name: json_format.MessageToDict(value)
            for name, value in output.parameter_values.items()
        }

    def _made(self, told: spec_pb2.ExecutorInput) -> Made:
        """Return what a container says that it made, and the files of its parameters."""
        output = self._output(told)
        made = Made({key: list(of.artifacts) for key, of in told.outputs.artifacts.items()})
        for key, updates in output.artifacts.items():
            for artifact, update in zip(
                made.artifacts.get(key, []), updates.artifacts, strict=False
            ):
                artifact.metadata.CopyFrom(update.metadata)
                artifact.uri = update.uri or artifact.uri
        for key, parameter in told.outputs.parameters.items():
            if (file := self._local(parameter.output_file)).is_file():
                made.parameters[key] = file.read_text(encoding='utf-8')
        made.parameters |= {
            key: json_format.MessageToDict(value)
            for key, value in output.parameter_values.items()
            if key in told.outputs.parameters
        }
        return made

    def _output(self, told: spec_pb2.ExecutorInput) -> spec_pb2.ExecutorOutput:
        file = self._local(told.outputs.output_file)
        output = spec_pb2.ExecutorOutput()
        if file.is_file():
            try:
                json_format.Parse(file.read_text(encoding='utf-8'), output)
            except json_format.ParseError as error:
                raise RehearsalError(
                    f'{told.outputs.output_file}: Vertex could not read it: {error}'
                ) from None
        return output

    def _resolve(
        self,
        resolver: spec_pb2.PipelineDeploymentConfig.ResolverSpec,
        told: spec_pb2.ExecutorInput,
        result: Result,
    ) -> None:
        for key, query in resolver.output_artifact_queries.items():
            found = []
            if not names_nothing(query.filter, told):
                condition = filled(query.filter, told)
                found = self._metadata.query(self._job.name, condition, query.limit)
            result.made.artifacts[key] = found
        uris = [a.uri for found in result.made.artifacts.values() for a in found]
        runs = f'{self._job.root}/{PROJECT_NUMBER}/'
        result.note = ', '.join(uri.removeprefix(runs) for uri in uris) or 'none yet'

    def _import(
        self,
        importer: spec_pb2.PipelineDeploymentConfig.ImporterSpec,
        told: spec_pb2.ExecutorInput,
        result: Result,
    ) -> None:
        uri = importer.artifact_uri
        if uri.WhichOneof('value') == 'runtime_parameter':
            value = told.inputs.parameter_values[uri.runtime_parameter].string_value
        else:
            value = uri.constant.string_value or uri.constant_value.string_value
        for key, of in told.outputs.artifacts.items():
            artifact = of.artifacts[0]
            artifact.uri = value
            artifact.type.CopyFrom(importer.type_schema)
            artifact.metadata.MergeFrom(importer.metadata)
            result.made.artifacts[key] = [artifact]
        self._metadata.add(self._job.name, result.made)
        result.note = value

    def _kind(self, component: spec_pb2.ComponentSpec) -> Kind:
        if component.HasField('dag'):
            return 'DAG'
        executor = self._job.executor(component)
        if executor.container.lifecycle.HasField('pre_cache_check'):
            return 'driver, container'
        match executor.WhichOneof('spec'):
            case 'resolver':
                return 'resolver'
            case 'importer':
                return 'importer'
            case _:
                return 'container'

    def _status(self, result: Result) -> dict[str, Any]:
        """Return a task's final status, as an exit handler gets it."""
        status: dict[str, Any] = {
            'state': 'SUCCEEDED' if result.state in DONE else result.state.upper(),
            'pipelineJobResourceName': f'projects/{PROJECT_NUMBER}/locations/local/pipelineJobs/'
            f'{self._run}',
            'pipelineTaskName': result.task,
        }
        if result.state == 'failed':
            status['error'] = {'code': 9, 'message': result.note}
        return status


def in_order(dag: spec_pb2.DagSpec) -> list[str]:
    """Return the tasks of a DAG, each after those that it waits for.

    Raises:
      RehearsalError: It waits for one that is not there, or for itself.
    """
    waiting = {name: upstream(task) for name, task in dag.tasks.items()}
    for name, others in sorted(waiting.items()):
        if unknown := sorted(others - waiting.keys()):
            raise RehearsalError(f'task {name} waits for {unknown[0]}, which is no task')
    ordered: list[str] = []
    while waiting:
        ready = sorted(name for name, others in waiting.items() if others <= {*ordered})
        if not ready:
            raise RehearsalError(f'tasks wait for each other: {", ".join(sorted(waiting))}')
        ordered.append(ready[0])
        del waiting[ready[0]]
    return ordered

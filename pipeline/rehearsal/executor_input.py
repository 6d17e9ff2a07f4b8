"""What a task is told: its inputs, and where its outputs go."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineTaskSpec as Task

from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.metadata import Made

OUTPUT_FILE = 'executor_output.json'


@dataclass
class Scope:
    """What the tasks of one DAG can take from.

    Attributes:
      parameters: of the DAG itself.
      artifacts: of the DAG itself.
      made: by its tasks so far.
      status: by task, as an exit handler gets it.
    """

    parameters: Mapping[str, Any]
    artifacts: Mapping[str, list[spec_pb2.RuntimeArtifact]] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)
    status: dict[str, dict[str, Any]] = field(default_factory=dict)


def inputs_of(task: Task, component: spec_pb2.ComponentSpec, scope: Scope) -> Scope:
    """Return the inputs of a task, as the scope that they are if it is a DAG.

    Raises:
      RehearsalError: It takes what there is not, or lacks what its component needs.
    """
    parameters = {
        name: json_format.MessageToDict(spec.default_value)
        for name, spec in component.input_definitions.parameters.items()
        if spec.HasField('default_value')
    }
    parameters |= {n: _parameter(n, p, scope) for n, p in task.inputs.parameters.items()}
    artifacts = {name: _artifacts(name, a, scope) for name, a in task.inputs.artifacts.items()}
    for name, spec in component.input_definitions.parameters.items():
        if name not in parameters and not spec.is_optional:
            raise RehearsalError(f'parameter {name} is given no value, and has no default')
    return Scope(parameters, artifacts)


def executor_input(
    inputs: Scope, component: spec_pb2.ComponentSpec, folder: str, name_prefix: str
) -> spec_pb2.ExecutorInput:
    """Return what a container is told.

    Args:
      inputs: Of the task.
      component: What it is an instance of.
      folder: Of the task, `gs://…/<task>_<number>`.
      name_prefix: Of its artifacts' resource names; the output's key makes it whole.
    """
    told = spec_pb2.ExecutorInput()
    for name, value in inputs.parameters.items():
        json_format.ParseDict(value, told.inputs.parameter_values[name])
    for name, artifacts in inputs.artifacts.items():
        told.inputs.artifacts[name].artifacts.extend(artifacts)
    for name, spec in component.output_definitions.artifacts.items():
        made = told.outputs.artifacts[name].artifacts.add()
        made.name = f'{name_prefix}{uuid.uuid4().int >> 65}'
        made.uri = f'{folder}/{name}'
        made.type.CopyFrom(spec.artifact_type)
        made.metadata.CopyFrom(spec.metadata)
    for name in component.output_definitions.parameters:
        told.outputs.parameters[name].output_file = f'{folder}/{name}'
    told.outputs.output_file = f'{folder}/{OUTPUT_FILE}'
    return told


def upstream(task: Task) -> set[str]:
    """Return the tasks that a task waits for."""
    artifacts = (a.task_output_artifact.producer_task for a in task.inputs.artifacts.values())
    parameters = (
        p.task_output_parameter.producer_task or p.task_final_status.producer_task
        for p in task.inputs.parameters.values()
    )
    return {*task.dependent_tasks, *artifacts, *parameters} - {''}


def _parameter(name: str, given: Any, scope: Scope) -> Any:
    match given.WhichOneof('kind'):
        case 'runtime_value':
            return json_format.MessageToDict(given.runtime_value.constant)
        case 'component_input_parameter':
            of_dag = given.component_input_parameter
            if of_dag not in scope.parameters:
                raise RehearsalError(
                    f'parameter {name} is to be {of_dag} of the DAG, which has no such input'
                )
            return scope.parameters[of_dag]
        case 'task_output_parameter':
            source = given.task_output_parameter
            made = scope.made[source.producer_task].parameters
            if source.output_parameter_key not in made:
                raise RehearsalError(
                    f'parameter {name} is to be {source.output_parameter_key} of '
                    f'{source.producer_task}, which made no such output'
                )
            return made[source.output_parameter_key]
        case 'task_final_status':
            return scope.status[given.task_final_status.producer_task]
        case kind:
            raise RehearsalError(f'parameter {name} comes from {kind}, which is not rehearsed')


def _artifacts(name: str, given: Any, scope: Scope) -> list[spec_pb2.RuntimeArtifact]:
    if given.WhichOneof('kind') == 'component_input_artifact':
        of_dag = given.component_input_artifact
        if of_dag not in scope.artifacts:
            raise RehearsalError(
                f'artifact {name} is to be {of_dag} of the DAG, which has no such input'
            )
        return scope.artifacts[of_dag]
    source = given.task_output_artifact
    made = scope.made[source.producer_task].artifacts
    if source.output_artifact_key not in made:
        raise RehearsalError(
            f'artifact {name} is to be {source.output_artifact_key} of {source.producer_task}, '
            'which made no such output'
        )
    return made[source.output_artifact_key]

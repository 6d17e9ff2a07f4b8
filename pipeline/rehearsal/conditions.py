"""Conditions of tasks: CEL over what a task takes."""

from typing import Any

import celpy
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from pipeline.rehearsal.errors import RehearsalError


def holds(condition: str, inputs: spec_pb2.ExecutorInput.Inputs) -> bool:
    """Evaluate a condition.

    Args:
      condition: CEL, as Vertex evaluates it: `inputs.artifacts['blessing'].artifacts[0]
        .metadata['blessed'] == 1.0`. Numbers are doubles, as in a `Struct`.
      inputs: Of the task.

    Raises:
      RehearsalError: It can't be read, names what is not there, or is not true or false.
    """
    variables = {
        'artifacts': {
            key: {'artifacts': [_artifact(a) for a in of_key.artifacts]}
            for key, of_key in inputs.artifacts.items()
        },
        'parameter_values': {
            key: json_format.MessageToDict(value) for key, value in inputs.parameter_values.items()
        },
    }
    environment = celpy.Environment()
    try:
        program = environment.program(environment.compile(condition))
        found = program.evaluate({'inputs': celpy.json_to_cel(_doubles(variables))})
    except (celpy.CELParseError, celpy.CELEvalError) as error:
        has = ', '.join(sorted([*inputs.artifacts, *inputs.parameter_values])) or 'none'
        why = 'is no CEL'
        if isinstance(error, celpy.CELEvalError):
            why = 'names what is not there, or compares a number that is not a double, like 1.0'
        raise RehearsalError(f'condition {condition}: {why}; inputs of the task: {has}') from None
    if not isinstance(found, celpy.celtypes.BoolType):
        raise RehearsalError(f'condition {condition}: is {found!r}, which is not true or false')
    return bool(found)


def _artifact(artifact: spec_pb2.RuntimeArtifact) -> dict[str, Any]:
    return {
        'name': artifact.name,
        'uri': artifact.uri,
        'metadata': json_format.MessageToDict(artifact.metadata),
    }


def _doubles(value: Any) -> Any:
    """Make numbers what CEL takes the values of a `Struct` for, whole ones too."""
    if isinstance(value, dict):
        return {key: _doubles(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_doubles(inner) for inner in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

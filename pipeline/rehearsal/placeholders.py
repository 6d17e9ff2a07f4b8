"""Placeholders in commands and queries: `{{$}}`, `{{$.inputs.artifacts['model'].uri}}` and such."""

import json
import re
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from pipeline.rehearsal.errors import RehearsalError

_PLACEHOLDER = re.compile(r'\{\{\$(?P<path>.*?)\}\}')
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<quote>['\"])(?P<key>.*?)(?P=quote)\]")


def filled(text: str, executor_input: spec_pb2.ExecutorInput) -> str:
    """Return a text with its placeholders replaced.

    Raises:
      RehearsalError: One names what the task doesn't have.
    """
    return _PLACEHOLDER.sub(lambda found: _value(found[0], found['path'], executor_input), text)


def names_nothing(text: str, executor_input: spec_pb2.ExecutorInput) -> bool:
    """Whether a text names an input artifact that there is none of, as of an empty query."""
    named = [_steps(found[0], found['path']) for found in _PLACEHOLDER.finditer(text)]
    inputs = executor_input.inputs.artifacts
    return any(
        steps[:2] == ['inputs', 'artifacts'] and not inputs[steps[2]].artifacts
        for steps in named
        if len(steps) > 2
    )


def _value(shown: str, path: str, executor_input: spec_pb2.ExecutorInput) -> str:
    if not path:
        return json_format.MessageToJson(executor_input, indent=None)
    match _steps(shown, path):
        case ['outputs', 'output_file']:
            return executor_input.outputs.output_file
        case ['inputs', 'parameters', key] if key in executor_input.inputs.parameter_values:
            return _text(json_format.MessageToDict(executor_input.inputs.parameter_values[key]))
        case ['outputs', 'parameters', key, 'output_file'] if (
            key in executor_input.outputs.parameters
        ):
            return executor_input.outputs.parameters[key].output_file
        case ['inputs' | 'outputs' as side, 'artifacts', key, *rest]:
            return _of_artifact(shown, getattr(executor_input, side).artifacts, key, rest)
    raise RehearsalError(f'{shown}: names nothing that the task has')


def _of_artifact(shown: str, artifacts: Any, key: str, rest: list[str]) -> str:
    if key not in artifacts or not artifacts[key].artifacts:
        raise RehearsalError(f'{shown}: the task has no artifact {key!r}')
    artifact = artifacts[key].artifacts[0]
    match rest:
        case ['uri' | 'name' as attribute]:
            return str(getattr(artifact, attribute))
        case ['metadata' | 'properties', name]:
            metadata = json_format.MessageToDict(artifact.metadata)
            if name in metadata:
                return _text(metadata[name])
    raise RehearsalError(f'{shown}: artifact {key!r} has no such thing')


def _steps(shown: str, path: str) -> list[str]:
    steps = [found['name'] or found['key'] for found in _STEP.finditer(path)]
    if ''.join(found[0] for found in _STEP.finditer(path)) != path:
        raise RehearsalError(f'{shown}: is no placeholder')
    return steps


def _text(value: Any) -> str:
    """Return a value as Vertex writes it: text as it is, whole numbers without a point."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value)

"""Values of a pipeline's parameters: defaults, those of the job, and those given for this run."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.job import Job
from pipeline.suggest import nearest

_Type = spec_pb2.ParameterType
_NAMES = {
    _Type.NUMBER_DOUBLE: 'a number',
    _Type.NUMBER_INTEGER: 'a whole number',
    _Type.STRING: 'text',
    _Type.BOOLEAN: 'true or false',
    _Type.LIST: 'a list, as JSON',
    _Type.STRUCT: 'an object, as JSON',
}


def parameter_values(job: Job, given: Sequence[str]) -> dict[str, Any]:
    """Return the value of each parameter of a job.

    Args:
      job: Whose `root.inputDefinitions` says which there are.
      given: `NAME=VALUE` each; over what the job sets, which is over the defaults.

    Raises:
      RehearsalError: One has no value, is not known, or not of its type.
    """
    specs = job.spec.root.input_definitions.parameters
    values: dict[str, Any] = {
        name: json_format.MessageToDict(spec.default_value)
        for name, spec in specs.items()
        if spec.HasField('default_value')
    }
    for name in job.values:
        _known(f'runtimeConfig.parameterValues.{name}', name, specs)
    values |= job.values
    for text in given:
        name, equals, value = text.partition('=')
        if not equals:
            raise RehearsalError(f'--param {text}: write NAME=VALUE')
        _known(f'--param {text}', name, specs)
        values[name] = _parsed(text, value, specs[name].parameter_type)
    lacking = sorted(n for n, spec in specs.items() if n not in values and not spec.is_optional)
    if lacking:
        raise RehearsalError(
            f'pipeline parameter {lacking[0]} has no default and no value; give it one: '
            f'--param {lacking[0]}=VALUE'
        )
    return values


def _known(where: str, name: str, specs: Mapping[str, Any]) -> None:
    if not specs:
        raise RehearsalError(f'{where}: the pipeline has no parameters')
    if name not in specs:
        raise RehearsalError(f'{where}: is no parameter; {nearest(name, sorted(specs))}')


def _parsed(text: str, value: str, kind: int) -> Any:
    try:
        match kind:
            case _Type.NUMBER_DOUBLE:
                return float(value)
            case _Type.NUMBER_INTEGER:
                return int(value)
            case _Type.BOOLEAN:
                return {'true': True, 'false': False}[value.lower()]
            case _Type.LIST | _Type.STRUCT:
                parsed = json.loads(value)
                if not isinstance(parsed, list if kind == _Type.LIST else dict):
                    raise ValueError
                return parsed
            case _:
                return value
    except (ValueError, KeyError):
        raise RehearsalError(f'--param {text}: must be {_NAMES[kind]}, not {value!r}') from None

"""What a recipe asks of Google Cloud, held against the types of Google's own API."""

from collections.abc import Iterator
from typing import Any

from google.cloud.aiplatform.constants.base import SUPPORTED_REGIONS
from google.cloud.aiplatform_v1.types import (
    AcceleratorType,
    CustomJob,
    EncryptionSpec,
    MachineSpec,
    PipelineJob,
)

from pipeline.recipe import Recipe
from pipeline.suggest import did_you_mean
from pipeline.vertex_settings import Vertex


def check_vertex(vertex: Vertex, recipe: Recipe) -> None:
    """Check region, machines, and what a run is submitted with.

    Raises:
      ValueError: The API knows something of it not, or not so; the first word is the key path.
    """
    if vertex.region not in SUPPORTED_REGIONS:
        known = sorted(SUPPORTED_REGIONS)
        raise ValueError(
            f'vertex.region: {vertex.region!r} is not a region of Vertex; '
            f'{did_you_mean(vertex.region, known)}valid: {", ".join(known)}'
        )
    for key, machines in (
        ('hardware.trainer', recipe.hardware.of_trainer()),
        ('hardware.tuner', recipe.hardware.of_tuner()),
    ):
        name = machines.accelerator
        if name is not None and name not in AcceleratorType.__members__:
            raise ValueError(
                f'{key}.accelerator: {name!r} is not known to the installed google-cloud-aiplatform'
                f'; valid: {", ".join(list(AcceleratorType.__members__)[1:])}'
            )
        _parsed(
            key, MachineSpec, {'machine_type': machines.machine_type, 'accelerator_type': name or 0}
        )
    encryption = {'kms_key_name': vertex.encryption_key} if vertex.encryption_key else {}
    _parsed('vertex.encryption_key', EncryptionSpec, encryption)
    run = {'labels': dict(vertex.labels), 'network': vertex.network or '',
           'service_account': vertex.service_account or ''}  # fmt: skip
    _parsed('vertex', PipelineJob, run)


def check_jobs(configs: dict[str, dict[str, Any]]) -> None:
    """Check the CustomJobs of steps.

    Args:
      configs: Key path of what a job comes from -> the `custom_config` that may hold it.

    Raises:
      ValueError: A job is not as the API has it; the first word is the key path.
    """
    for key, config in configs.items():
        for job in _jobs(config):
            _parsed(key, CustomJob, {name: v for name, v in job.items() if name != 'project'})


def _jobs(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ('ai_platform_training_args', 'ai_platform_tuning_args'):
        if key in config:
            yield config[key]


def _parsed(key: str, message: Any, value: dict[str, Any]) -> None:
    try:
        message(value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        told = ' '.join(str(error).split())
        raise ValueError(f'{key}: not as Vertex takes it: {told}') from None

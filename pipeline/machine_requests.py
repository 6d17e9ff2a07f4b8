"""What Trainer, Tuner and other steps ask of Vertex, from a recipe's `hardware`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from tfx.dsl.components.base.base_node import BaseNode

from models.devices import Devices
from pipeline.recipe import Recipe
from pipeline.vertex_settings import Vertex
from pipeline.worker_pools import (
    Job,
    ResourceSpec,
    custom_job,
    machine_resources,
    step_resources,
)

JOB_KEYS = {'trainer': 'ai_platform_training_args', 'tuner': 'ai_platform_tuning_args'}
"""Under which key of `custom_config` TFX looks for a job, and for where it runs."""

ENABLE_VERTEX_KEY = 'ai_platform_enable_vertex'
REGION_KEY = 'ai_platform_vertex_region'


@dataclass(frozen=True)
class MachineRequest:
    """How a step gets its machines.

    Attributes:
      devices: What they have; None: this machine's, whatever it has.
      resources: What its container is to have; None: what Vertex gives.
      job: The job that it starts; None: it runs in its container.
      in_config: What `custom_config` says of the job.
    """

    devices: Devices | None = None
    resources: ResourceSpec | None = None
    job: Job | None = None
    in_config: dict[str, Any] = field(default_factory=dict)


def request_for(
    step: Literal['trainer', 'tuner'], recipe: Recipe, vertex: Vertex | None
) -> MachineRequest:
    """Return how a step gets the machines that a recipe says.

    Args:
      step: Which.
      recipe: The job.
      vertex: Where on Google Cloud it runs; None: on this machine.

    Raises:
      ValueError: What a job needs is missing; the first word is the key path.
    """
    if vertex is None:
        return MachineRequest()
    hardware = recipe.hardware
    machines = hardware.of_trainer() if step == 'trainer' else hardware.of_tuner()
    replicas = recipe.tune.parallel if step == 'tuner' else machines.workers
    if replicas == 1 and not machines.needs_job:
        return MachineRequest(machines.devices, machine_resources(machines))
    job = custom_job(f'{recipe.name}-{step}', machines, replicas, vertex)
    in_config = {JOB_KEYS[step]: job, ENABLE_VERTEX_KEY: True, REGION_KEY: vertex.region}
    return MachineRequest(machines.devices, job=job, in_config=in_config)


def resources_of_steps(steps: Iterable[BaseNode], recipe: Recipe, vertex: Vertex | None) -> None:
    """Let steps ask Vertex for the CPUs and the memory that a recipe gives them.

    Raises:
      ValueError: The pipeline has no such step; the first word is the key path.
    """
    if vertex is None:
        return
    by_id = {step.id: step for step in steps}
    for name, resources in recipe.hardware.steps.items():
        if name not in by_id:
            raise ValueError(
                f'hardware.steps: this pipeline has no {name}; it has: {", ".join(by_id)}'
            )
        by_id[name].with_platform_config(step_resources(resources))

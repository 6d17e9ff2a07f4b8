"""What is asked of Vertex for a step's machines: resources of its container, or a CustomJob."""

from typing import Any, TypeAlias

from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineDeploymentConfig

from pipeline.hardware_settings import Machines, Resources
from pipeline.machines import MACHINES
from pipeline.vertex_settings import Vertex

ResourceSpec: TypeAlias = PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec

Job = dict[str, Any]
"""A CustomJob, with the project beside it, as TFX's runners of jobs take it."""


def step_resources(resources: Resources) -> ResourceSpec:
    """Return what a step's container is to have; 0 stands for what Vertex gives."""
    return ResourceSpec(cpu_limit=resources.cpu or 0, memory_limit=resources.memory or 0)


def machine_resources(machines: Machines) -> ResourceSpec | None:
    """Return the resources of a container that has one machine to itself.

    Args:
      machines: One that needs no job.

    Returns:
      None, if nothing is asked for.
    """
    if machines.machine is None and machines.accelerator is None:
        return None
    machine = MACHINES[machines.machine_type]
    spec = ResourceSpec(cpu_limit=machine.cpus, memory_limit=machine.memory)
    if machines.accelerator:
        spec.accelerator.type = machines.accelerator
        spec.accelerator.count = machines.count
    return spec


def custom_job(name: str, machines: Machines, replicas: int, vertex: Vertex) -> Job:
    """Return the CustomJob of a step.

    Args:
      name: What people see.
      machines: All replicas have the same.
      replicas: How many machines: the chief, and workers in a pool of their own.
      vertex: As whom and under which key it runs.

    Raises:
      ValueError: No project is given, which a job must know; the first word is the key path.
    """
    if vertex.project is None:
        raise ValueError(
            'vertex.project: is required where hardware or tune.parallel make a job of '
            f'its own of a step ({name})'
        )
    counts = [1, replicas - 1] if replicas > 1 else [1]
    spec: dict[str, Any] = {'worker_pool_specs': [_pool(machines, n, vertex.image) for n in counts]}
    scheduling: dict[str, Any] = {}
    if machines.spot:
        scheduling['strategy'] = 'SPOT'
    if machines.workers > 1:
        # One that comes back alone finds no others; together they go on from the last epoch.
        scheduling['restart_job_on_worker_restart'] = True
    if scheduling:
        spec['scheduling'] = scheduling
    for key in ('service_account', 'network'):
        if value := getattr(vertex, key):
            spec[key] = value
    job: Job = {'project': vertex.project, 'display_name': name, 'job_spec': spec}
    if vertex.labels:
        job['labels'] = dict(vertex.labels)
    if vertex.encryption_key:
        job['encryption_spec'] = {'kms_key_name': vertex.encryption_key}
    return job


def _pool(machines: Machines, replicas: int, image: str) -> dict[str, Any]:
    machine: dict[str, Any] = {'machine_type': machines.machine_type}
    if machines.devices.kind == 'tpu' and machines.tpu_topology:
        machine['tpu_topology'] = machines.tpu_topology
    elif machines.accelerator:
        machine |= {'accelerator_type': machines.accelerator, 'accelerator_count': machines.count}
    # TFX's default image, for a pool that names none, has nothing of ours.
    pool = {
        'machine_spec': machine,
        'replica_count': replicas,
        'container_spec': {'image_uri': image},
    }
    if machines.disk:
        pool['disk_spec'] = {
            'boot_disk_type': machines.disk.kind,
            'boot_disk_size_gb': machines.disk.gb,
        }
    return pool

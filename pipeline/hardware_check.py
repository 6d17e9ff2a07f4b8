"""Whether the machines that a recipe names exist on Vertex and fit each other."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipeline.hardware_settings import Machines
from pipeline.machines import ACCELERATORS, CLOUD_TPU, MACHINES
from pipeline.suggest import did_you_mean

if TYPE_CHECKING:
    from pipeline.recipe import Recipe

STEPS = (
    'NewDataGate', 'QueryExampleGen', 'ImageExampleGen', 'StatisticsGen', 'SchemaGen',
    'ImportSchemaGen', 'ExampleValidator', 'DataGate', 'Transform', 'Evaluator', 'ServingGate',
    'Pusher', 'EndpointPusher', 'BatchExampleGen', 'BulkInferrer', 'PredictionTable', 'Report',
)  # fmt: skip
"""Steps whose CPUs and memory may be asked for."""


def check_hardware(recipe: 'Recipe') -> None:
    """Check the machines of a recipe.

    Raises:
      ValueError: They can't be had; the first word is the key path.
    """
    hardware = recipe.hardware
    for step in hardware.steps:
        if step in ('Trainer', 'Tuner'):
            raise ValueError(
                f'hardware.steps: the machines of {step} are under hardware.{step.lower()}'
            )
        if step not in STEPS:
            raise ValueError(f'hardware.steps: {step!r} is not a step{_valid(step, STEPS)}')
    _check('hardware', Machines(**{n: getattr(hardware, n) for n in Machines.model_fields}))
    for key, own, machines in (
        ('hardware.trainer', hardware.trainer, hardware.of_trainer()),
        ('hardware.tuner', hardware.tuner, hardware.of_tuner()),
    ):
        if own is not None:
            _check(key, machines)
    _check_batch(recipe)
    _check_tuner(recipe)


def _check(path: str, machines: Machines) -> None:
    name, machine = machines.accelerator, machines.machine
    if name is not None and name not in ACCELERATORS:
        raise ValueError(
            f'{path}.accelerator: {name!r} is not an accelerator of Vertex'
            f'{_valid(name, ACCELERATORS)}'
        )
    if machine is not None and machine not in MACHINES and machine != CLOUD_TPU:
        raise ValueError(
            f'{path}.machine: {machine!r} is not a machine type of Vertex'
            f'{_valid(machine, MACHINES)}'
        )
    if name is None:
        _check_without_accelerator(path, machines)
        return
    fitting = ACCELERATORS[name].machines
    if machine is not None and machine not in fitting:
        raise ValueError(f'{path}.machine: {machine!r} takes no {name}; valid: {_listed(fitting)}')
    counts = fitting[machine] if machine else sorted({n for c in fitting.values() for n in c})
    if machines.count not in counts:
        of = f'{machine} takes' if machine else 'machines take'
        raise ValueError(
            f'{path}.count: {machines.count} x {name}: {of} {_either(counts)} of them; valid: '
            f'{_listed(map(str, counts))}'
        )
    if machines.topology is not None:
        _check_topology(path, machines)
    if ACCELERATORS[name].kind == 'tpu' and machines.workers > 1:
        raise ValueError(
            f'{path}.workers: {machines.workers} of TPUs are not supported; take a larger machine'
        )


def _check_without_accelerator(path: str, machines: Machines) -> None:
    machine = machines.machine
    if machine == CLOUD_TPU:
        raise ValueError(f'{path}.accelerator: {machine} is of TPU_V2 or TPU_V3; say which')
    built_in = MACHINES[machine].accelerator if machine else None
    if built_in:
        raise ValueError(
            f'{path}.accelerator: {machine} comes with {built_in}; say so: accelerator: {built_in}'
        )
    if machines.count > 1:
        raise ValueError(
            f'{path}.count: {machines.count} of no accelerator; name one, or leave out'
        )
    if machines.topology:
        raise ValueError(f'{path}.topology: {machines.topology!r} is of TPUs; there are none')


def _check_topology(path: str, machines: Machines) -> None:
    valid = machines.tpu_topology
    if valid is None:
        raise ValueError(
            f'{path}.topology: {machines.topology!r}: {machines.accelerator} has none to choose; '
            'leave it out'
        )
    if machines.topology != valid:
        raise ValueError(
            f'{path}.topology: {machines.topology!r} is not that of {machines.machine_type}; '
            f'valid: {valid}'
        )


def _check_batch(recipe: 'Recipe') -> None:
    """Check that a batch is shared evenly; else replicas would weigh rows differently."""
    devices = recipe.hardware.of_trainer().devices
    replicas = devices.count * devices.workers
    rows = recipe.train.batch_size
    if rows % replicas:
        raise ValueError(
            f'train.batch_size: {rows} rows are not shared evenly by {replicas} devices '
            f'({devices.in_words}); valid: multiples of {replicas}'
        )


def _check_tuner(recipe: 'Recipe') -> None:
    tune = recipe.tune
    if not tune.trials:
        return
    if recipe.hardware.of_tuner().workers > 1:
        raise ValueError(
            'hardware.tuner.workers: a trial trains on one machine; for trials at the same time '
            'give tune.parallel'
        )


def check_search(recipe: 'Recipe') -> None:
    """Check that the trials of a search can be on several machines of Vertex.

    Raises:
      ValueError: They can't; the first word is the key path.
    """
    tune = recipe.tune
    if tune.trials and tune.parallel > 1 and tune.algorithm == 'hyperband':
        raise ValueError(
            'tune.algorithm: hyperband hands weights from trial to trial, and machines of Vertex '
            'share none; valid with tune.parallel: random, bayesian'
        )


def _valid(name: str, known: Iterable[str]) -> str:
    """Say which name is nearest, and list them all."""
    names = list(known)
    part = [n for n in names if name.lower() in n.lower()]
    hint = did_you_mean(name, names) or (f'did you mean {part[0]!r}? ' if part else '')
    return f'; {hint}valid: {_listed(names)}'


def _listed(names: Iterable[str]) -> str:
    return ', '.join(names)


def _either(counts: Iterable[int]) -> str:
    *first, last = map(str, counts)
    return f'{", ".join(first)} or {last}' if first else last

"""Which machines a pipeline's steps run on, on Vertex."""

from typing import Literal

from pydantic import Field

from models.devices import Devices
from pipeline.machines import ACCELERATORS, MACHINES, TOPOLOGIES
from transforms.features import Settings

DEFAULT_MACHINE = 'n1-standard-8'
"""Where no machine is named, and no accelerator that decides it."""


class Disk(Settings):
    """Boot disk of a machine."""

    kind: Literal['pd-ssd', 'pd-standard', 'hyperdisk-balanced'] = Field(
        'pd-ssd', description='Type of disk.'
    )
    gb: int = Field(100, ge=100, le=64000, description='Size in gigabytes.')


class Machines(Settings):
    """The machines of one step.

    One machine, with GPUs or without, is asked of Vertex for the step itself; several workers,
    TPUs, spot machines and a disk of one's own make the step start a CustomJob.
    """

    machine: str | None = Field(
        None,
        description='Machine type: n1-standard-8, g2-standard-8, …; null: the smallest that has '
        f'the accelerators, or without any {DEFAULT_MACHINE} where one must be named.',
    )
    accelerator: str | None = Field(
        None,
        description='Accelerator, by its name on Vertex: NVIDIA_TESLA_T4, NVIDIA_L4, '
        'TPU_V5_LITEPOD, …; null: none.',
    )
    count: int = Field(1, ge=1, description='Accelerators of each machine.')
    workers: int = Field(
        1, ge=1, le=64, description='Machines that train together, each on its share of a batch.'
    )
    topology: str | None = Field(
        None, pattern=r'^\d+x\d+$', description='Arrangement of the chips of a TPU v5e: 2x2.'
    )
    spot: bool = Field(
        False,
        description='Take machines that may be withdrawn, at a fraction of the price; training '
        'goes on from its last epoch.',
    )
    disk: Disk | None = Field(None, description="Boot disk; null: Vertex's, 100 GB.")

    @property
    def machine_type(self) -> str:
        """The machine type, chosen if none is named."""
        if self.machine or not self.accelerator:
            return self.machine or DEFAULT_MACHINE
        fitting = [
            name
            for name, counts in ACCELERATORS[self.accelerator].machines.items()
            if self.count in counts
        ]
        # Two CPUs do not keep a GPU busy.
        enough = [n for n in fitting if n not in MACHINES or MACHINES[n].cpus >= 4]
        return min(enough, key=lambda name: MACHINES[name].cpus if name in MACHINES else 0)

    @property
    def tpu_topology(self) -> str | None:
        """The arrangement of a TPU's chips, which follows from the machine."""
        return TOPOLOGIES.get(self.machine_type)

    @property
    def devices(self) -> Devices:
        """What a training on them has to know."""
        if self.accelerator is None:
            return Devices(workers=self.workers)
        known = ACCELERATORS[self.accelerator]
        return Devices(
            accelerator=self.accelerator,
            kind=known.kind,
            count=self.count,
            workers=self.workers,
            precision=known.precision,
        )

    @property
    def needs_job(self) -> bool:
        """Whether a step of the pipeline itself cannot have them."""
        tpu = self.accelerator is not None and ACCELERATORS[self.accelerator].kind == 'tpu'
        return self.workers > 1 or self.spot or self.disk is not None or tpu


class Resources(Settings):
    """What a step is given that neither trains nor tunes."""

    cpu: int | None = Field(None, ge=1, le=96, description='CPUs.')
    memory: int | None = Field(None, ge=1, le=624, description='Gigabytes of memory.')


class Hardware(Machines):
    """Machines of Trainer and Tuner on Vertex; on this machine training takes what there is.

    From it follow how training is distributed (one device, several of one machine, several
    machines, a TPU), the precision unless `train.precision` says, and what is asked of Vertex.
    """

    trainer: Machines | None = Field(
        None,
        description="Trainer's, where they differ: each key that is given; another accelerator "
        'comes with its own machine, count and topology.',
    )
    tuner: Machines | None = Field(None, description="Tuner's, in the same way; of each trial.")
    steps: dict[str, Resources] = Field(
        default_factory=dict,
        description='CPUs and memory of other steps, by name: '
        '`{Transform: {cpu: 16, memory: 64}}`; by default what Vertex gives.',
    )

    def of_trainer(self) -> Machines:
        """Return Trainer's machines."""
        return self._of(self.trainer)

    def of_tuner(self) -> Machines:
        """Return Tuner's machines; a trial has one, so workers are not taken from Trainer's."""
        machines = self._of(self.tuner)
        if self.tuner is None or 'workers' not in self.tuner.model_fields_set:
            return machines.model_copy(update={'workers': 1})
        return machines

    def _of(self, own: Machines | None) -> Machines:
        shared = {name: getattr(self, name) for name in Machines.model_fields}
        given = {name: getattr(own, name) for name in own.model_fields_set} if own else {}
        if given.get('accelerator', self.accelerator) != self.accelerator:
            for name in ('machine', 'count', 'topology'):
                del shared[name]
        return Machines(**(shared | given))

"""What a training was given to run on; imports nothing slow."""

from typing import Literal

from pydantic import Field

from transforms.features import Settings

Precision = Literal['float32', 'mixed_bfloat16', 'mixed_float16']


class Devices(Settings):
    """What the machines have that a training runs on; travels as `custom_config`."""

    accelerator: str | None = Field(None, description='Its name on Vertex; None: CPUs alone.')
    kind: Literal['cpu', 'gpu', 'tpu'] = 'cpu'
    count: int = Field(1, ge=1, description='Accelerators of each worker.')
    workers: int = Field(1, ge=1, description='Machines that train one model together.')
    precision: Precision = Field('float32', description='Policy that is fastest on them.')

    @property
    def in_words(self) -> str:
        """Name what there is."""
        each = f'{self.count} x {self.accelerator}' if self.accelerator else 'CPUs'
        return f'{self.workers} workers with {each}' if self.workers > 1 else each

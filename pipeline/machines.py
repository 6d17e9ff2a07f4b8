"""Which machines and accelerators Vertex has for training, and which go together.

The names of accelerators are those of `aiplatform_v1.AcceleratorType`, which a test holds this
against; sizes and pairs are from Google's page "Configure compute resources for serverless
training". It is data, so that a recipe is checked without importing Google's libraries.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Policy = Literal['mixed_bfloat16', 'mixed_float16', 'float32']
"""Precision in which an accelerator is fastest: float16 before Ampere, which brought bfloat16."""


@dataclass(frozen=True)
class Machine:
    """What a machine type has.

    Attributes:
      cpus: Virtual CPUs.
      memory: Gigabytes.
      accelerator: The one that is built in; None: none is.
      count: How many of it.
    """

    cpus: int
    memory: float
    accelerator: str | None = None
    count: int = 0


@dataclass(frozen=True)
class Accelerator:
    """What is known of an accelerator.

    Attributes:
      kind: gpu or tpu.
      precision: Policy that is fastest on it.
      machines: Machine type -> numbers of it that such a machine may have.
    """

    kind: Literal['gpu', 'tpu']
    precision: Policy
    machines: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def _family(name: str, cpus: tuple[int, ...], memory_per_cpu: float) -> dict[str, Machine]:
    return {f'{name}-{n}': Machine(n, n * memory_per_cpu) for n in cpus}


_N1 = (
    _family('n1-standard', (4, 8, 16, 32, 64, 96), 3.75)
    | _family('n1-highmem', (2, 4, 8, 16, 32, 64, 96), 6.5)
    | _family('n1-highcpu', (16, 32, 64, 96), 0.9)
)

_CPU_ONLY = (
    _family('e2-standard', (4, 8, 16, 32), 4)
    | _family('e2-highmem', (2, 4, 8, 16), 8)
    | _family('e2-highcpu', (16, 32), 1)
    | _family('n2-standard', (4, 8, 16, 32, 48, 64, 80), 4)
    | _family('n2-highmem', (2, 4, 8, 16, 32, 48, 64, 80), 8)
    | _family('n2-highcpu', (16, 32, 48, 64, 80), 1)
    | _family('c2-standard', (4, 8, 16, 30, 60), 4)
    | {
        'm1-ultramem-40': Machine(40, 961),
        'm1-ultramem-80': Machine(80, 1922),
        'm1-ultramem-160': Machine(160, 3844),
        'm1-megamem-96': Machine(96, 1433.6),
    }
)

_BUILT_IN = {
    'g2-standard-4': Machine(4, 16, 'NVIDIA_L4', 1),
    'g2-standard-8': Machine(8, 32, 'NVIDIA_L4', 1),
    'g2-standard-12': Machine(12, 48, 'NVIDIA_L4', 1),
    'g2-standard-16': Machine(16, 64, 'NVIDIA_L4', 1),
    'g2-standard-32': Machine(32, 128, 'NVIDIA_L4', 1),
    'g2-standard-24': Machine(24, 96, 'NVIDIA_L4', 2),
    'g2-standard-48': Machine(48, 192, 'NVIDIA_L4', 4),
    'g2-standard-96': Machine(96, 384, 'NVIDIA_L4', 8),
    'g4-standard-48': Machine(48, 180, 'NVIDIA_RTX_PRO_6000', 1),
    'g4-standard-96': Machine(96, 360, 'NVIDIA_RTX_PRO_6000', 2),
    'g4-standard-192': Machine(192, 720, 'NVIDIA_RTX_PRO_6000', 4),
    'g4-standard-384': Machine(384, 1440, 'NVIDIA_RTX_PRO_6000', 8),
    'a2-highgpu-1g': Machine(12, 85, 'NVIDIA_TESLA_A100', 1),
    'a2-highgpu-2g': Machine(24, 170, 'NVIDIA_TESLA_A100', 2),
    'a2-highgpu-4g': Machine(48, 340, 'NVIDIA_TESLA_A100', 4),
    'a2-highgpu-8g': Machine(96, 680, 'NVIDIA_TESLA_A100', 8),
    'a2-megagpu-16g': Machine(96, 1360, 'NVIDIA_TESLA_A100', 16),
    'a2-ultragpu-1g': Machine(12, 170, 'NVIDIA_A100_80GB', 1),
    'a2-ultragpu-2g': Machine(24, 340, 'NVIDIA_A100_80GB', 2),
    'a2-ultragpu-4g': Machine(48, 680, 'NVIDIA_A100_80GB', 4),
    'a2-ultragpu-8g': Machine(96, 1360, 'NVIDIA_A100_80GB', 8),
    'a3-highgpu-1g': Machine(26, 234, 'NVIDIA_H100_80GB', 1),
    'a3-highgpu-2g': Machine(52, 468, 'NVIDIA_H100_80GB', 2),
    'a3-highgpu-4g': Machine(104, 936, 'NVIDIA_H100_80GB', 4),
    'a3-highgpu-8g': Machine(208, 1872, 'NVIDIA_H100_80GB', 8),
    'a3-edgegpu-8g': Machine(208, 1872, 'NVIDIA_H100_80GB', 8),
    'a3-megagpu-8g': Machine(208, 1872, 'NVIDIA_H100_MEGA_80GB', 8),
    'a3-ultragpu-8g': Machine(224, 2952, 'NVIDIA_H200_141GB', 8),
    'a4-highgpu-8g': Machine(224, 3968, 'NVIDIA_B200', 8),
    'a4x-highgpu-4g': Machine(140, 884, 'NVIDIA_GB200', 4),
}

_TPU = {
    'ct5lp-hightpu-1t': Machine(24, 48, 'TPU_V5_LITEPOD', 1),
    'ct5lp-hightpu-4t': Machine(112, 192, 'TPU_V5_LITEPOD', 4),
    'ct5lp-hightpu-8t': Machine(224, 384, 'TPU_V5_LITEPOD', 8),
}

CLOUD_TPU = 'cloud-tpu'
"""Stands for the machine of TPUs of versions 2 and 3, whose size is not chosen."""

TOPOLOGIES = {
    'ct5lp-hightpu-1t': '1x1',
    'ct5lp-hightpu-4t': '2x2',
    'ct5lp-hightpu-8t': '2x4',
}
"""TPU machine -> arrangement of its chips. Slices of several hosts are not offered: TensorFlow
trains on those through one host that reaches the others, which a Vertex job does not set up."""

MACHINES: Mapping[str, Machine] = _N1 | _CPU_ONLY | _BUILT_IN | _TPU

_SMALL, _MIDDLE = (1, 2, 4), (2, 4)
_N1_SIZES_OF_SMALL_GPUS = {
    **dict.fromkeys(
        ['n1-standard-4', 'n1-standard-8', 'n1-standard-16', 'n1-highmem-2', 'n1-highmem-4',
         'n1-highmem-8', 'n1-highmem-16', 'n1-highcpu-16'], _SMALL,
    ),
    **dict.fromkeys(['n1-standard-32', 'n1-highmem-32', 'n1-highcpu-32'], _MIDDLE),
    **dict.fromkeys(
        ['n1-standard-64', 'n1-standard-96', 'n1-highmem-64', 'n1-highmem-96', 'n1-highcpu-64',
         'n1-highcpu-96'], (4,),
    ),
}  # fmt: skip
_N1_SIZES_OF_P100 = {
    machine: counts for machine, counts in _N1_SIZES_OF_SMALL_GPUS.items() if counts != (4,)
}
_N1_SIZES_OF_V100 = {
    **dict.fromkeys(
        ['n1-standard-4', 'n1-standard-8', 'n1-highmem-2', 'n1-highmem-4', 'n1-highmem-8'],
        (1, 2, 4, 8),
    ),
    **dict.fromkeys(['n1-standard-16', 'n1-highmem-16', 'n1-highcpu-16'], (2, 4, 8)),
    **dict.fromkeys(['n1-standard-32', 'n1-highmem-32', 'n1-highcpu-32'], (4, 8)),
    **dict.fromkeys(
        ['n1-standard-64', 'n1-standard-96', 'n1-highmem-64', 'n1-highmem-96', 'n1-highcpu-64',
         'n1-highcpu-96'], (8,),
    ),
}  # fmt: skip


def _built_in(accelerator: str) -> dict[str, tuple[int, ...]]:
    return {
        name: (machine.count,)
        for name, machine in MACHINES.items()
        if machine.accelerator == accelerator
    }


ACCELERATORS: Mapping[str, Accelerator] = {
    'NVIDIA_TESLA_T4': Accelerator('gpu', 'mixed_float16', _N1_SIZES_OF_SMALL_GPUS),
    'NVIDIA_TESLA_P4': Accelerator('gpu', 'float32', _N1_SIZES_OF_SMALL_GPUS),
    'NVIDIA_TESLA_P100': Accelerator('gpu', 'mixed_float16', _N1_SIZES_OF_P100),
    'NVIDIA_TESLA_V100': Accelerator('gpu', 'mixed_float16', _N1_SIZES_OF_V100),
    **{
        name: Accelerator('gpu', 'mixed_bfloat16', _built_in(name))
        for name in dict.fromkeys(m.accelerator for m in _BUILT_IN.values() if m.accelerator)
    },
    'TPU_V5_LITEPOD': Accelerator('tpu', 'mixed_bfloat16', _built_in('TPU_V5_LITEPOD')),
    'TPU_V2': Accelerator('tpu', 'mixed_bfloat16', {CLOUD_TPU: (8,)}),
    'TPU_V3': Accelerator('tpu', 'mixed_bfloat16', {CLOUD_TPU: (8,)}),
}
"""By name, those to choose from. K80s are retired, and TPUs of version 4 come in slices of several
hosts only."""

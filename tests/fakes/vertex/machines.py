"""Machine types and accelerators that Vertex serves models on."""

from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1

_CORES = {
    'n1-standard': (2, 4, 8, 16, 32),
    'n1-highmem': (2, 4, 8, 16, 32),
    'n1-highcpu': (2, 4, 8, 16, 32),
    'n2-standard': (2, 4, 8, 16, 32, 48, 64, 80, 96, 128),
    'n2-highmem': (2, 4, 8, 16, 32, 48, 64, 80, 96, 128),
    'n2-highcpu': (2, 4, 8, 16, 32, 48, 64, 80, 96),
    'n2d-standard': (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224),
    'n2d-highmem': (2, 4, 8, 16, 32, 48, 64, 80, 96),
    'n2d-highcpu': (2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224),
    'e2-standard': (2, 4, 8, 16, 32),
    'e2-highmem': (2, 4, 8, 16),
    'e2-highcpu': (2, 4, 8, 16, 32),
    'c2-standard': (4, 8, 16, 30, 60),
    'c2d-standard': (2, 4, 8, 16, 32, 56, 112),
    'c2d-highmem': (2, 4, 8, 16, 32, 56, 112),
    'c2d-highcpu': (2, 4, 8, 16, 32, 56, 112),
    'c3-highcpu': (4, 8, 22, 44, 88, 176),
    'g2-standard': (4, 8, 12, 16, 24, 32, 48, 96),
    'a2-highgpu': ('1g', '2g', '4g', '8g'),
    'a2-ultragpu': ('1g', '2g', '4g', '8g'),
    'a3-highgpu': ('1g', '2g', '4g', '8g'),
}
MACHINES = frozenset(f'{family}-{size}' for family, sizes in _CORES.items() for size in sizes) | {
    'a2-megagpu-16g'
}

_COUNTS = {
    'NVIDIA_TESLA_T4': (1, 2, 4),
    'NVIDIA_TESLA_V100': (1, 2, 4, 8),
    'NVIDIA_TESLA_P100': (1, 2, 4),
    'NVIDIA_TESLA_P4': (1, 2, 4),
    'NVIDIA_L4': (1, 2, 4, 8),
    'NVIDIA_TESLA_A100': (1, 2, 4, 8, 16),
    'NVIDIA_A100_80GB': (1, 2, 4, 8),
    'NVIDIA_H100_80GB': (1, 2, 4, 8),
}
_FAMILY = {
    'NVIDIA_L4': 'g2-',
    'NVIDIA_TESLA_A100': 'a2-',
    'NVIDIA_A100_80GB': 'a2-ultragpu',
    'NVIDIA_H100_80GB': 'a3-',
}
OTHERS = 'n1-'
"""Machines that the other accelerators are attached to."""


def check_machine(spec: v1.MachineSpec) -> None:
    """Refuse what is no machine to serve on.

    Raises:
        InvalidArgument: There is no such machine, or not with that accelerator.
    """
    if spec.machine_type not in MACHINES:
        raise exceptions.InvalidArgument(
            f'Machine type "{spec.machine_type}" is not supported for prediction.'
        )
    accelerator = v1.AcceleratorType(spec.accelerator_type).name
    if accelerator == 'ACCELERATOR_TYPE_UNSPECIFIED':
        if spec.accelerator_count:
            raise exceptions.InvalidArgument('accelerator_count needs an accelerator_type.')
        return
    if spec.accelerator_count not in _COUNTS.get(accelerator, ()):
        raise exceptions.InvalidArgument(
            f'Accelerator {accelerator} with count {spec.accelerator_count} is not supported.'
        )
    if not spec.machine_type.startswith(_FAMILY.get(accelerator, OTHERS)):
        raise exceptions.InvalidArgument(
            f'Accelerator {accelerator} is not supported on machine type "{spec.machine_type}".'
        )

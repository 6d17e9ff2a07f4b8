"""Which accelerators Vertex has for training, by region.

From Google's page "Vertex AI locations" (Accelerators, custom training), as known in mid 2025: an
aid, not a promise; a region that has one may still be out of it.
"""

from collections.abc import Mapping

_T4, _V100, _P100, _P4 = (f'NVIDIA_TESLA_{name}' for name in ('T4', 'V100', 'P100', 'P4'))
_A100, _A100_80, _L4 = 'NVIDIA_TESLA_A100', 'NVIDIA_A100_80GB', 'NVIDIA_L4'
_H100, _TPU = 'NVIDIA_H100_80GB', 'TPU_V5_LITEPOD'

REGIONS: Mapping[str, frozenset[str]] = {
    'us-central1': frozenset((_T4, _V100, _P100, _P4, _A100, _A100_80, _L4, _H100, 'TPU_V2',
                              'TPU_V3')),
    'us-east1': frozenset((_T4, _V100, _P100, _A100, _L4, _TPU)),
    'us-east4': frozenset((_T4, _P4, _A100_80, _L4, _H100)),
    'us-east5': frozenset((_A100_80, _H100, _TPU)),
    'us-south1': frozenset((_TPU,)),
    'us-west1': frozenset((_T4, _V100, _P100, _A100, _L4, _H100, _TPU)),
    'us-west2': frozenset((_T4, _P4)),
    'us-west4': frozenset((_T4, _A100, _L4, _H100, _TPU)),
    'northamerica-northeast1': frozenset((_T4, _P4)),
    'southamerica-east1': frozenset((_T4,)),
    'europe-west1': frozenset((_T4, _P100, _L4, _H100)),
    'europe-west2': frozenset((_T4, _L4)),
    'europe-west3': frozenset((_T4, _L4)),
    'europe-west4': frozenset((_T4, _V100, _P100, _P4, _A100, _A100_80, _L4, _H100, _TPU,
                               'TPU_V2', 'TPU_V3')),
    'asia-east1': frozenset((_T4, _V100, _P100, _L4, _TPU)),
    'asia-northeast1': frozenset((_T4, _A100, _L4, _H100)),
    'asia-northeast3': frozenset((_T4, _A100, _L4)),
    'asia-south1': frozenset((_T4, _L4)),
    'asia-southeast1': frozenset((_T4, _P4, _A100, _A100_80, _L4, _H100, _TPU)),
    'australia-southeast1': frozenset((_T4, _P4, _P100)),
}  # fmt: skip
"""Region -> names of accelerators, as Vertex has them."""

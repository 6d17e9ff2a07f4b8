"""Where on Google Cloud a compiled pipeline runs, and as whom."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from transforms.features import Settings

REMOTE = 'gs://'

IMAGE = (
    r'^([a-zA-Z0-9.-]+(:[0-9]+)?/)?'
    r'[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*'
    r'(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$'
)
"""Reference of a container image: registry, path, tag and digest."""

MOST_LABELS = 64
"""As many as Google Cloud lets a resource have."""

LABEL_KEY = re.compile(r'[a-z][a-z0-9_-]{0,62}')
LABEL_VALUE = re.compile(r'[a-z0-9_-]{0,63}')


def check_labels(labels: dict[str, str]) -> dict[str, str]:
    """Check labels as Google Cloud does; it would refuse them only when a run is submitted."""
    if len(labels) > MOST_LABELS:
        raise ValueError(f'{len(labels)} labels; Google Cloud takes {MOST_LABELS} at most')
    for key, value in labels.items():
        if not LABEL_KEY.fullmatch(key):
            raise ValueError(
                f'the key {key!r} is not allowed: a-z first, then a-z, 0-9, _ and -, 63 at most'
            )
        if not LABEL_VALUE.fullmatch(value):
            raise ValueError(f'{key}: {value!r} is not allowed: a-z, 0-9, _ and -, 63 at most')
    return labels


class Vertex(Settings):
    """Where on Google Cloud a compiled pipeline runs, and as whom."""

    root: str = Field(
        pattern=r'^gs://[^/]+(/[^/]+)*/?$',
        description='Cloud Storage folder of artifacts and pushed models: gs://bucket/path.',
    )
    image: str = Field(
        pattern=IMAGE,
        description='Container image with Sluice and your own code: registry/path/name:tag.',
    )
    project: str | None = Field(
        None,
        pattern=r'^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$',
        description='Google Cloud project, by its id (my-project-123); null: that of the '
        'credentials a run is submitted with.',
    )
    region: str = Field(
        'us-central1',
        pattern=r'^[a-z]+-[a-z]+[0-9]+$',
        description='Region of Vertex where everything runs: us-central1, europe-west4, …',
    )
    service_account: str | None = Field(
        None,
        pattern=r'^[a-z0-9-]+@[a-z0-9.-]+[a-z]$',
        description='Service account that steps run as: name@project.iam.gserviceaccount.com; '
        "null: Vertex's default one.",
    )
    network: str | None = Field(
        None,
        pattern=r'^projects/[0-9]+/global/networks/[a-z]([-a-z0-9]{0,61}[a-z0-9])?$',
        description='VPC network that steps are peered with, by the project number: '
        'projects/123456789/global/networks/NAME; null: none.',
    )
    encryption_key: str | None = Field(
        None,
        pattern=r'^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$',
        description='Your own key (CMEK) for all that Vertex stores: '
        "projects/P/locations/REGION/keyRings/R/cryptoKeys/K; null: Google's.",
    )
    labels: Annotated[dict[str, str], AfterValidator(check_labels)] = Field(
        default_factory=dict,
        description='Labels of runs, jobs, models and endpoints, for bills and filters: '
        '`{team: growth}`.',
    )

    max_cost: float | None = Field(
        None,
        gt=0,
        description='US dollars that one run may cost by the estimate of `sluice plan`; submit and '
        'schedule refuse one that would cost more. null: no bound.',
    )

    @model_validator(mode='after')
    def _key_of_the_region(self) -> 'Vertex':
        key = self.encryption_key
        if key and key.split('/')[3] != self.region:
            raise ValueError(
                f'encryption_key: {key!r} is of {key.split("/")[3]!r}, and Vertex takes keys of '
                f'its own region only: {self.region!r}'
            )
        return self

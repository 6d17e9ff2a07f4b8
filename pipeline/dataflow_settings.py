"""How Beam steps run on Dataflow."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline.vertex_settings import check_labels
from transforms.features import Settings


class Dataflow(Settings):
    """Machines on which Dataflow runs the steps that use Beam, for tables too large for one."""

    region: str | None = Field(
        None,
        pattern=r'^[a-z]+-[a-z]+[0-9]+$',
        description="Region of the workers; null: vertex's.",
    )
    machine: str = Field(
        'n1-standard-4',
        pattern=r'^[a-z][a-z0-9]*-[a-z0-9-]+$',
        description='Machine type of a worker: n1-standard-4, n2-highmem-8, …',
    )
    disk_gb: int | None = Field(
        None, ge=10, le=65_536, description="Disk of a worker in GB; null: Dataflow's default."
    )
    workers: int | None = Field(
        None, ge=1, le=4_000, description='Workers at the start; null: Dataflow decides.'
    )
    max_workers: int = Field(10, ge=1, le=4_000, description='Workers at most.')
    autoscaling: bool = Field(
        True, description='Whether there are as many workers as there is work for.'
    )
    service_account: str | None = Field(
        None,
        pattern=r'^[a-z0-9-]+@[a-z0-9.-]+[a-z]$',
        description="Service account of the workers; null: vertex's.",
    )
    network: str | None = Field(
        None,
        pattern=r'^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$',
        description='Name of the VPC network of the workers; null: default.',
    )
    subnetwork: str | None = Field(
        None,
        pattern=r'^(https://\S+/)?(projects/[^/]+/)?regions/[^/]+/subnetworks/[^/]+$',
        description='Subnetwork of the workers: regions/REGION/subnetworks/NAME.',
    )
    public_ips: bool = Field(
        True,
        description='Whether workers have public addresses; without, the subnetwork needs Private '
        'Google Access.',
    )
    labels: Annotated[dict[str, str], AfterValidator(check_labels)] = Field(
        default_factory=dict, description="Labels of the jobs, besides vertex's."
    )

    @model_validator(mode='after')
    def _not_more_than_there_may_be(self) -> 'Dataflow':
        if self.workers and self.workers > self.max_workers:
            raise ValueError(
                f'workers: {self.workers} at the start are more than max_workers, '
                f'{self.max_workers}'
            )
        if not self.autoscaling and self.workers is None:
            raise ValueError('workers: without autoscaling, say how many')
        return self

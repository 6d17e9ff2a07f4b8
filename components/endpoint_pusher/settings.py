"""How a model gets to a Vertex endpoint, and onto what machines."""

from typing import Literal

from pydantic import Field, model_validator

from transforms.features import Settings

AcceleratorName = Literal[
    'NVIDIA_TESLA_T4',
    'NVIDIA_L4',
    'NVIDIA_TESLA_P4',
    'NVIDIA_TESLA_P100',
    'NVIDIA_TESLA_V100',
    'NVIDIA_TESLA_A100',
    'NVIDIA_A100_80GB',
    'NVIDIA_H100_80GB',
]


class Accelerator(Settings):
    """GPUs of a serving machine."""

    type: AcceleratorName = Field(description="The GPU, by Vertex's name.")
    count: int = Field(1, ge=1, le=16, description='How many a machine has.')


class SmokeTest(Settings):
    """Rows that a deployed model is asked for before it gets all the traffic."""

    rows: int = Field(
        20,
        ge=0,
        le=200,
        description='Rows of the evaluation split; they are kept with the model, for rollbacks. '
        '0: the model is not asked.',
    )
    tolerance: float = Field(
        1e-4,
        ge=0,
        description='Largest relative difference from the evaluated answers; near 0 it is '
        'absolute. GPUs differ more from CPUs than machines of one kind.',
    )


class EndpointPush(Settings):
    """A Vertex endpoint that gets blessed models; `vertex.project` says whose."""

    name: str | None = Field(
        None,
        pattern=r'^([a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]*)$',
        description='Id or display name of the endpoint, which is made if it is not there; by '
        "default the recipe's name.",
    )
    machine: str = Field(
        'n1-standard-2',
        pattern=r'^[a-z][a-z0-9]*(-[a-z0-9]+)+$',
        description='Machine that serves: n1-standard-4, g2-standard-8, …',
    )
    min_replicas: int = Field(1, ge=1, description='Machines that always run.')
    max_replicas: int | None = Field(
        None, ge=1, description='Machines at most, as load asks; by default as `min_replicas`.'
    )
    accelerator: Accelerator | None = Field(None, description='GPUs of each machine.')
    canary_percent: int = Field(
        10,
        ge=1,
        le=100,
        description='Share of the traffic that a new model gets until it has answered as '
        'evaluated.',
    )
    smoke: SmokeTest = SmokeTest()
    keep_versions: int = Field(
        3,
        ge=2,
        description='Versions that stay in the model registry: the one that serves, and those '
        'that `sluice rollback --endpoint` can go back to.',
    )
    image: str | None = Field(
        None,
        pattern=r'^\S+$',
        description='Container image that serves, with Sluice in it; by default `vertex.image`.',
    )
    deploy_minutes: int = Field(
        60, ge=1, le=240, description='Time that Vertex may take to deploy a model.'
    )

    @model_validator(mode='after')
    def _replicas(self) -> 'EndpointPush':
        if self.max_replicas is not None and self.max_replicas < self.min_replicas:
            raise ValueError(
                f'max_replicas: {self.max_replicas} is below min_replicas, {self.min_replicas}'
            )
        return self


class EndpointTerms(Settings):
    """All that EndpointPusher needs to know; travels as JSON in its `config` property."""

    name: str = Field(description='Name of the recipe, and id of the model in the registry.')
    task: Literal['regression', 'binary', 'multiclass']
    split: str = Field(description='Split that the rows of the smoke test are taken from.')
    project: str
    region: str
    image: str
    service_account: str | None = None
    encryption_key: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    endpoint: EndpointPush

    @property
    def endpoint_name(self) -> str:
        """Id or display name of the endpoint."""
        return self.endpoint.name or self.name

    def named(self, endpoint: str) -> 'EndpointTerms':
        """Return the same for another endpoint.

        Raises:
            ValueError: That is no name of an endpoint.
        """
        other = EndpointPush.model_validate(self.endpoint.model_dump() | {'name': endpoint})
        return self.model_copy(update={'endpoint': other})

"""What ServingGate asks, and how exact the answers must be."""

from pydantic import Field

from transforms.features import Settings


class ServingGateConfig(Settings):
    """All that ServingGate needs to know; travels as JSON in its `config` property."""

    split: str = Field(description='Split that rows are taken from.')
    rows: int = Field(100, ge=1, description='Rows to ask for.')
    tolerance: float = Field(1e-5, ge=0, description='Largest relative difference of numbers.')
    start_seconds: float = Field(
        180, gt=0, description='Time that the server may take until it can answer.'
    )

"""Bounds that the data must keep for a run to go on."""

from typing import Annotated, Literal

from pydantic import Field

from transforms.features import Settings

Distance = Annotated[float, Field(gt=0, le=1)]


class DataGateConfig(Settings):
    """What stops a run before anything is trained.

    Always checked, with nothing set: the schema, splits without rows, labels that are missing
    or of one class only, and features that are missing everywhere.
    """

    drift: dict[str, Distance] = Field(
        default_factory=dict,
        description='By column: how far the train split may be from that of the last data that '
        'passed this gate, from 0 (the same) to 1. The measure is the L-infinity distance of the '
        'value shares for strings, the Jensen-Shannon divergence for numbers, over the values '
        'that are present.',
    )
    skew: dict[str, Distance] = Field(
        default_factory=dict,
        description='By column: how far the eval split may be from the train split; same measures.',
    )
    unseen_classes: float = Field(
        0.01,
        ge=0,
        le=1,
        description='Share of the rows of any other split that may be of classes that the train '
        'split does not have.',
    )


class DataGateTerms(Settings):
    """All that DataGate needs to know; travels as its `config`."""

    bounds: DataGateConfig = DataGateConfig()
    task: Literal['regression', 'binary', 'multiclass']
    label: str
    features: tuple[str, ...] = Field((), description='Columns that must hold values in train.')
    splits: tuple[str, ...] = Field(('train', 'eval'), description='Splits that must hold rows.')
    classes: tuple[str, ...] | None = Field(
        None, description='The only class names there may be; None: any.'
    )
    min_classes: int = Field(2, ge=2, description='Fewest classes in train (not for regression).')

"""What the Pusher needs to know to write a model's card."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from components.evaluator.settings import Gate
from transforms.features import Settings


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Lines = Annotated[
    tuple[str, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...])
]
"""Sentences, or one alone; maybe none."""


class Card(Settings):
    """What only people know of a model; goes on its card, beside what the run knows."""

    owners: Lines = Field((), description='Who answers for the model: names, teams, addresses.')
    intended_use: Lines = Field((), description='What it is for, and by whom.')
    out_of_scope: Lines = Field((), description='What it must not be used for.')
    limits: Lines = Field((), description='What it is known to do badly.')
    licence: str | None = Field(None, description='Licence of the model, and of its data.')


class CardTerms(Settings):
    """What a card takes from the recipe."""

    name: str
    task: Literal['regression', 'binary', 'multiclass']
    label: str
    about: str = ''
    card: Card = Card()
    source: str = Field('', description='Query, or where the pictures are.')
    split: str = Field('', description='How rows were split.')
    algorithm: str = Field('', description='Kind of model.')
    gate: Gate
    drift: tuple[str, ...] = Field((), description='Columns whose drift is bounded.')
    features: tuple[str, ...] = ()

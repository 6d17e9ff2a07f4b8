"""Types that several settings of the Evaluator have."""

from typing import Annotated

from pydantic import BeforeValidator, Field


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


OneOrMore = Annotated[
    tuple[str, ...],
    BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1),
]
"""Names, or one alone."""

"""How BigQuery is asked: on whose account, where, and for how much at most."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field

from transforms.features import Settings

MAX_BYTES_BILLED = ByteSize(100 * 10**9)
"""Default bound of what one query may scan."""

_KEY = re.compile(r'[a-z][a-z0-9_-]{0,62}')
_VALUE = re.compile(r'[a-z0-9_-]{0,63}')


def _checked_labels(labels: dict[str, str]) -> dict[str, str]:
    for key, value in labels.items():
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
            raise ValueError(
                'a label is of lower-case letters, digits, - and _, at most 63, its key begins '
                f'with a letter; got {key}: {value}'
            )
    return labels


def _not_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f'expected a size such as 100 GB, got {value}')
    return value


def _positive(value: ByteSize) -> ByteSize:
    if value <= 0:
        raise ValueError(f'expected a size above 0, got {value}')
    return value


Bytes = Annotated[
    ByteSize,
    BeforeValidator(_not_bool, json_schema_input_type=int | str),
    AfterValidator(_positive),
]
"""A number of bytes; in a recipe also as `100 GB` or `1.5 TiB`."""


class OnBigQuery(Settings):
    """Settings of the queries that BigQuery runs."""

    project: str | None = Field(
        None,
        description='Google Cloud project that pays for the query; by default that of `vertex`, '
        'or of the credentials.',
    )
    location: str | None = Field(
        None,
        pattern=r'^[A-Za-z][A-Za-z0-9-]*$',
        description='Where BigQuery runs the query, such as US or europe-west4; by default where '
        'its tables are.',
    )
    labels: Annotated[dict[str, str], AfterValidator(_checked_labels)] = Field(
        default_factory=dict, description='Labels of the query jobs, for the bill.'
    )
    max_bytes_billed: Bytes = Field(
        MAX_BYTES_BILLED,
        description='What a query may scan at most, such as 100 GB: one that would scan more is '
        'refused before it is run.',
    )

"""Pictures before they are read: where each is, and what is known of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from components.image_example_gen.columns import LABEL, URI

SPLIT = 'split'
"""Column of a listing that names the split of each picture, as written; it isn't kept."""


class Refusal(NamedTuple):
    """A picture that is left out, and why."""

    uri: str
    label: str | None
    reason: str


@dataclass(frozen=True)
class Listing:
    """Pictures before they are read.

    Attributes:
        table: `uri`, `label`, perhaps `split`, and further columns; a row per picture.
        read: returns the picture of a row: encoded, or its pixels, uint8 `[height, width]` or
            `[height, width, 3]`. Raises `UnreadableError`.
        stamps: Returns what changes when a picture does, such as its size and time of change, for
            each row.
        refused: Pictures that are left out without being read.
        notes: What else a person should know, in a line each.
        remote: Whether reading waits for a network.
    """

    table: pa.Table
    read: Callable[[int], bytes | np.ndarray]
    stamps: Callable[[], Sequence[str]]
    refused: Sequence[Refusal] = ()
    notes: Sequence[str] = ()
    remote: bool = False


def table_of(uris: Sequence[str], labels: Sequence[str], splits: Sequence[str] = ()) -> pa.Table:
    """Return the table of a listing without further columns."""
    columns = {URI: pa.array(uris, pa.string()), LABEL: pa.array(labels, pa.string())}
    return pa.table(columns | ({SPLIT: pa.array(splits, pa.string())} if splits else {}))

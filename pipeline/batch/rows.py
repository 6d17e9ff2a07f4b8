"""What a source of rows hands on, whatever it is read from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Fault:
    """A row that could not be predicted.

    Attributes:
        row: its number in the source, from 1.
        reason: why, in one line.
        given: the row, as far as it could be read.
    """

    row: int
    reason: str
    given: object


@dataclass(frozen=True)
class Batch:
    """Rows that follow each other in the source.

    Attributes:
        kept: the source's columns, to be written again; `[rows]`.
        inputs: model input -> `[rows]` array of its type, strings as bytes.
        numbers: `[rows]` numbers of the rows in the source, from 1.
        faults: rows among them that are left out.
    """

    kept: pa.Table
    inputs: dict[str, np.ndarray]
    numbers: np.ndarray
    faults: list[Fault] = field(default_factory=list)


class Source(Protocol):
    """Where rows come from."""

    total: int | None
    """Number of rows, where it is known before they are read."""

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in their order."""
        ...

    def late_faults(self) -> list[Fault]:
        """Return the rows that could not be told apart from others, once all are read."""
        ...

"""What a check found, and the error that stops a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHOWN = 5
"""Values that a message shows before it only counts them."""


@dataclass(frozen=True)
class Check:
    """One thing that was checked, on one column (or on all of them) of one split.

    Attributes:
        name: the kind of check: `rows`, `label`, `classes`, `feature`, `schema`, `drift`, `skew`.
        split: name of the split.
        column: name of the column; None where the check is about the whole split.
        passed: whether the run may go on.
        expected: what should be, in words.
        seen: what is, in words, with the number of rows.
        rows: how many rows that is about, where it is known; if it failed, the rows at fault.
        fix: what to do about it if it failed.
        measured: distance that was measured, of drift and skew.
        bound: largest distance allowed, of drift and skew.
    """

    name: str
    split: str
    column: str | None
    passed: bool
    expected: str
    seen: str
    rows: int | None = None
    fix: str = ''
    measured: float | None = None
    bound: float | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        column = f'column `{self.column}`, ' if self.column else ''
        line = f'{column}split `{self.split}`: expected {self.expected}, saw {self.seen}'
        return line if self.passed else f'{line}; {self.fix}'


class DataGateError(ValueError):
    """The data is not fit to train on; one line for each fault.

    Attributes:
        faults: the checks that failed.
    """

    def __init__(self, faults: Iterable[Check]) -> None:
        """Make the message of the checks that failed."""
        self.faults = tuple(faults)
        super().__init__('\n'.join(map(str, self.faults)))


def of_rows(part: int, rows: int) -> str:
    """Say how many rows of how many.

    >>> of_rows(1200, 50000)
    '1,200 of 50,000 rows'
    """
    return f'{part:,} of {rows:,} rows'


def listed(counts: Mapping[str, int]) -> str:
    """List values with their numbers of rows, the most frequent first.

    >>> listed({'no': 2, 'yes': 10})
    '`yes` (10), `no` (2)'
    """
    by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    text = ', '.join(f'`{value}` ({count:,})' for value, count in by_count[:SHOWN])
    return text if len(counts) <= SHOWN else f'{text} and {len(counts) - SHOWN:,} more'

"""What all stand-ins of one universe share."""

from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.faults import Faults

PROJECT, NUMBER = 'rehearsal', '123456789012'
"""The project that there is, and its number."""


@dataclass
class World:
    """What they share.

    Attributes:
        root: folder of all that outlives a process.
        project: id of the project that clients find by themselves.
        faults: the faults that are set, and the calls made.
        env: environment that a process which is started needs; filled once servers are up.
    """

    root: Path
    project: str = PROJECT
    faults: Faults = field(default_factory=Faults)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def buckets(self) -> Path:
        """The folder that has a folder for each bucket."""
        return self.root / 'buckets'

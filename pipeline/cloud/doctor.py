"""Checks of this machine and of Google Cloud, each with its fix."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from pipeline.recipe import Recipe

State = Literal['good', 'wrong', 'unknown']
MARKS = {'good': '✓', 'wrong': '✗', 'unknown': '?'}


@dataclass(frozen=True)
class Check:
    """What came of a check.

    Attributes:
      name: What was looked at.
      state: unknown: it can't be checked from here.
      found: What there is.
      fix: What to do; '' if nothing is.
    """

    name: str
    state: State
    found: str
    fix: str = ''

    def line(self) -> str:
        """Return it as people read it."""
        fix = f'; {self.fix}' if self.fix else ''
        return f'{MARKS[self.state]} {self.name:<14} {self.found}{fix}'

    def as_object(self) -> dict[str, str]:
        """Return it as JSON holds it."""
        return asdict(self)


def report(
    recipe: Recipe | None, project: str | None, region: str | None, *, deep: bool = False
) -> Iterator[Check]:
    """Yield all checks, those of this machine first.

    Args:
      recipe: What is to run; None: nothing in particular.
      project: Google Cloud project; None: that of the recipe or the credentials.
      region: Region of Vertex; None: that of the recipe.
      deep: Whether to import TensorFlow too.
    """
    from pipeline.cloud.cloud_checks import of_cloud
    from pipeline.cloud.machine_checks import of_machine

    yield from of_machine(recipe, deep=deep)
    yield from of_cloud(recipe, project, region)

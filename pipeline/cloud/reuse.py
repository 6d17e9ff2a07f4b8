"""Which steps would be reused, and why: by the runs here, and by those on Vertex."""

from collections.abc import Sequence

from pipeline.recipe import Recipe
from pipeline.records import Run


def reused_here(recipe: Recipe, runs: Sequence[Run]) -> dict[str, str]:
    """Return the steps that a run here would take from the cache, and why.

    A step is reused if its code, libraries, data and settings are those of the last run, and all
    before it are. Settings are compared as a whole, so a step may be reused that is not named.

    Args:
      recipe: The job.
      runs: Its runs here, oldest first, each with its recipe as run.

    Raises:
      ValueError: What the recipe's code or data is can't be found out.
    """
    done = [run for run in runs if run.state == 'done']
    if not done:
        return {}
    from pipeline.fingerprints import fingerprints

    last = done[-1]
    now = fingerprints(recipe)
    reused: dict[str, str] = {}
    for step in last.steps:
        if step.fingerprint and step.fingerprint != now.get(step.name):
            break
        reused[step.name] = f'as in {last.run}'
    return reused

"""Whether there is data that the last run did not have."""

from collections.abc import Iterable
from datetime import date

from components.query_example_gen.new_rows import has_new_rows
from pipeline.recipe import Recipe
from pipeline.records import Run


def last_trained(recipe: Recipe, runs: Iterable[Run]) -> Run | None:
    """Return the last run of a recipe that was done, whatever came of its model."""
    done = [run for run in runs if run.recipe == recipe.name and run.state == 'done']
    return done[-1] if done else None


def has_new_data(recipe: Recipe, day: date, last: Run | None) -> bool:
    """Return whether a run would train on data that the last one did not have.

    With a window, it is asked whether the query has rows of the days that came since; rows that
    were changed or came late within the last window are not noticed. Without one, files and code of
    ingest are compared.

    Args:
      recipe: The job.
      day: Date of the run.
      last: The last run that was done; None: there is none.

    Raises:
      QueryError: The query can't be run.
    """
    if last is None:
        return True
    data = recipe.table
    if data and data.window and last.date:
        return has_new_rows(data, date.fromisoformat(last.date), day)
    from pipeline.fingerprints import fingerprints

    ingest = 'ImageExampleGen' if recipe.pictures else 'QueryExampleGen'
    return fingerprints(recipe)[ingest] != last.step(ingest).fingerprint

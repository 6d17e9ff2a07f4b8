"""Whether the days that came into a window have rows."""

from datetime import date

from components.query_example_gen.parameters import WINDOW_END, WINDOW_START, QueryParameter
from components.query_example_gen.reader import open_query
from components.query_example_gen.settings import Data


def has_new_rows(data: Data, since: date, day: date, patient: bool = False) -> bool:
    """Return whether a query has rows of days that are in one window and come after another.

    Rows that were changed, or came late into the days before, are not noticed.

    Args:
        data: The query; it has a window.
        since: Date of the run whose days are known.
        day: Date of the run that would be.
        patient: Whether to try again for minutes if BigQuery can't be reached.

    Raises:
        QueryError: The query can't be run.
    """
    assert data.window is not None
    now = data.window.parameters(day)
    before = data.window.parameters(since)
    start = max(str(now[WINDOW_START].value), str(before[WINDOW_END].value))
    if start >= str(now[WINDOW_END].value):
        return False
    came = now | {WINDOW_START: QueryParameter(type='DATE', value=start)}
    asked = data.model_copy(update={'parameters': data.parameters | came, 'window': None})
    with open_query(asked, patient=patient) as query:
        return any(batch.num_rows for batch in query.batches())

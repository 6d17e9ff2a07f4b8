"""The errors raised for every fault in a query, a local table or a split."""

from __future__ import annotations


class QueryError(ValueError):
    """A fault that the user can mend, told in one line.

    The message names the file, column, key or row, the value seen, what was expected and the fix.
    """


class NoNewDataError(QueryError):
    """A window in which there are no rows: nothing to learn from, and nobody's fault.

    Who runs a schedule takes it for a run that is skipped.
    """

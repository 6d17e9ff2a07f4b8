"""Errors in one line, for people."""

import errno

LONGEST = 600
"""Characters of a message that came from a library; the log has it whole."""


def one_line(error: BaseException) -> str:
    """Say what went wrong in a line (in one for each fault, where there are several).

    Errors raised for people (`ValueError`, `LookupError`, `OSError`) speak for themselves; of
    others the first line is taken, after the name of their class.
    """
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f'{error.filename}: ' if error.filename else ''
        return f'{where}no space left on the device; free some, or choose another --store'
    text = str(error).strip()
    if isinstance(error, ValueError | LookupError | OSError) and text:
        return text
    first = text.splitlines()[0] if text else ''
    return f'{type(error).__name__}: {first[:LONGEST]}' if first else type(error).__name__

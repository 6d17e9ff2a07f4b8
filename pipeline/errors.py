"""Errors in one line, for people."""

import re

LONGEST = 600
"""Characters of a message that came from a library; the log has it whole."""

DISK_FULL = re.compile(
    r"(?:(?P<file>/[^\s;:']+)[;:] )?(?:No space left on device|database or disk is full)"
)
"""How TensorFlow, SQLite and the operating system say it, from wherever they are called."""

ROLLED_BACK = 'cannot commit - no transaction is active'
"""What the metadata store says once SQLite has given up a transaction, as on a full disk."""

MAKE_ROOM = 'no space left on the disk; free some, or choose another --store'


def one_line(error: BaseException) -> str:
    """Say what went wrong in a line (in one for each fault, where there are several).

    Errors raised for people (`ValueError`, `LookupError`, `OSError`) speak for themselves; of
    others the first line is taken, after the name of their class.
    """
    text = str(error).strip()
    if full := DISK_FULL.search(text):
        where = f'{full["file"]}: ' if full['file'] else ''
        return f'{where}{MAKE_ROOM}'
    if ROLLED_BACK in text:
        return f'the metadata store could not be written to, most likely: {MAKE_ROOM}'
    if isinstance(error, ValueError | LookupError | OSError) and text:
        return text
    first = text.splitlines()[0] if text else ''
    return f'{type(error).__name__}: {first[:LONGEST]}' if first else type(error).__name__

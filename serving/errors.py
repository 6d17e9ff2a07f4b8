"""Errors that clients get."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

LONGEST = 60
"""Characters of a client's value that are shown to it."""

LISTED = 20
"""Most names that are listed."""


class RequestError(Exception):
    """A request can't be answered as it is.

    Attributes:
        status: HTTP status: 4xx for what the client sent, 503 and 504 for an overloaded server.
        message: one line: where, the value, what is allowed.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def shown(value: Any) -> str:
    """Return a JSON value as it is quoted in a message, cut where it is long."""
    match value:
        case None | bool():
            return {None: 'null', True: 'true', False: 'false'}[value]
        case dict():
            return 'an object' if value else 'an empty object'
        case list():
            return f'a list of {len(value)}' if value else 'an empty list'
        case str():
            return repr(value if len(value) <= LONGEST else f'{value[: LONGEST - 1]}…')
    text = repr(value)
    return text if len(text) <= LONGEST else f'{text[: LONGEST - 1]}…'


def listed(names: Iterable[str]) -> str:
    """List names, the first of them if there are many."""
    names = list(names)
    return ', '.join(names[:LISTED]) + (', …' if len(names) > LISTED else '') or 'none'


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask whether the nearest of the known names was meant; '' if none is near."""
    close = get_close_matches(name[:LONGEST], list(known), n=1)
    return f"did you mean '{close[0]}'? " if close else ''

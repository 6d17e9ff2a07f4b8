"""What a person may have meant."""

import difflib
from collections.abc import Collection, Iterable, Mapping

LISTED = 20
"""Most names worth listing in one line."""


def nearest(name: object, known: Iterable[object]) -> str:
    """Say which of the known names is nearest, and which there are.

    Example: `did you mean 'rmse'? known: mae, mse, r2, rmse`.
    """
    names = [str(n) for n in known]
    listed = ', '.join(names[:LISTED]) + (', …' if len(names) > LISTED else '')
    return f'{did_you_mean(name, names)}known: {listed or "none"}'


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Ask whether the nearest of the known names was meant; '' if none is near."""
    by_lower_case = {n.lower(): n for n in known}
    close = difflib.get_close_matches(str(name).lower(), by_lower_case, n=1)
    return f"did you mean '{by_lower_case[close[0]]}'? " if close else ''


def check_known(path: str, named: Iterable[str], known: Collection[str], what: str) -> None:
    """Check names, of keys below a path of a recipe or values at it.

    Raises:
      ValueError: One is not known; the first word is its path.
    """
    for name in named:
        if name not in known:
            at = f'{path}.{name}' if isinstance(named, Mapping) else path
            raise ValueError(f'{at}: {name!r} is not a {what}; {nearest(name, known)}')

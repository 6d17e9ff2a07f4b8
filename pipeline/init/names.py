"""Names: of columns in BigQuery SQL, and the ones that they get in a recipe."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable

LONGEST = 60
"""Characters of a name that a recipe gives a column."""

_PLAIN = re.compile(r'[A-Za-z][A-Za-z0-9_]*')
_RECIPE_NAME = re.compile(r'[a-z][a-z0-9-]{0,62}')


def identifier(name: str) -> str:
    """Return a name as an identifier of BigQuery SQL, in backticks where it needs them."""
    from sqlglot.dialects.bigquery import BigQuery

    if _PLAIN.fullmatch(name) and name.lower() not in BigQuery.Generator.RESERVED_KEYWORDS:
        return name
    return '`' + name.replace('\\', '\\\\').replace('`', '\\`') + '`'


def can_be_queried(name: str) -> bool:
    """Whether BigQuery SQL can name a column so; a dot, for one, is taken for a path."""
    return not re.search(r'^$|[.`"\\\n\r\t]', name)


def literal(value: str | int) -> str:
    """Return a string or a whole number as a literal of BigQuery SQL."""
    if isinstance(value, int):
        return str(value)
    escaped = json.dumps(value, ensure_ascii=False)[1:-1]
    return "'" + escaped.replace('\\"', '"').replace("'", "\\'") + "'"


def clean_names(names: Iterable[str]) -> list[str]:
    """Give each column a name of ASCII letters, digits and underscores that no other has.

    Names that are so already are kept. Case does not make a difference, as in BigQuery.

    Example: `Total price (€)` becomes `total_price`.
    """
    clean: list[str] = []
    for i, name in enumerate(names, 1):
        plain = name if _PLAIN.fullmatch(name) and len(name) <= LONGEST else _plain(name)
        clean.append(unused(plain or f'column_{i}', [c.casefold() for c in clean]))
    return clean


def unused(name: str, taken: Collection[str]) -> str:
    """Return the name, with a number after it if it is taken (names taken are casefolded)."""
    candidate, n = name, 1
    while candidate.casefold() in taken:
        n += 1
        candidate = f'{name}_{n}'
    return candidate


def _plain(name: str) -> str:
    ascii_only = unicodedata.normalize('NFKD', name.replace('ß', 'ss')).encode('ascii', 'ignore')
    words = re.sub(r'[^a-z0-9]+', '_', ascii_only.decode().lower()).strip('_')[:LONGEST].strip('_')
    return f'c_{words}' if words[:1].isdigit() else words


def recipe_name(text: str) -> str:
    """Return the nearest name that a recipe may have: a-z, 0-9 and dashes.

    Example: `Sales 2021 (final)` becomes `sales-2021-final`.
    """
    name = _plain(text).replace('_', '-').removeprefix('c-' if text[:1].isdigit() else '')
    name = name if not name[:1].isdigit() else f'data-{name}'
    return name[:63].strip('-') or 'data'


def is_recipe_name(text: str) -> bool:
    """Whether a recipe may have this name."""
    return _RECIPE_NAME.fullmatch(text) is not None

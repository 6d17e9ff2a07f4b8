"""From report.json to the page."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from components.report.page import content, words
from components.report.page.figure import Table
from components.report.page.style import style

_FOLDER = Path(__file__).parent

MOST_BYTES = 1_600_000
"""Size of a page at most, whatever the data."""

FEWEST = 4
"""Items that a list is cut down to, to keep the page small."""


def render(report: Mapping[str, Any], run: Mapping[str, Any] | None = None) -> str:
    """Return the page: HTML with its styles, script, pictures and numbers in it.

    Args:
        report: As `build` makes it.
        run: What only the runner knows: `run`, `started`, `seconds`, `steps`, `changes`, …;
            pipeline/report.py makes it.
    """
    page = _rendered(report, run)
    while len(page.encode()) > MOST_BYTES and (shorter := _shorter(report)):
        report = shorter
        page = _rendered(report, run)
    return page


def _rendered(report: Mapping[str, Any], run: Mapping[str, Any] | None) -> str:
    return (
        _environment()
        .get_template('page.html.j2')
        .render(
            content.context(report, run),
            style=style(),
            script=(_FOLDER / 'page.js').read_text(encoding='utf-8'),
            numbers=_embedded(report, run),
        )
    )


def _shorter(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a report with half of its largest list, and a note; None if nothing is left to cut."""
    lists = {
        'data': (report.get('data') or {}).get('columns') or [],
        **{name: report.get(name) or [] for name in ('metrics', 'mistakes', 'schema')},
    }
    lists = {name: rows for name, rows in lists.items() if len(rows) > FEWEST}
    if not lists:
        return None
    name = max(lists, key=lambda n: len(json.dumps(lists[n])))
    kept = lists[name][: len(lists[name]) // 2]
    short = dict(report)
    short[name] = {**report['data'], 'columns': kept} if name == 'data' else kept
    note = f'only the first {len(kept)} are here, to keep the page small; report.json has all'
    short['left_out'] = {**report['left_out'], name: note}
    return short


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        'number': words.number,
        'percent': words.percent,
        'interval': words.interval,
        'slice_name': words.slice_name,
        'bound': words.bound,
    }
    environment.tests['numeric_column'] = _is_numeric
    return environment


def _is_numeric(table: Table, column: int) -> bool:
    """Whether a column has numbers, which are aligned at their ends."""
    cells = [row[column] for row in table.rows]
    numbers = [c.strip('%+-').replace(',', '').replace('.', '', 1) for c in cells if c not in '-']
    return bool(numbers) and all(n[:1].isdigit() and ' ' not in n for n in numbers)


def _embedded(report: Mapping[str, Any], run: Mapping[str, Any] | None) -> str:
    """Return the numbers as JSON that can stand in a script element; pictures are not twice."""
    plain: dict[str, Any] = {**report, 'run': run}
    if report.get('mistakes'):
        plain['mistakes'] = [
            {k: v for k, v in m.items() if k != 'picture'} for m in report['mistakes']
        ]
    text = json.dumps(plain, allow_nan=False, ensure_ascii=False, separators=(',', ':'))
    return text.replace('<', '\\u003c').replace('\u2028', '\\u2028').replace('\u2029', '\\u2029')

"""A comparison as a page that needs nothing else: HTML with its styles, script and numbers."""

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from components.evaluator.settings import METRICS, headline
from components.evaluator.slice_intervals import WHOLE
from components.report.page import words as report_words
from components.report.page.style import style
from pipeline.compare import words
from pipeline.compare.as_json import comparison_object
from pipeline.compare.chart import intervals_chart
from pipeline.compare.comparison import Cell, Comparison, SliceRow
from pipeline.compare.recipe_changes import Change

_FOLDER = Path(__file__).parent


def render(comparison: Comparison) -> str:
    """Return the page."""
    return (
        _environment()
        .get_template('page.html.j2')
        .render(
            c=comparison,
            letters=[words.letter(i) for i in range(len(comparison.runs))],
            summary=[_summary(comparison, i) for i in range(1, len(comparison.runs))],
            whole=[r for r in comparison.rows if r.slice == WHOLE],
            by_slice=_by_slice(comparison),
            headline=headline(comparison.task).name,
            metrics=METRICS[comparison.task],
            short=[c for c in comparison.changes if not _is_long(c)],
            long=[(c.key, _diff(c)) for c in comparison.changes if _is_long(c)],
            chart=intervals_chart(comparison, headline(comparison.task).name),
            style=style() + (_FOLDER / 'page.css').read_text(encoding='utf-8'),
            script=(_FOLDER / 'page.js').read_text(encoding='utf-8'),
            numbers=json.dumps(comparison_object(comparison)).replace('<', '\\u003c'),
        )
    )


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
        'value': words.value_text,
        'interval': words.interval_text,
        'difference': words.difference_text,
        'p': words.p_text,
        'seconds': report_words.seconds,
    }
    environment.globals['verdict_of'] = _verdict_of
    return environment


def _summary(comparison: Comparison, place: int) -> str:
    """Say in a sentence how a run does against the first by the headline metric."""
    metric = headline(comparison.task)
    row = next(r for r in comparison.rows if r.slice == WHOLE and r.metric == metric.name)
    cell, name = row.cells[place], words.letter(place)
    difference = cell.difference
    if difference is None:
        return f'{name}: nothing to test'
    size = words.value_text(abs(difference.value))
    gain = words.better(difference.value, metric.higher_is_better)
    if difference.value == 0:
        return f'{name} and A have the same {metric.name}'
    if gain is None or not difference.significant:
        ends = words.interval_text((difference.low, difference.high))
        return f'{name} and A do not differ in {metric.name} by more than chance ({ends})'
    word = 'better' if gain else 'worse'
    return f'{name} is {word} than A: {metric.name} by {size} (p {words.p_text(difference.p)[:-1]})'


def _verdict_of(cell: Cell, metric: str, task: str) -> str:
    """Return the class of a difference: good, bad, or nothing where it may be chance."""
    difference = cell.difference
    if difference is None or not difference.significant:
        return ''
    gain = words.better(difference.value, METRICS[task][metric].higher_is_better)
    return {True: 'good', False: 'bad', None: ''}[gain]


def _by_slice(comparison: Comparison) -> dict[str, list[SliceRow]]:
    """Return the rows of each metric on slices."""
    found: dict[str, list[SliceRow]] = {}
    for row in comparison.rows:
        if row.slice != WHOLE:
            found.setdefault(row.metric, []).append(row)
    return found


def _is_long(change: Change) -> bool:
    return any(isinstance(v, str) and '\n' in v for v in change.values)


def _diff(change: Change) -> list[list[tuple[str, str]]]:
    """Return the lines of each run's text against the first's: how they changed, and what is."""
    first = _lines(change.values[0])
    return [
        [(line[:1].strip(), line[2:]) for line in difflib.ndiff(first, _lines(v)) if line[0] != '?']
        for v in change.values[1:]
    ]


def _lines(value: Any) -> list[str]:
    return str(value).splitlines()

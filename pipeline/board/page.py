"""The board as HTML: each recipe's runs, and how its metrics went from run to run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2

from components.evaluator.settings import METRICS, headline
from components.report.page import words
from components.report.page.style import style
from pipeline.board.trend import Point, trend
from pipeline.records import Run
from pipeline.results import card_of, report_of
from pipeline.run_queries import metric_of

_FOLDER = Path(__file__).parent

RUNS_LISTED = 100
"""Runs of a recipe that are listed; trends are of all."""


@dataclass(frozen=True)
class Row:
    """A run in the list of its recipe, its pages (`report`, `card`) and its metrics."""

    run: Run
    pages: Sequence[str]
    metrics: Mapping[str, float | None]


@dataclass(frozen=True)
class Recipe:
    """The runs of a recipe.

    Attributes:
        name: The recipe's.
        task: Of its last run.
        headline: The metric that sums it up.
        metrics: Metrics to show, the headline first.
        trends: Metric -> a picture of it from run to run.
        rows: Newest first.
        more: Runs that are not listed.
        blessed: The last blessed run.
        value: Its headline.
    """

    name: str
    task: str
    headline: str
    metrics: Sequence[str]
    trends: Mapping[str, str]
    rows: Sequence[Row]
    more: int
    blessed: Run | None
    value: float | None


def render(runs: Iterable[Run], store: str) -> str:
    """Return the page.

    Args:
        runs: All of a store.
        store: Where that is, to be shown.
    """
    by_recipe: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda r: r.started):
        by_recipe.setdefault(run.recipe, []).append(run)
    newest_first = sorted(by_recipe.items(), key=lambda item: item[1][-1].started, reverse=True)
    recipes = [_recipe(name, own) for name, own in newest_first]
    return (
        _environment()
        .get_template('page.html.j2')
        .render(
            recipes=recipes,
            store=store,
            count=sum(len(own) for own in by_recipe.values()),
            style=style() + (_FOLDER / 'page.css').read_text(encoding='utf-8'),
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
    environment.filters |= {'number': words.number, 'seconds': words.seconds}
    return environment


def _recipe(name: str, runs: Sequence[Run]) -> Recipe:
    last = runs[-1]
    metrics = list(METRICS[last.task])
    trends = {metric: _trend(metric, runs) for metric in metrics}
    blessed = next((r for r in reversed(runs) if r.blessed), None)
    main = headline(last.task).name
    return Recipe(
        name=name,
        task=last.task,
        headline=main,
        metrics=metrics,
        trends={metric: picture for metric, picture in trends.items() if picture},
        rows=[_row(run, metrics) for run in reversed(runs[-RUNS_LISTED:])],
        more=max(0, len(runs) - RUNS_LISTED),
        blessed=blessed,
        value=metric_of(blessed, main) if blessed else None,
    )


def _row(run: Run, metrics: Iterable[str]) -> Row:
    pages = {'report': report_of(run), 'card': card_of(run)}
    there = [name for name, page in pages.items() if page and page.exists()]
    return Row(run, there, {m: metric_of(run, m) for m in metrics})


def _trend(metric: str, runs: Sequence[Run]) -> str:
    points = [
        Point(run.run, run.started, value, bool(run.blessed))
        for run in runs
        if (value := metric_of(run, metric)) is not None
    ]
    bounds = [
        bound[kind]
        for bound in runs[-1].bounds
        if bound['metric'] == metric and not bound['by']
        for kind in ('min', 'max')
        if kind in bound
    ]
    return trend(metric, points, bounds)

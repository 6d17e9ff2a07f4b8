"""Runs compared: recipes, metrics by slice, and whether the difference is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.evaluator.intervals import Interval, measured
from components.evaluator.predictions import labels_and_answers
from components.evaluator.settings import METRICS
from components.evaluator.slice_intervals import WHOLE, rows_by_slice, slice_text
from pipeline.compare.matching import Match, match_rows
from pipeline.compare.recipe_changes import Change
from pipeline.compare.significance import Answers, Difference, paired, unpaired
from pipeline.records import Run
from pipeline.results import MissingResult, Results

MOST_RUNS = 8
"""Runs that are compared at once, at most: more columns than that can't be read."""


class ComparisonError(ValueError):
    """Runs that can't be compared; one line that says why."""


@dataclass(frozen=True)
class Cell:
    """A metric of one run on one slice.

    Attributes:
        value: The metric; NaN: undefined, or the run has no such slice.
        interval: Its 95 % interval.
        examples: Rows.
        difference: From the first run; None for that one, and where there is nothing to test.
    """

    value: float
    interval: Interval
    examples: int
    difference: Difference | None = None


@dataclass(frozen=True)
class SliceRow:
    """One metric on one slice, of every run."""

    slice: str
    metric: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs beside the first of them.

    Attributes:
        runs: In the order given.
        task: Theirs.
        splits: The split that each was judged on.
        changes: What their recipes differ in.
        matches: Of every run but the first, the rows it shares with that.
        rows: Metrics by slice, the whole split first.
        notes: What a reader should know.
    """

    runs: tuple[Run, ...]
    task: str
    splits: tuple[str, ...]
    changes: tuple[Change, ...]
    matches: tuple[Match | None, ...]
    rows: tuple[SliceRow, ...]
    notes: tuple[str, ...]


def compare(every: Sequence[Results], changes: Sequence[Change]) -> Comparison:
    """Compare runs with the first of them.

    Args:
        every: Two to `MOST_RUNS`.
        changes: What their recipes differ in.

    Raises:
        ComparisonError: They are too few or too many, of different tasks, or one was never judged.
    """
    if not 2 <= len(every) <= MOST_RUNS:
        raise ComparisonError(f'2 to {MOST_RUNS} runs can be compared, not {len(every)}')
    runs = [own.run for own in every]
    tasks = {run.task: run.run for run in runs}
    if len(tasks) > 1:
        (one, run_1), (other, run_2) = list(tasks.items())[:2]
        raise ComparisonError(
            f'{run_1} is a {one} task and {run_2} a {other} one, which have no metric in common'
        )
    try:
        splits = tuple(own.split for own in every)
    except MissingResult as error:
        raise ComparisonError(f'{error}; only runs that were judged can be compared') from None
    first = every[0]
    matches = [
        match_rows(first.table, own.table)
        if first.keeps_predictions and own.keeps_predictions
        else None
        for own in every[1:]
    ]
    columns = [_on_slices(every, i, match) for i, match in enumerate([None, *matches])]
    places = dict.fromkeys(place for column in columns for place in column)
    whole_first = sorted(places, key=lambda place: place[0] != WHOLE)
    nothing = Cell(np.nan, (np.nan, np.nan), 0)
    return Comparison(
        runs=tuple(runs),
        task=first.run.task,
        splits=splits,
        changes=tuple(changes),
        matches=tuple(matches),
        rows=tuple(
            SliceRow(*place, tuple(column.get(place, nothing) for column in columns))
            for place in whole_first
        ),
        notes=tuple(_notes(runs, splits, matches)),
    )


Cells = dict[tuple[str, str], Cell]


def _on_slices(every: Sequence[Results], place: int, match: Match | None) -> Cells:
    """Return the cells of one run, by slice and metric."""
    own = every[place]
    if not own.keeps_predictions:
        return _reported(own)
    cells: Cells = {}
    answers = _of_slices(own, every)
    tested = _tested(every, place, match)
    for text, (labels, values) in answers.items():
        found, ends = measured(own.run.task, labels, values)
        for name in METRICS[own.run.task]:
            difference = tested.get(text, {}).get(name)
            cells[text, name] = Cell(found[name], ends[name], len(labels), difference)
    return cells


def _tested(
    every: Sequence[Results], place: int, match: Match | None
) -> dict[str, dict[str, Difference]]:
    """Return the differences of one run from the first, by slice and metric."""
    if place == 0 or match is None:
        return {}
    first, second, task = every[0], every[place], every[0].run.task
    if not match.complete:
        before = _of_slices(first, every)
        after = _of_slices(second, every)
        return {t: unpaired(task, before[t], after[t]) for t in before if t in after}
    before_all = labels_and_answers(first.table, first.about)
    after_all = labels_and_answers(second.table, second.about)
    partner = np.empty(len(match.first), np.intp)
    partner[match.first] = match.second
    found = {}
    for key, rows in rows_by_slice(first.table, _slicings(every)):
        before_rows = (before_all[0][rows], before_all[1][rows])
        own = partner[rows]
        found[slice_text(key)] = paired(task, before_rows, (after_all[0][own], after_all[1][own]))
    return found


def _of_slices(own: Results, every: Sequence[Results]) -> dict[str, Answers]:
    labels, values = labels_and_answers(own.table, own.about)
    return {
        slice_text(key): (labels[rows], values[rows])
        for key, rows in rows_by_slice(own.table, _slicings(every))
    }


def _slicings(every: Sequence[Results]) -> list[tuple[str, ...]]:
    """Return the columns that any run was sliced by and all have."""
    asked = dict.fromkeys(tuple(s.slice) for own in every for s in own.verdict.metrics[own.split])
    have = [set(own.table.column_names) for own in every if own.keeps_predictions]
    return [columns for columns in asked if all(set(columns) <= names for names in have)]


def _reported(own: Results) -> Cells:
    """Return what the Evaluator reported, of a run that kept no rows."""
    cells: Cells = {}
    for reported in own.verdict.metrics[own.split]:
        for name in METRICS[own.run.task]:
            value = reported.metrics[name].candidate
            number = np.nan if value is None else value
            cells[slice_text(reported.slice), name] = Cell(
                number, (np.nan, np.nan), reported.examples
            )
    return cells


def _notes(
    runs: Sequence[Run], splits: Sequence[str], matches: Sequence[Match | None]
) -> list[str]:
    notes = []
    if len(set(splits)) > 1:
        named = ', '.join(f'{r.run} on {s}' for r, s in zip(runs, splits, strict=True))
        notes.append(f'they were judged on different splits: {named}')
    for run, match in zip(runs[1:], matches, strict=True):
        if match is None:
            notes.append(f'{runs[0].run} or {run.run} kept no predictions, so nothing is tested')
        elif match.complete:
            notes.append(
                f'{run.run}: evaluated on the same {match.rows[0]:,} rows, so tests are paired'
            )
        else:
            notes.append(
                f'{run.run}: {len(match.first):,} rows are the same of {match.rows[0]:,} and '
                f'{match.rows[1]:,}, so tests are not paired'
            )
    return notes

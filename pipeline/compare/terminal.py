"""A comparison as text for the terminal."""

from collections.abc import Collection
from string import ascii_uppercase

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from components.evaluator.settings import METRICS
from components.evaluator.slice_intervals import WHOLE
from pipeline.compare.comparison import Cell, Comparison
from pipeline.compare.words import (
    better,
    difference_text,
    interval_text,
    letter,
    p_text,
    value_text,
)

LONG_VALUE = 60
"""Characters of a value in the table of recipes; longer ones are cut, the page has them whole."""


def shown(comparison: Comparison, metrics: Collection[str]) -> RenderableType:
    """Return a comparison for the terminal.

    Args:
        comparison: What to show.
        metrics: Those to show on slices; the whole split has all.
    """
    parts: list[RenderableType] = [_runs(comparison)]
    if comparison.changes:
        parts += [Text('\nWhat their recipes differ in', style='bold'), _changes(comparison)]
    else:
        parts.append(Text('\nTheir recipes are the same.'))
    splits = ' and '.join(dict.fromkeys(comparison.splits))
    parts += [Text(f'\nMetrics on split {splits}', style='bold'), _metrics(comparison, metrics)]
    parts.append(
        Text(
            'In brackets: 95 % intervals. * marks a difference from A that is less likely by '
            'chance than one in twenty;\nof many comparisons, one in twenty is marked even if '
            'nothing differs.',
            style='dim',
        )
    )
    return Group(*parts, *(Text(note, style='dim') for note in comparison.notes))


def _runs(comparison: Comparison) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, run in zip(ascii_uppercase, comparison.runs, strict=False):
        verdict = {True: 'blessed', False: 'not blessed', None: run.state}[run.blessed]
        colour = {True: 'green', False: 'yellow', None: ''}[run.blessed]
        said = ' '.join(f'--set {o}' for o in run.overrides)
        table.add_row(
            Text(name, style='bold'),
            Text(run.run),
            Text(verdict, style=colour),
            Text(f'{run.started:%Y-%m-%d %H:%M} UTC'),
            Text(said, style='dim'),
        )
    return table


def _changes(comparison: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column('key')
    for i in range(len(comparison.runs)):
        table.add_column(letter(i))
    for change in comparison.changes:
        table.add_row(Text(change.key), *(Text(_cut(value_text(v))) for v in change.values))
    return table


def _cut(text: str) -> str:
    one_line = ' '.join(text.split())
    return one_line if len(one_line) <= LONG_VALUE else f'{one_line[: LONG_VALUE - 1]}…'


def _metrics(comparison: Comparison, metrics: Collection[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ('slice', 'metric'):
        table.add_column(column)
    table.add_column('examples', justify='right')
    table.add_column('A', justify='right')
    for i in range(1, len(comparison.runs)):
        table.add_column(letter(i), justify='right')
        table.add_column(f'{letter(i)} less A', justify='right')
        table.add_column('p')
    for row in comparison.rows:
        if row.slice != WHOLE and row.metric not in metrics:
            continue
        first, *others = row.cells
        cells = [_with_interval(first)]
        higher = METRICS[comparison.task][row.metric].higher_is_better
        for cell in others:
            cells += [_with_interval(cell), *_difference(cell, higher)]
        counts = dict.fromkeys(f'{c.examples:,}' for c in row.cells)
        table.add_row(Text(row.slice), row.metric, ' / '.join(counts), *cells)
    return table


def _with_interval(cell: Cell) -> Text:
    ends = interval_text(cell.interval)
    return Text.assemble(value_text(cell.value), (f' [{ends}]' if ends else '', 'dim'))


def _difference(cell: Cell, higher_is_better: bool) -> tuple[Text, Text]:
    difference = cell.difference
    if difference is None:
        return Text(''), Text('')
    gain = better(difference.value, higher_is_better)
    style = {True: 'green', False: 'red', None: ''}[gain] if difference.significant else 'dim'
    ends = interval_text((difference.low, difference.high))
    text = Text(difference_text(difference.value), style=style)
    text.append(f' [{ends}]' if ends else '', style='dim')
    return text, Text(f'{p_text(difference.p)} {difference.test}'.strip(), style='dim')

"""One line per step, with a live bar for the step that runs."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.records import Step

MARKS = {
    'done': ('✓', 'green'),
    'cached': ('•', 'cyan'),
    'skipped': ('-', 'yellow'),
    'failed': ('✗', 'red'),
    'pending': (' ', 'dim'),
    'running': ('…', 'dim'),
}

METRICS_SHOWN = 2
"""Metrics that fit into a line; those of the eval split come first, without its loss."""


class Progress:
    """Draws a run's steps; on no terminal, prints each once it has ended."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def during(self, name: str) -> Iterator['Running']:
        """Show that something runs, with what it reports to the `sluice.progress` logger."""
        running = Running(name)
        logger = logging.getLogger('sluice.progress')
        logger.setLevel(logging.INFO)
        logger.addHandler(running)
        try:
            if not self.console.is_terminal:
                yield running
                return
            with Live(
                running,
                console=self.console,
                transient=True,
                refresh_per_second=8,
                redirect_stdout=False,
                redirect_stderr=False,
            ):
                yield running
        finally:
            logger.removeHandler(running)

    def ended(self, step: Step) -> None:
        """Print the line of a step that has ended."""
        self.console.print(step_line(step))


def step_line(step: Step) -> Text:
    """Return one step as a line: mark, name, time, note."""
    mark, colour = MARKS[step.state]
    took = 'cached' if step.state == 'cached' else seconds_text(step.seconds)
    note = step.note if step.state != 'failed' else 'failed'
    line = Text.assemble((mark, colour), f' {step.name:<18} {took:>8}')
    return line.append(f'  {note}', style='dim') if note else line


def seconds_text(seconds: float | None) -> str:
    """Return a duration as people write it: 0.4 s, 12 s, 3 min 05 s."""
    if seconds is None:
        return ''
    if seconds < 59.95:
        return f'{seconds:.1f} s'
    minutes, rest = divmod(round(seconds), 60)
    return f'{minutes} min {rest:02d} s'


class Running(logging.Handler):
    """The line of the running step; a logging handler, so that any layer can report."""

    def __init__(self, name: str) -> None:
        super().__init__(logging.INFO)
        self.step = name
        self.started = time.monotonic()
        self.last: dict[str, Any] = {}
        self.message = ''

    def emit(self, record: logging.LogRecord) -> None:
        """Take a report."""
        self.last = getattr(record, 'progress', {})
        self.message = record.getMessage()

    @property
    def summary(self) -> str:
        """The last thing it reported, in words."""
        return progress_text(self.last | {'seconds_left': None}) or self.message

    def __rich__(self) -> Table:
        grid = Table.grid(padding=(0, 1))
        elapsed = seconds_text(time.monotonic() - self.started)
        cells: list[Any] = [Text(f'… {self.step:<18} {elapsed:>8}', style='bold')]
        done, total = self.last.get('done'), self.last.get('total')
        if total:
            cells.append(ProgressBar(total=total, completed=done or 0, width=24))
        if self.last:
            words = Text(progress_text(self.last), style='dim', overflow='ellipsis', no_wrap=True)
            cells.append(words)
        grid.add_row(*cells)
        return grid


def progress_text(progress: dict[str, Any]) -> str:
    """Return progress as words: `epochs 3/10 · rmse 1.08 · 5,200 rows/s · 12.0 s left`."""
    parts = []
    if (done := progress.get('done')) is not None:
        count = f'{done:,.4g}' if isinstance(done, float) else f'{done:,}'
        unit, total = progress.get('unit', ''), progress.get('total')
        stage = f'{stage} ' if (stage := progress.get('stage')) else ''
        parts.append(f'{stage}{unit} {count}/{total:,}' if total else f'{stage}{count} {unit}')
    metrics = progress.get('metrics') or {}
    measured = {k: v for k, v in metrics.items() if k.startswith('val_') and k != 'val_loss'}
    shown = list((measured or metrics).items())[:METRICS_SHOWN]
    parts += [f'{name} {value:.4g}' for name, value in shown]
    if rate := progress.get('rate'):
        parts.append(' '.join(filter(None, (f'{rate:,.0f}', progress.get('rate_unit')))) + '/s')
    if left := progress.get('seconds_left'):
        then = progress.get('then')
        parts.append(f'{seconds_text(left)} left{f", then {then}" if then else ""}')
    return ' · '.join(parts)

"""The table of steps at the end of a rehearsal."""

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from pipeline.progress import seconds_text
from pipeline.rehearsal.engine import Result

COLOURS = {'succeeded': 'green', 'cached': 'cyan', 'skipped': 'yellow', 'failed': 'red'}


def step_table(results: Sequence[Result]) -> Table:
    """Return the tasks of a run as a table, in the order in which they ended."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column('step', no_wrap=True)
    table.add_column('runs as', no_wrap=True)
    table.add_column('state', no_wrap=True)
    table.add_column('time', justify='right', no_wrap=True)
    table.add_column('what came of it', overflow='fold')
    for result in results:
        ran = result.state in ('succeeded', 'failed')
        table.add_row(
            result.task,
            result.kind,
            Text(result.state, style=COLOURS[result.state]),
            seconds_text(result.seconds) if ran else '',
            Text(result.note, style='dim'),
        )
    return table

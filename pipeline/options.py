"""Options that several commands have, exit codes, and the way a command stops."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from pipeline.records import Run

FAILED, BAD_USAGE, NOT_BLESSED, INTERRUPTED = 1, 2, 3, 130

store_option = click.option(
    '--store',
    type=click.Path(file_okay=False, path_type=Path),
    envvar='SLUICE_STORE',
    default=Path('.sluice'),
    show_default=True,
    help='Folder of runs, artifacts and metadata.',
)
set_option = click.option(
    '--set', 'overrides', multiple=True, metavar='KEY=VALUE', help='Override one key of the recipe.'
)
json_option = click.option('--json', 'as_json', is_flag=True, help='Print one JSON object only.')


def stop(message: str, code: int) -> NoReturn:
    """Say why on stderr, and exit."""
    click.echo(message, err=True)
    sys.exit(code)


def stop_interrupted() -> NoReturn:
    """Say after Ctrl-C how a run goes on, and exit."""
    stop('Interrupted. The same command goes on from here.', INTERRUPTED)


def finish(record: 'Run', *, as_json: bool, require_blessed: bool) -> None:
    """End a command that has run a pipeline: its record, if asked for, and its exit code.

    Args:
      record: Of the run.
      as_json: Whether to print it.
      require_blessed: Whether a model that is not blessed has an exit code of its own.
    """
    if as_json:
        click.echo(record.model_dump_json(indent=2))
    if record.state == 'failed':
        sys.exit(FAILED)
    if require_blessed and not record.blessed:
        sys.exit(NOT_BLESSED)

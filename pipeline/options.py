"""Options that several commands have, exit codes, and the way a command stops."""

import sys
from pathlib import Path
from typing import NoReturn

import click

FAILED, BAD_USAGE, NOT_BLESSED, INTERRUPTED = 1, 2, 3, 130

store_option = click.option(
    '--store',
    type=click.Path(file_okay=False, path_type=Path),
    envvar='SLUICE_STORE',
    default=Path('.sluice'),
    show_default=True,
    help='Folder of runs, artifacts and metadata.',
)
json_option = click.option('--json', 'as_json', is_flag=True, help='Print one JSON object only.')


def stop(message: str, code: int) -> NoReturn:
    """Say why on stderr, and exit."""
    click.echo(message, err=True)
    sys.exit(code)

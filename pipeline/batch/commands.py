"""Commands of `sluice` that use a pushed model. What is slow to import, the command imports."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click

from pipeline.model_commands import BAD_USAGE, FAILED, models_option


@click.command()
@click.argument('model')
@click.option('--input', 'given', required=True, help='Table, folder of pictures, or glob.')
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to write: .csv, .parquet or .jsonl.',
)
@models_option
@click.option('-v', '--verbose', is_flag=True, help='Stream the full log; show tracebacks.')
def predict(model: str, given: str, output: Path, folder: Path, verbose: bool) -> None:
    """Predict a table or a folder of pictures.

    MODEL is the name of a pushed model, for its newest version, or the path of a SavedModel. The
    output has the rows of the input in their order, with all their columns and the predictions.
    Rows in error are listed beside it, in OUTPUT.errors.jsonl.
    """
    from pipeline.batch.session import start

    try:
        start(model, folder, given, output, verbose=verbose)
    except (ValueError, LookupError, OSError) as error:
        if verbose:
            raise
        _stop(error)


@click.command()
@click.argument('model')
@click.option('--format', 'to', required=True, type=click.Choice(['litert', 'onnx']))
@click.option(
    '-o',
    '--output',
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to write, such as model.tflite or model.onnx.',
)
@models_option
@click.option('-v', '--verbose', is_flag=True, help='Stream the full log; show tracebacks.')
def export(model: str, to: str, output: Path, folder: Path, verbose: bool) -> None:
    """Export a model's network for other runtimes.

    The network is checked against the served model by running it. Its preprocessing is not in it,
    and is described beside it, in OUTPUT.json and OUTPUT.md.
    """
    from pipeline.batch.models import find_model
    from pipeline.terminal import quiet

    try:
        path = find_model(model, folder)
        with quiet(Path(os.devnull), verbose=verbose):
            from models.portable.export import export_network

            made = export_network(path, to, output)  # type: ignore[arg-type]
    except (ValueError, LookupError, OSError) as error:
        if verbose:
            raise
        _stop(error)
    click.echo(
        f'Wrote {made.file}: on {made.rows} sample rows within {made.difference:.2g} of the served '
        f'model\nIts inputs and output are described in {made.text} and {made.about}'
    )


def _stop(error: Exception) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(BAD_USAGE if isinstance(error, LookupError) else FAILED)

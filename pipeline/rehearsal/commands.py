"""`sluice rehearse`."""

from pathlib import Path

import click

from pipeline.options import (
    BAD_USAGE,
    FAILED,
    finish,
    json_option,
    stop,
    stop_interrupted,
    store_option,
)


@click.command()
@click.argument('pipeline', default='pipeline.json', metavar='[PIPELINE.json | RECIPE]')
@click.option(
    '--set',
    'overrides',
    multiple=True,
    metavar='KEY=VALUE',
    help='Of a recipe: override one of its keys.',
)
@click.option(
    '--param',
    'parameters',
    multiple=True,
    metavar='NAME=VALUE',
    help="Value of one of the pipeline's parameters; others have their defaults.",
)
@click.option(
    '--table',
    'tables',
    multiple=True,
    metavar='TABLE=PATH',
    help='Local file that stands for a table of BigQuery; a recipe says it in data.local.',
)
@click.option(
    '--fault',
    'faults',
    multiple=True,
    metavar='METHOD=STATUS',
    help='Let the next call of a method fail: DeployModel=UNAVAILABLE, storage.objects.*=INTERNAL.',
)
@click.option(
    '--strict', is_flag=True, help='Start every container as a process of its own: slow, and exact.'
)
@store_option
@json_option
@click.option('--require-blessed', is_flag=True, help='Exit with 3 if the model is not blessed.')
@click.option('-v', '--verbose', is_flag=True, help='Stream the full log; show tracebacks.')
def rehearse(
    pipeline: str,
    overrides: tuple[str, ...],
    parameters: tuple[str, ...],
    tables: tuple[str, ...],
    faults: tuple[str, ...],
    strict: bool,
    store: Path,
    as_json: bool,
    require_blessed: bool,
    verbose: bool,
) -> None:
    """Run a compiled pipeline as Vertex would, with no cloud.

    Runs PIPELINE.json (by default pipeline.json here), or a RECIPE, compiled first, container by
    container on this machine, against stand-ins for Cloud Storage, BigQuery and Vertex. What it
    writes to gs://BUCKET/ is in cloud/buckets/BUCKET/ of the store. Steps that Vertex would take
    from its cache are reused.
    """
    from pipeline.rehearsal.asking import asked_for
    from pipeline.rehearsal.errors import RehearsalError

    try:
        asked = asked_for(pipeline, overrides, parameters, tables, faults, strict=strict)
        from pipeline.rehearsal.session import start

        record = start(asked, store, as_json=as_json, verbose=verbose)
    except RehearsalError as error:
        stop(str(error), BAD_USAGE)
    except KeyboardInterrupt:
        stop_interrupted()
    except OSError as error:
        stop(str(error), FAILED)
    finish(record, as_json=as_json, require_blessed=require_blessed)

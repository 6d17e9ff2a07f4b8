"""Commands that look at runs: listing, comparing, the board, TensorBoard."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cloud.commands import list_runs
from pipeline.cloud.options import project_option, region_option
from pipeline.options import BAD_USAGE, FAILED, json_option, stop, store_option

if TYPE_CHECKING:
    from pipeline.compare.comparison import Comparison
    from pipeline.store import Store

BOARD_PORT = 8766
ON_VERTEX = 20
"""Runs on Vertex that are listed, unless told otherwise."""


@click.command()
@click.argument('recipe', required=False)
@click.option('--recipe', 'of_recipe', metavar='NAME', help='The same as RECIPE.')
@click.option(
    '--filter',
    'conditions',
    multiple=True,
    metavar='CONDITION',
    help='Only runs that meet it: `rmse<1.1`, `blessed=yes`, `state=failed`, `seconds>60`; '
    'several must all be met.',
)
@click.option(
    '--sort',
    'key',
    metavar='KEY',
    help='Best first, by a metric; or by `seconds` or `started`. `-KEY` turns it round.',
)
@click.option('-n', '--limit', type=click.IntRange(1), help='Only so many.')
@click.option('--vertex', is_flag=True, help='Those on Vertex, not those on this machine.')
@project_option
@region_option
@store_option
@json_option
def runs(
    recipe: str | None,
    of_recipe: str | None,
    conditions: tuple[str, ...],
    key: str | None,
    limit: int | None,
    vertex: bool,
    project: str | None,
    region: str | None,
    store: Path,
    as_json: bool,
) -> None:
    """List runs, newest first.

    With RECIPE, only the runs of that one. Metrics are of the whole split that was judged.
    """
    from pipeline import show as view
    from pipeline.run_queries import QueryError, select, sort
    from pipeline.store import Store

    wanted = of_recipe or recipe
    if vertex:
        if conditions or key:
            stop('--vertex: --filter and --sort are for runs on this machine', BAD_USAGE)
        list_runs(wanted, limit or ON_VERTEX, project, region, as_json=as_json)
        return
    every = [r for r in Store(store).runs.all() if wanted in (None, r.recipe)]
    try:
        found, metrics = select(every, conditions)
        found, metric = sort(found, key)
    except QueryError as error:
        stop(str(error), BAD_USAGE)
    shown = found[:limit]
    if as_json:
        click.echo(json.dumps({'runs': [r.model_dump(mode='json') for r in shown]}, indent=2))
    elif shown:
        view.page(view.runs_table(shown, list(dict.fromkeys([*metric, *metrics]))))
    elif every:
        click.echo(f'None of {len(every)} runs meets {" and ".join(conditions)}.')
    else:
        click.echo(f'No runs in {store} yet. Start one: sluice run babyweight')


@click.command()
@click.argument('runs', nargs=-1, required=True, metavar='A B [C…]')
@click.option(
    '--metric',
    'metrics',
    multiple=True,
    metavar='NAME',
    help='Metric to show on slices, `all` for each; by default the headline.',
)
@click.option(
    '--html',
    'page',
    type=click.Path(dir_okay=False, path_type=Path),
    help='Also write a page that needs nothing else.',
)
@store_option
@json_option
def compare(
    runs: tuple[str, ...], metrics: tuple[str, ...], page: Path | None, store: Path, as_json: bool
) -> None:
    """Compare runs with the first of them.

    Shows what their recipes differ in, metrics by slice with 95 % intervals, and whether the
    difference is more than chance: paired tests where both were evaluated on the same rows. Each
    of A, B, … is a run's id, the beginning of one, or a recipe's name for its last run.
    """
    from pipeline import show as view
    from pipeline.compare import as_json as plain
    from pipeline.compare import terminal
    from pipeline.store import Store

    comparison = _comparison(runs, Store(store))
    wanted = _metrics(comparison.task, metrics)
    if page:
        from pipeline.compare.page import render

        try:
            page.write_text(render(comparison), encoding='utf-8')
        except OSError as error:
            stop(f'{page}: cannot be written: {error.strerror}', FAILED)
    if as_json:
        click.echo(json.dumps(plain.comparison_object(comparison), indent=2))
    else:
        view.page(terminal.shown(comparison, wanted))
        if page:
            click.echo(f'Wrote {page}')


def _comparison(names: tuple[str, ...], store: 'Store') -> 'Comparison':
    from pipeline.compare.comparison import ComparisonError, compare
    from pipeline.compare.recipe_changes import changes
    from pipeline.compare.recipes import recipe_of
    from pipeline.results import Results

    if len(names) < 2:
        stop('compare: name two runs or more; `sluice runs` lists them', BAD_USAGE)
    try:
        records = [store.runs.find(name) for name in names]
        recipes = [recipe_of(run, store) or {} for run in records]
        return compare([Results(run) for run in records], changes(recipes))
    except LookupError as error:
        stop(str(error.args[0]), BAD_USAGE)
    except ComparisonError as error:
        stop(str(error), BAD_USAGE)


def _metrics(task: str, named: tuple[str, ...]) -> list[str]:
    from components.evaluator.settings import METRICS, headline
    from pipeline.suggest import nearest

    if not named:
        return [headline(task).name]
    known = list(METRICS[task])
    for name in named:
        if name not in (*known, 'all'):
            stop(f'--metric {name}: is no metric of {task}; {nearest(name, known)}', BAD_USAGE)
    return known if 'all' in named else list(named)


@click.command()
@click.option('--port', type=click.IntRange(0, 65535), default=BOARD_PORT, show_default=True)
@store_option
def board(port: int, store: Path) -> None:
    """Serve a page of all runs: trends of each metric, blessings, reports.

    It is served on this machine only (127.0.0.1), until Ctrl-C. Port 0 takes any that is free.
    """
    from pipeline.board.server import serve
    from pipeline.store import Store

    try:
        serve(Store(store), port, lambda address: click.echo(f'Board of {store}: {address}'))
    except OSError as error:
        stop(
            f'--port {port}: cannot be used: {error.strerror}; choose another, or 0 for any', FAILED
        )


@click.command(context_settings={'ignore_unknown_options': True})
@click.argument('run', required=False)
@click.option('--port', type=click.IntRange(0, 65535), default=6006, show_default=True)
@store_option
def tensorboard(run: str | None, port: int, store: Path) -> None:
    """Start TensorBoard on the logs of a run.

    RUN is an id, the beginning of one, or a recipe's name for its last run; by default the last
    run of all. On this machine only, until Ctrl-C.
    """
    from pipeline.logs import LogsError, start_tensorboard
    from pipeline.store import Store

    try:
        record = Store(store).runs.find(run)
        code = start_tensorboard(record, port, click.echo)
    except LookupError as error:
        stop(str(error.args[0]), BAD_USAGE)
    except LogsError as error:
        stop(str(error), FAILED)
    if code:
        raise SystemExit(FAILED)

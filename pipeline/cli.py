"""The `sluice` command. What is slow to import is imported by the command that needs it."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline import model_commands, run_commands
from pipeline.batch import commands as batch_commands
from pipeline.cloud import check_commands as cloud_checks
from pipeline.cloud import commands as cloud_commands
from pipeline.cloud import schedule_commands
from pipeline.cloud.options import if_new_data_option
from pipeline.options import (
    BAD_USAGE,
    FAILED,
    finish,
    json_option,
    set_option,
    stop,
    stop_interrupted,
    store_option,
)
from pipeline.rehearsal import commands as rehearsal_commands

if TYPE_CHECKING:
    from datetime import date as Day  # noqa: N812 (`--date` has the name)

    from components.image_example_gen.check import Found
    from pipeline.recipe import Recipe


@click.group(context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 100})
@click.version_option(package_name='sluice')
def main() -> None:
    """From a BigQuery query or pictures to a blessed model, in one TFX pipeline.

    Exit codes: 0 done, 1 failed, 2 bad recipe or usage, 3 not blessed (with --require-blessed).
    """


@main.command()
@click.argument('recipe')
@set_option
@store_option
@json_option
@click.option(
    '--date',
    type=click.DateTime(['%Y-%m-%d']),
    help='Date of the run, which data.window ends at; by default today.',
)
@click.option(
    '--if-new-data', is_flag=True, help='Do nothing if the last run had all the data there is.'
)
@click.option('--require-blessed', is_flag=True, help='Exit with 3 if the model is not blessed.')
@click.option('-v', '--verbose', is_flag=True, help='Stream the full log; show tracebacks.')
def run(
    recipe: str,
    overrides: tuple[str, ...],
    store: Path,
    as_json: bool,
    date: datetime | None,
    if_new_data: bool,
    require_blessed: bool,
    verbose: bool,
) -> None:
    """Run a recipe on this machine.

    RECIPE is a file, or the name of one that ships with Sluice (`sluice recipe list`). Steps
    whose inputs, settings and code are unchanged are reused. An interrupted run goes on where it
    stopped when the same command is given again.
    """
    path, loaded = _load(recipe, overrides)
    _check(path, loaded, overrides)
    from pipeline.session import has_window, start

    day = date.date() if date else None
    if day and not has_window(loaded):
        stop(f'{path}: --date: needs data.window, whose days it decides', BAD_USAGE)
    if if_new_data:
        _stop_without_new_data(path, loaded, day, store)
    try:
        record = start(path, loaded, overrides, store, day=day, as_json=as_json, verbose=verbose)
    except KeyboardInterrupt:
        stop_interrupted()
    except OSError as error:
        stop(str(error), FAILED)
    finish(record, as_json=as_json, require_blessed=require_blessed)


@main.command()
@click.argument('run', required=False)
@store_option
@json_option
def show(run: str | None, store: Path, as_json: bool) -> None:
    """Show one run in full.

    Steps, metrics by slice against bounds and baseline, and where things are. RUN is an id, the
    beginning of one, or a recipe's name for its last run; by default the last run of all.
    """
    from pipeline import show as view
    from pipeline.store import Store

    try:
        record = Store(store).runs.find(run)
    except LookupError as error:
        stop(error.args[0], BAD_USAGE)
    if as_json:
        click.echo(record.model_dump_json(indent=2))
    else:
        view.page(view.details(record))


@main.command()
@click.argument('run', required=False)
@store_option
@click.option('--open', 'open_it', is_flag=True, help='Open it in the browser.')
@click.option(
    '-o',
    '--output',
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to write; by default reports/RUN.html in the store.',
)
def report(run: str | None, store: Path, open_it: bool, output: Path | None) -> None:
    """Write the report of a run: one HTML page that needs nothing else.

    RUN is an id, the beginning of one, or a recipe's name for its last run; by default the last
    run of all.
    """
    from pipeline.report import write_report
    from pipeline.store import Store

    at = Store(store)
    try:
        path = write_report(at.runs.find(run), at, output)
    except LookupError as error:
        stop(error.args[0], BAD_USAGE)
    except OSError as error:
        stop(f'{error.filename}: cannot be written: {error.strerror}', FAILED)
    click.echo(path)
    if open_it and click.launch(path.absolute().as_uri()):
        stop(f'No browser could be started; open {path} yourself.', FAILED)


@main.command('compile')
@click.argument('recipe')
@set_option
@click.option(
    '-o',
    '--output',
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path('pipeline.json'),
    show_default=True,
    help='File to write.',
)
@if_new_data_option
def compile_(recipe: str, overrides: tuple[str, ...], output: Path, if_new_data: bool) -> None:
    """Compile a recipe for Vertex Pipelines."""
    path, loaded = _load(recipe, overrides)
    from pipeline.loading import has_local_tables
    from pipeline.terminal import quiet

    if has_local_tables(loaded):  # by which its columns can be checked; Vertex has no need of them
        _check(path, loaded, overrides)

    try:
        with quiet(Path(os.devnull)):
            from pipeline.vertex import compile_recipe

            compiled = compile_recipe(loaded, if_new_data)
        output.write_text(compiled, encoding='utf-8')
    except ValueError as error:
        stop(f'{path}: {error}', BAD_USAGE)
    except OSError as error:
        stop(f'{output}: cannot be written: {error.strerror}', FAILED)
    click.echo(f'Wrote {output}')


@main.command()
@click.argument('source')
@click.option('--label', help='Column to predict; by default the likeliest, which is named.')
@click.option('--name', help="The recipe's name; by default from the file's.")
@click.option(
    '--local',
    'tables',
    multiple=True,
    metavar='TABLE=PATH',
    help='For a query: the local file of each table it reads.',
)
@click.option(
    '-o',
    '--output',
    type=click.Path(dir_okay=False, path_type=Path),
    help='File to write; by default NAME.yaml here.',
)
@click.option('--force', is_flag=True, help='Overwrite the file if it is there.')
def init(
    source: str,
    label: str | None,
    name: str | None,
    tables: tuple[str, ...],
    output: Path | None,
    force: bool,
) -> None:
    """Write a working recipe from a table, a query or pictures.

    SOURCE is a CSV, Parquet or JSON-lines file, BigQuery SQL, or pictures: a folder of class
    folders, of IDX files, or a manifest (uri, label). Kinds of features, sizes and the task are
    guessed from the data; every guess is in the file.
    """
    from pipeline.init import InitError, write_recipe

    try:
        written = write_recipe(
            source, label=label, name=name, tables=tables, output=output, force=force
        )
    except (InitError, OSError) as error:
        stop(str(error), BAD_USAGE)
    click.echo(written.summary)


for command in (
    run_commands.runs,
    run_commands.compare,
    run_commands.board,
    run_commands.tensorboard,
    model_commands.serve,
    model_commands.versions,
    model_commands.rollback,
    batch_commands.predict,
    batch_commands.export,
    cloud_commands.submit,
    cloud_commands.logs,
    cloud_commands.cancel,
    schedule_commands.schedule,
    cloud_checks.plan,
    cloud_checks.doctor,
    rehearsal_commands.rehearse,
):
    main.add_command(command)


@main.group()
def recipe() -> None:
    """Look at recipes."""


@recipe.command('check')
@click.argument('recipe')
@set_option
def recipe_check(recipe: str, overrides: tuple[str, ...]) -> None:
    """Check RECIPE against its types, and against its query's columns or its pictures."""
    path, loaded = _load(recipe, overrides)
    found = _check(path, loaded, overrides)
    if isinstance(found, dict):
        of = f'{loaded.label} from {len(loaded.features)} of {len(found)} columns'
        click.echo(f'{path}: good: {loaded.task} of {of}')
    else:
        from pipeline.pictures import about_pictures

        click.echo(f'{path}: good: {loaded.task} of pictures\n{about_pictures(found)}')


@recipe.command('show')
@click.argument('recipe')
@set_option
def recipe_show(recipe: str, overrides: tuple[str, ...]) -> None:
    """Print RECIPE with all defaults filled in."""
    from pipeline.loading import dump_recipe

    click.echo(dump_recipe(_load(recipe, overrides)[1]), nl=False)


@recipe.command('schema')
def recipe_schema() -> None:
    """Print the JSON Schema of recipes, for editors to complete and check them."""
    from pipeline.recipe import Recipe

    click.echo(json.dumps(Recipe.model_json_schema(by_alias=True), indent=2))


@recipe.command('list')
@json_option
def recipe_list(as_json: bool) -> None:
    """List the recipes that ship with Sluice."""
    from pipeline.loading import load_recipe
    from pipeline.recipe import shipped_recipes

    shipped = {name: load_recipe(path) for name, path in shipped_recipes().items()}
    if as_json:
        listed = [
            {'name': n, 'task': r.task, 'description': r.description} for n, r in shipped.items()
        ]
        click.echo(json.dumps({'recipes': listed}, indent=2))
    else:
        for name, loaded in shipped.items():
            click.echo(f'{name:<12} {loaded.task:<11} {loaded.description}')


def _load(name: str, overrides: Sequence[str]) -> tuple[Path, 'Recipe']:
    from pipeline.loading import RecipeError, load_recipe
    from pipeline.recipe import find_recipe

    try:
        path = find_recipe(name)
        return path, load_recipe(path, overrides)
    except (FileNotFoundError, RecipeError) as error:
        stop(str(error), BAD_USAGE)


def _check(path: Path, loaded: 'Recipe', overrides: Sequence[str]) -> 'dict[str, str] | Found':
    from pipeline.loading import RecipeError, check_against_data

    try:
        return check_against_data(path, loaded, overrides)
    except RecipeError as error:
        stop(str(error), BAD_USAGE)


def _stop_without_new_data(path: Path, loaded: 'Recipe', day: 'Day | None', store: Path) -> None:
    """End the command, well, if the last run had all the data that there is."""
    from pipeline.new_data import has_new_data, last_trained
    from pipeline.store import Store

    last = last_trained(loaded, Store(store).runs.all())
    try:
        if has_new_data(loaded, day or datetime.now().date(), last):
            return
    except ValueError as error:
        stop(f'{path}: {error}', FAILED)
    click.echo(f'No new data since {last.run}: nothing is run.' if last else '')
    sys.exit(0)

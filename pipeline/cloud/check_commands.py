"""Commands that look before anything is started: plan, doctor."""

import json
from pathlib import Path

import click

from pipeline.cloud.options import (
    load,
    max_cost_option,
    project_option,
    region_option,
)
from pipeline.options import BAD_USAGE, FAILED, json_option, set_option, stop, store_option


@click.command()
@click.argument('recipe')
@set_option
@max_cost_option
@click.option(
    '--prices',
    type=click.Path(dir_okay=False, path_type=Path),
    help='Your own table of prices, in the form of pipeline/cloud/prices.yaml.',
)
@store_option
@json_option
def plan(
    recipe: str,
    overrides: tuple[str, ...],
    max_cost: float | None,
    prices: Path | None,
    store: Path,
    as_json: bool,
) -> None:
    """Say what a run on Vertex would do, on which machines, and what it would cost.

    Nothing is started. Times are those of runs on this machine; bytes are BigQuery's own, or
    without a network those of the local files. Exit code 1: it would cost more than it may.
    """
    from pipeline.cloud import plan_text
    from pipeline.cloud.plan import ceiling_of, make_plan
    from pipeline.cloud.prices import TABLE, PricesError
    from pipeline.cloud.reuse import reused_here
    from pipeline.store import Store

    _, loaded = load(recipe, overrides)
    runs = [run for run in Store(store).runs.all() if run.recipe == loaded.name]
    try:
        try:
            cached = reused_here(loaded, runs)
        except (ValueError, ModuleNotFoundError, OSError):
            cached = {}
        made = make_plan(loaded, runs, cached=cached, prices=prices or TABLE)
    except PricesError as error:
        stop(str(error), BAD_USAGE)
    if as_json:
        click.echo(json.dumps(plan_text.as_object(made), indent=2))
    else:
        for line in plan_text.lines(made):
            click.echo(line)
    ceiling = ceiling_of(loaded, max_cost)
    if ceiling is not None and made.cost > ceiling:
        stop(f'${made.cost:.2f} is more than the ${ceiling:g} that is allowed', FAILED)


@click.command()
@click.argument('recipe', required=False)
@click.option('--deep', is_flag=True, help='Also import TensorFlow, which takes some seconds.')
@set_option
@project_option
@region_option
@json_option
def doctor(
    recipe: str | None,
    deep: bool,
    overrides: tuple[str, ...],
    project: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Check this machine and Google Cloud, and say how to mend what is wrong.

    With RECIPE, its data, bucket, image and machines too. What can't be checked is said. Exit
    code 1: something is wrong.
    """
    from pipeline.cloud.doctor import report

    loaded = load(recipe, overrides)[1] if recipe else None
    found = list(report(loaded, project, region, deep=deep))
    if as_json:
        click.echo(json.dumps({'checks': [check.as_object() for check in found]}, indent=2))
    else:
        for check in found:
            click.echo(check.line())
    wrong = sum(check.state == 'wrong' for check in found)
    unknown = sum(check.state == 'unknown' for check in found)
    if not as_json:
        click.echo(f'{len(found)} checks: {wrong} wrong, {unknown} not checked')
    if wrong:
        raise SystemExit(FAILED)

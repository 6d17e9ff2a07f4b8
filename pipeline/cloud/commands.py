"""Commands for runs on Vertex: submit, logs, cancel."""

import json

import click

from pipeline.cloud.options import (
    assignments,
    connected,
    connected_by,
    if_new_data_option,
    max_cost_option,
    param_option,
    project_option,
    recipe_option,
    region_option,
    told,
)
from pipeline.options import FAILED, json_option, set_option, stop


@click.command()
@click.argument('recipe', metavar='RECIPE|PIPELINE.JSON')
@set_option
@param_option
@if_new_data_option
@click.option('--caching/--no-caching', default=None, help='Reuse unchanged steps, or none.')
@click.option('--wait', is_flag=True, help='Wait until it has ended, and show each step.')
@click.option('--run-id', metavar='ID', help='Id of the run; by default name and time.')
@click.option('--service-account', help='Run as this account; by default that of the recipe.')
@max_cost_option
@project_option
@region_option
@json_option
def submit(
    recipe: str,
    overrides: tuple[str, ...],
    parameters: tuple[str, ...],
    if_new_data: bool,
    caching: bool | None,
    wait: bool,
    run_id: str | None,
    service_account: str | None,
    max_cost: float | None,
    project: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Start a run on Vertex.

    RECIPE is compiled first; PIPELINE.JSON is what `sluice compile` wrote. A run that is
    estimated to cost more than --max-cost or vertex.max_cost is refused.
    """
    from pipeline.cloud import jobs
    from pipeline.cloud.template import source

    given = assignments('--param', parameters)
    template = source(recipe, overrides, if_new_data)
    with told():
        template.check_cost(max_cost)
        connection = connected('submit', project, region, template.vertex)
        job = jobs.job_of(template.compiled(), template.settings(given, caching, service_account))
        started = jobs.submit(connection, job, run_id or jobs.new_run_id(job.display_name))
        run = started.name.rpartition('/')[2]
        page = jobs.console_url(started)
        if not as_json:
            click.echo(f'Submitted {run} to {connection.parent}\n  page    {page}')
        if wait:
            started = jobs.follow(connection, run, _silent if as_json else _shown)
    state = jobs.state_of(started)
    if as_json:
        found = {'run': run, 'name': started.name, 'state': state, 'page': page}
        click.echo(json.dumps(found, indent=2))
    elif wait:
        click.echo(f'{run}: {state.lower()}')
    else:
        where = f'--project {connection.project} --region {connection.region}'
        click.echo(f'  follow  sluice logs {run} {where}')
    if wait and state != 'SUCCEEDED':
        why = f': {started.error.message}' if started.error.message else ''
        stop(f'{run} has {state.lower()}{why}; see sluice logs {run}', FAILED)


@click.command()
@click.argument('run')
@click.option('--step', metavar='STEP', help='Also what this step logged.')
@click.option('-n', '--limit', type=click.IntRange(1, 1000), default=100, show_default=True)
@recipe_option
@project_option
@region_option
@json_option
def logs(
    run: str,
    step: str | None,
    limit: int,
    recipe: str | None,
    project: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Show how a run on Vertex stands: its steps, and the log of one, or of what failed.

    RUN is the id that `sluice submit` printed, or the full name.
    """
    from pipeline.cloud import jobs
    from pipeline.cloud.log_lines import log_lines

    with told():
        connection = connected_by('show the log', recipe, project, region)
        job = jobs.get(connection, run)
        steps = list(jobs.steps_of(job))
        wanted = [step] if step else [n for n, state, _ in steps if state == 'FAILED']
        lines = {name: log_lines(connection, job, name, limit) for name in wanted}
    if as_json:
        found = {
            'run': run,
            'state': jobs.state_of(job),
            'steps': [{'name': n, 'state': s, 'error': e} for n, s, e in steps],
            'lines': lines,
        }
        click.echo(json.dumps(found, indent=2))
        return
    click.echo(f'{run}: {jobs.state_of(job).lower()}')
    for name, state, error in steps:
        _shown(name, state, error)
    for name, logged in lines.items():
        click.echo(f'\n{name}, the last lines:' if logged else f'\n{name} logged nothing.')
        for line in logged:
            click.echo(f'  {line}')


@click.command()
@click.argument('run')
@recipe_option
@project_option
@region_option
def cancel(run: str, recipe: str | None, project: str | None, region: str | None) -> None:
    """End a run on Vertex. Steps that are done stay, and are reused."""
    from pipeline.cloud import jobs

    with told():
        job = jobs.cancel(connected_by(f'cancel {run}', recipe, project, region), run)
    click.echo(f'{run}: {jobs.state_of(job).lower()}')


def list_runs(
    recipe: str | None, limit: int, project: str | None, region: str | None, *, as_json: bool
) -> None:
    """Print the runs on Vertex, newest first."""
    from pipeline.cloud import jobs

    with told():
        connection = connected('list the runs', project, region)
        found = jobs.listed(connection, recipe, limit)
    if as_json:
        listed = [
            {
                'run': job.name.rpartition('/')[2],
                'state': jobs.state_of(job),
                'started': job.create_time.isoformat() if job.create_time else None,
                'page': jobs.console_url(job),
            }
            for job in found
        ]
        click.echo(json.dumps({'runs': listed}, indent=2))
        return
    if not found:
        click.echo(f'No runs{f" of {recipe}" if recipe else ""} in {connection.parent} yet.')
    for job in found:
        began = job.create_time.strftime('%Y-%m-%d %H:%M') if job.create_time else ''
        run = job.name.rpartition('/')[2]
        click.echo(f'{run:<40} {jobs.state_of(job).lower():<10} {began}')


def _shown(name: str, state: str, error: str) -> None:
    marks = {'SUCCEEDED': '✓', 'SKIPPED': '✓', 'FAILED': '✗', 'CANCELLED': '✗'}
    why = f'  {error.splitlines()[0]}' if error else ''
    said = 'cached' if state == 'SKIPPED' else state.lower().replace('_', ' ')
    click.echo(f'{marks.get(state, "·")} {name:<24} {said}{why}')


def _silent(name: str, state: str, error: str) -> None:
    pass

"""Commands for schedules on Vertex."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

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
from pipeline.options import BAD_USAGE, json_option, set_option, stop

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import Schedule

TIME = '%Y-%m-%d %H:%M'
FORMATS = ['%Y-%m-%d', '%Y-%m-%dT%H:%M', '%Y-%m-%dT%H:%M:%S']


@click.group()
def schedule() -> None:
    """Run a recipe on Vertex again and again."""


@schedule.command()
@click.argument('recipe', metavar='RECIPE|PIPELINE.JSON')
@click.option('--cron', required=True, help='When: minute hour day month weekday: "0 3 * * *".')
@click.option('--time-zone', help='IANA time zone of the cron, such as Europe/Berlin; or UTC.')
@click.option('--name', help="Of the schedule; by default the recipe's.")
@click.option('--start', type=click.DateTime(FORMATS), help='Not before, in the time zone.')
@click.option('--end', type=click.DateTime(FORMATS), help='Not after, in the time zone.')
@click.option('--max-runs', type=click.IntRange(1), help='At most so many runs.')
@click.option(
    '--concurrent', type=click.IntRange(1), default=1, show_default=True, help='Runs at a time.'
)
@click.option('--queue/--skip', default=False, help='What is due meanwhile waits, or is left out.')
@click.option('--caching/--no-caching', default=None, help='Reuse unchanged steps, or none.')
@click.option('--service-account', help='Run as this account; by default that of the recipe.')
@set_option
@param_option
@if_new_data_option
@max_cost_option
@project_option
@region_option
@json_option
def create(
    recipe: str,
    cron: str,
    time_zone: str | None,
    name: str | None,
    start: datetime | None,
    end: datetime | None,
    max_runs: int | None,
    concurrent: int,
    queue: bool,
    caching: bool | None,
    service_account: str | None,
    overrides: tuple[str, ...],
    parameters: tuple[str, ...],
    if_new_data: bool,
    max_cost: float | None,
    project: str | None,
    region: str | None,
    as_json: bool,
) -> None:
    """Make a schedule, or change the one of that name: made twice, it is one.

    A recipe with a window (data.window) trains each time on the days before the scheduled date,
    in the time zone of the schedule. --max-cost is for each run.
    """
    from pipeline.cloud import jobs, schedules
    from pipeline.cloud.cron import CronError, parse_cron, zone_named
    from pipeline.cloud.scheduled_time import with_time_zone
    from pipeline.cloud.template import source

    try:
        when = parse_cron(cron, time_zone)
    except CronError as error:
        stop(f'--cron {error}', BAD_USAGE)
    zone = zone_named(when.zone)
    begin, until = (t.replace(tzinfo=zone) if t else None for t in (start, end))
    if until and until <= (begin or datetime.now(UTC)):
        stop(f'--end {end}: is not after {"--start" if begin else "now"}', BAD_USAGE)
    given = assignments('--param', parameters)
    template = source(recipe, overrides, if_new_data)
    with told():
        template.check_cost(max_cost)
        connection = connected('schedule', project, region, template.vertex)
        compiled = template.compiled()
        values = with_time_zone(compiled, given, when.zone)
        settings = template.settings(values, caching, service_account)
        job = jobs.job_of(compiled, settings)
        wanted = schedules.ScheduleSettings(
            name or job.display_name, when, begin, until, max_runs, concurrent, queue
        )
        made, what = schedules.create(connection, wanted, job)
    if as_json:
        click.echo(json.dumps({'done': what, **_as_json(made)}, indent=2))
        return
    click.echo(f'Schedule {wanted.name}: {what}: {made.cron}')
    times = when.times(max(begin or datetime.now(UTC), datetime.now(UTC)))
    following = [next(times).astimezone(zone).strftime(TIME) for _ in range(3)]
    click.echo(f'  next    {" · ".join(following)} ({when.zone})')


@schedule.command('list')
@recipe_option
@project_option
@region_option
@json_option
def list_(recipe: str | None, project: str | None, region: str | None, as_json: bool) -> None:
    """List schedules, newest first."""
    from pipeline.cloud import schedules

    with told():
        connection = connected_by('list the schedules', recipe, project, region)
        found = schedules.every(connection)
    if as_json:
        click.echo(json.dumps({'schedules': [_as_json(s) for s in found]}, indent=2))
        return
    if not found:
        click.echo(f'No schedules in {connection.parent} yet.')
    for one in found:
        due = one.next_run_time.strftime(TIME) + ' UTC' if one.next_run_time else '-'
        click.echo(
            f'{one.display_name:<24} {one.state.name.lower():<10} {one.cron:<36} '
            f'{one.started_run_count:>5} runs  next {due}'
        )


@schedule.command()
@click.argument('name')
@recipe_option
@project_option
@region_option
def pause(name: str, recipe: str | None, project: str | None, region: str | None) -> None:
    """Start no more runs of a schedule, until it is resumed."""
    from pipeline.cloud import schedules

    with told():
        connection = connected_by(f'pause {name}', recipe, project, region)
        held = schedules.pause(connection, name)
    click.echo(f'{name}: {held.state.name.lower()}')


@schedule.command()
@click.argument('name')
@click.option(
    '--catch-up/--no-catch-up',
    default=False,
    help='Also start the runs that were due while it was paused.',
)
@recipe_option
@project_option
@region_option
def resume(
    name: str, catch_up: bool, recipe: str | None, project: str | None, region: str | None
) -> None:
    """Start runs of a paused schedule again."""
    from pipeline.cloud import schedules

    with told():
        connection = connected_by(f'resume {name}', recipe, project, region)
        held = schedules.resume(connection, name, catch_up)
    click.echo(f'{name}: {held.state.name.lower()}')


@schedule.command()
@click.argument('name')
@recipe_option
@project_option
@region_option
def delete(name: str, recipe: str | None, project: str | None, region: str | None) -> None:
    """Remove a schedule; runs that have begun go on."""
    from pipeline.cloud import schedules

    with told():
        schedules.delete(connected_by(f'remove {name}', recipe, project, region), name)
    click.echo(f'{name}: removed')


def _as_json(schedule: 'Schedule') -> dict[str, object]:
    return {
        'name': schedule.display_name,
        'resource': schedule.name,
        'state': schedule.state.name,
        'cron': schedule.cron,
        'runs': schedule.started_run_count,
        'next': schedule.next_run_time.isoformat() if schedule.next_run_time else None,
    }

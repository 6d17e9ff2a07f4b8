"""Schedules: one of a name, and each run on exactly its days."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from components.query_example_gen.parameters import day_of
from components.query_example_gen.settings import Data
from pipeline.cloud.cron import CronError, parse_cron
from tests.fakes.universe import Universe
from tests.pipeline.cloud.conftest import sluice


def create(template: Path, *more: str) -> str:
    done = sluice('schedule', 'create', template, '--cron', '0 3 * * *', '--json', *more)
    assert done.exit_code == 0, done.output
    return str(json.loads(done.stdout)['done'])


def listed() -> list[dict[str, object]]:
    found = json.loads(sluice('schedule', 'list', '--json').stdout)
    schedules: list[dict[str, object]] = found['schedules']
    return schedules


def test_made_twice_is_one(universe: Universe, template: Path) -> None:
    assert create(template) == 'made'
    assert create(template) == 'unchanged'
    assert len(listed()) == 1
    assert not universe.faults.named('UpdateSchedule')


def test_changed_settings_change_it(universe: Universe, template: Path) -> None:
    create(template)
    assert create(template, '--time-zone', 'Europe/Berlin', '--concurrent', '2') == 'changed'
    paths = universe.faults.named('UpdateSchedule')[0].request['updateMask']
    assert 'cron' in paths and 'maxConcurrentRunCount' in paths
    assert create(template, '--time-zone', 'Europe/Berlin', '--concurrent', '2') == 'unchanged'
    assert [s['cron'] for s in listed()] == ['TZ=Europe/Berlin 0 3 * * *']
    compiled = json.loads(template.read_text())
    compiled['pipelineSpec']['root']['dag']['tasks']['Trainer']['cachingOptions'] = {}
    template.write_text(json.dumps(compiled))
    assert create(template, '--time-zone', 'Europe/Berlin', '--concurrent', '2') == 'changed'


def test_a_lost_answer_makes_no_second(universe: Universe, template: Path) -> None:
    universe.faults.add('CreateSchedule', after=True, drop=True)
    assert create(template) == 'made'
    assert create(template) == 'unchanged'
    assert len(listed()) == 1


def test_pause_resume_delete(universe: Universe, template: Path) -> None:
    create(template)
    for _ in range(2):
        assert sluice('schedule', 'pause', 'births').stdout == 'births: paused\n'
    assert universe.services['Vertex'].schedules.tick(datetime.now(UTC) + timedelta(days=3)) == []
    for _ in range(2):
        assert sluice('schedule', 'resume', 'births').stdout == 'births: active\n'
    assert sluice('schedule', 'delete', 'births').stdout == 'births: removed\n'
    gone = sluice('schedule', 'pause', 'births')
    assert gone.exit_code == 1 and "no schedule 'births'" in gone.stderr


@pytest.mark.parametrize(('catch_up', 'runs'), [('--catch-up', 3), ('--no-catch-up', 0)])
def test_catch_up_starts_what_was_due(
    universe: Universe, template: Path, catch_up: str, runs: int
) -> None:
    schedules = universe.services['Vertex'].schedules
    schedules.now = datetime(2024, 3, 1, 12, tzinfo=UTC)
    create(template, '--concurrent', '10')
    sluice('schedule', 'pause', 'births')
    later = datetime(2024, 3, 4, 12, tzinfo=UTC)
    assert schedules.tick(later) == []
    sluice('schedule', 'resume', 'births', catch_up)
    assert len(schedules.tick(later)) == runs


WINDOW = Data.model_validate({'query': 'SELECT 1 AS a', 'window': {'days': 7}})


@pytest.mark.parametrize(
    ('zone', 'cron', 'month'),
    [
        ('Europe/Berlin', '30 2 * * *', (2024, 3)),  # 02:30 is left out on the 31st
        ('Europe/Berlin', '30 0 * * *', (2024, 3)),  # in UTC it is the day before
        ('Europe/Berlin', '30 2 * * *', (2024, 10)),  # 02:30 comes twice on the 27th
        ('America/New_York', '0 22 * * *', (2024, 3)),  # in UTC it is the day after
        ('America/New_York', '30 1 * * *', (2024, 11)),  # 01:30 comes twice on the 3rd
        ('UTC', '0 3 * * *', (2024, 2)),
    ],
)
def test_a_month_of_windows_holds_exactly_its_days(
    universe: Universe, template: Path, zone: str, cron: str, month: tuple[int, int]
) -> None:
    first = date(*month, 1)
    days = [
        first + timedelta(days=n)
        for n in range(31)
        if (first + timedelta(days=n)).month == month[1]
    ]
    schedules = universe.services['Vertex'].schedules
    schedules.now = datetime(*month, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(
        seconds=1
    )
    done = sluice('schedule', 'create', template, '--cron', cron, '--time-zone', zone)
    assert done.exit_code == 0, done.output
    windows = []
    end = datetime(*month, 1, tzinfo=ZoneInfo(zone)).replace(hour=23, minute=59)
    for number in range(len(days)):
        for job in schedules.tick((end + timedelta(days=number)).astimezone(UTC)):
            plain = type(job).to_dict(job)
            tasks = plain['pipeline_spec']['root']['dag']['tasks']
            scheduled = tasks['QueryExampleGen']['inputs']['parameters']['scheduled']
            told = plain['runtime_config']['parameter_values']['time_zone']
            day = day_of('', scheduled['runtimeValue']['constant'], told)
            parameters = WINDOW.at(day).parameters
            windows.append((parameters['window_start'].value, parameters['window_end'].value))
    assert windows == [((day - timedelta(days=7)).isoformat(), day.isoformat()) for day in days]


@pytest.mark.parametrize(
    ('text', 'zone', 'told'),
    [
        ('0 3 * *', None, 'expected five fields'),
        ('0 25 * * *', None, 'is no cron expression'),
        ('0 3 * * *', 'Mars/Base', 'is no time zone'),
        ('TZ=UTC 0 3 * * *', 'UTC', 'give one'),
        ('0 0 30 2 *', None, '30 2'),
    ],
)
def test_a_bad_time_is_told(text: str, zone: str | None, told: str) -> None:
    with pytest.raises(CronError, match=told.replace('*', r'\*')):
        parse_cron(text, zone)


def test_runs_of_a_schedule_are_those_of_the_account(universe: Universe, template: Path) -> None:
    account = 'runner@rehearsal.iam.gserviceaccount.com'
    create(template, '--service-account', account)
    (job,) = universe.services['Vertex'].schedules.tick(datetime.now(UTC) + timedelta(days=1))
    assert job.service_account == account


def test_runs_that_are_due_meanwhile_wait_or_are_left_out(
    universe: Universe, template: Path
) -> None:
    vertex = universe.services['Vertex']
    vertex.pipelines.seconds = 60
    now = datetime.now(UTC)
    create(template)
    assert len(vertex.schedules.tick(now + timedelta(days=3))) == 1
    create(template, '--queue', '--concurrent', '2')
    assert len(vertex.schedules.tick(now + timedelta(days=6))) == 1

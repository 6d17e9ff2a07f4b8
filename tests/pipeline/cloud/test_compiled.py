"""A recipe, compiled and sent: what Vertex gets of its window and of the schedule's time zone."""

import json
from pathlib import Path

import pytest

from tests.fakes.universe import Universe
from tests.pipeline.cloud.conftest import sluice

RECIPE = """
name: sales
task: regression
label: price
data:
  query: SELECT price, area FROM `a.b.sales` WHERE day >= @window_start AND day < @window_end
  window: {days: 28}
features: {area: numeric}
train: {warm_start: true}
gate: {metrics: {rmse: {max: 10}}}
vertex: {root: gs://bucket/sluice, image: image, region: europe-west4, labels: {team: growth},
         service_account: runner@rehearsal.iam.gserviceaccount.com}
"""


@pytest.mark.slow
def test_a_schedule_tells_each_run_its_date(universe: Universe, tmp_path: Path) -> None:
    (tmp_path / 'sales.yaml').write_text(RECIPE)
    done = sluice('schedule', 'create', 'sales.yaml', '--cron', '30 0 * * *',
                  '--time-zone', 'Europe/Berlin', '--json')  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)['done'] == 'made'
    schedule = universe.faults.named('CreateSchedule')[0].request['schedule']
    job = schedule['createPipelineJobRequest']['pipelineJob']
    assert schedule['createPipelineJobRequest']['parent'].endswith('/locations/europe-west4')
    assert job['serviceAccount'] == 'runner@rehearsal.iam.gserviceaccount.com'
    assert job['labels']['team'] == 'growth'
    assert job['runtimeConfig']['parameterValues'] == {'time_zone': 'Europe/Berlin'}
    given = job['pipelineSpec']['root']['dag']['tasks']['QueryExampleGen']['inputs']['parameters']
    constant = given['scheduled']['runtimeValue']['constant']
    assert constant == '{{$.pipeline_job_schedule_time_utc}}'
    assert given['time_zone'] == {'componentInputParameter': 'time_zone'}
    again = sluice('schedule', 'create', 'sales.yaml', '--cron', '30 0 * * *',
                   '--time-zone', 'Europe/Berlin', '--json')  # fmt: skip
    assert json.loads(again.stdout)['done'] == 'unchanged'
    started = sluice('submit', 'sales.yaml', '--param', 'date=2024-03-10', '--json')
    assert started.exit_code == 0, started.output
    request = universe.faults.named('CreatePipelineJob')[0].request['pipelineJob']
    assert request['runtimeConfig']['parameterValues'] == {'date': '2024-03-10'}

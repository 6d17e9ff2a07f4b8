"""`sluice rollback RECIPE --endpoint`, against the stand-ins."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from tests.components.endpoint_pusher.conftest import Place

ROLLBACK = ('rollback', '--endpoint', '--set', 'push.endpoint.canary_percent=50')

RECIPE = """
name: births
task: regression
label: weight
data: {query: 'SELECT weight, age FROM births', local: {births: births.csv}}
features: {age: numeric}
gate: {metrics: {rmse: {max: 2}}}
vertex: {root: 'gs://bucket/root', image: 'image:1', project: rehearsal}
push: {endpoint: {}}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    path = tmp_path / 'births.yaml'
    path.write_text(RECIPE)
    return str(path)


def push(place: Place, number: int) -> None:
    place.push(number)
    kept = place.universe.world.buckets / f'bucket/model-{number}/assets.extra/smoke.json'
    kept.parent.mkdir()
    kept.write_text(place.smoke(number).to_json())


def test_the_version_before_takes_over(place: Place, recipe: str):
    push(place, 1)
    push(place, 2)
    done = CliRunner().invoke(main, [*ROLLBACK, recipe, '--json'])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)['version'] == '1'
    assert 'version 1: deployed, gets 50 %' in done.stderr
    assert place.state()['endpoints'] == {'births': {'deployed': ['1'], 'split': {'1': 100}}}
    done = CliRunner().invoke(main, [*ROLLBACK, recipe, '--to', '2'])
    assert done.stdout.splitlines()[-1] == (
        'version 2 serves at births; 3 rows answered as evaluated; version 1 undeployed'
    )


def test_what_is_wrong_is_said_in_a_line(place: Place, recipe: str):
    done = CliRunner().invoke(main, [*ROLLBACK, recipe])
    assert done.exit_code == 1
    assert done.stderr == "no endpoint 'births' in project rehearsal, region us-central1\n"
    place.push(1)
    place.push(2)
    before = place.state()
    done = CliRunner().invoke(main, [*ROLLBACK, recipe])
    assert done.exit_code == 1
    assert 'model-1/assets.extra/smoke.json: cannot be read' in done.stderr
    assert place.state() == before

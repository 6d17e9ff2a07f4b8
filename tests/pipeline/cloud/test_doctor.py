"""`sluice doctor`: each check with its fix."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cloud.cloud_checks import of_cloud
from pipeline.loading import load_recipe
from pipeline.recipe import Recipe
from tests.fakes.universe import Universe
from tests.pipeline.cloud.conftest import sluice

BABYWEIGHT = Path(__file__).parents[3] / 'recipes' / 'babyweight.yaml'
IMAGE = 'us-central1-docker.pkg.dev/rehearsal/sluice/pipeline'
DIGEST = 'sha256:' + 'a' * 64


def recipe(*overrides: str) -> Recipe:
    return load_recipe(
        BABYWEIGHT,
        ['vertex.root=gs://bucket/sluice', f'vertex.image={IMAGE}@{DIGEST}', *overrides],
    )


@pytest.fixture
def ready(universe: Universe) -> Any:
    universe.services['Platform'].images['rehearsal/sluice/pipeline'] = {DIGEST, 'v1'}
    return universe.services['Platform']


def checks(of: Recipe) -> dict[str, tuple[str, str]]:
    return {c.name: (c.state, f'{c.found}; {c.fix}') for c in of_cloud(of, None, None)}


def test_all_is_good(ready: Any) -> None:
    states = {name: state for name, (state, _) in checks(recipe()).items()}
    assert set(states) == {
        'region', 'google cloud', 'apis', 'permissions', 'bucket', 'image', 'quota',
    }  # fmt: skip
    assert set(states.values()) == {'good'}


def test_each_fault_has_its_fix(ready: Any) -> None:
    ready.disabled.add('aiplatform.googleapis.com')
    ready.denied.add('aiplatform.schedules.create')
    ready.limits['us-central1'] = 1
    found = checks(
        recipe(
            'vertex.root=gs://nowhere/x',
            f'vertex.image={IMAGE}:v2',
            'hardware.accelerator=NVIDIA_TESLA_T4',
            'hardware.count=2',
        )
    )
    for name, fix in {
        'apis': 'gcloud services enable aiplatform.googleapis.com --project rehearsal',
        'permissions': 'grant roles/aiplatform.user',
        'bucket': 'gcloud storage buckets create gs://nowhere --location us-central1',
        'image': 'build and push it',
        'quota': 'custom_model_training_t4_gpus in us-central1: 1, 2 asked for',
    }.items():
        state, told = found[name]
        assert state == 'wrong', name
        assert fix in told


def test_a_tag_is_told_from_a_digest(ready: Any) -> None:
    state, told = checks(recipe(f'vertex.image={IMAGE}:v1'))['image']
    assert state == 'wrong' and 'a tag that can move' in told


def test_a_region_without_the_accelerator_is_told(ready: Any) -> None:
    made = recipe('vertex.region=us-west2', 'hardware.accelerator=NVIDIA_L4')
    state, told = checks(made)['region']
    assert state == 'wrong'
    assert 'us-west2 has no NVIDIA_L4' in told and 'us-central1' in told


def test_what_is_not_answered_is_not_called_wrong(ready: Any, universe: Universe) -> None:
    universe.faults.add('platform.quota', code='UNAVAILABLE', times=None)
    universe.faults.add('platform.permissions', code='UNAVAILABLE', times=None)
    found = checks(recipe('hardware.accelerator=NVIDIA_TESLA_T4'))
    assert found['quota'][0] == found['permissions'][0] == 'unknown'


def test_without_a_network_this_machine_is_still_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')
    monkeypatch.setenv('no_proxy', '')
    done = sluice('doctor', 'babyweight', '--json')
    found = {c['name']: c for c in json.loads(done.stdout)['checks']}
    assert done.exit_code == 1
    assert found['python']['state'] == found['data']['state'] == 'good'
    assert found['google cloud']['state'] == 'wrong'
    assert found['apis']['state'] == found['image']['state'] == 'unknown'

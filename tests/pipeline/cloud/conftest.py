"""A universe of stand-ins that this process is led to, and a compiled pipeline to send there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.fakes.universe import Universe

TEMPLATE: dict[str, Any] = {
    'displayName': 'births',
    'labels': {'tfx_version': '1-21-0'},
    'pipelineSpec': {
        'pipelineInfo': {'name': 'births'},
        'schemaVersion': '2.1.0',
        'sdkVersion': 'tfx-1.21.0',
        'components': {},
        'deploymentSpec': {'executors': {}},
        'root': {
            'inputDefinitions': {
                'parameters': {
                    'epochs': {'parameterType': 'NUMBER_INTEGER', 'defaultValue': 5},
                    'time_zone': {'parameterType': 'STRING', 'defaultValue': 'UTC'},
                }
            },
            'dag': {
                'tasks': {
                    'QueryExampleGen': {
                        'cachingOptions': {'enableCache': True},
                        'inputs': {
                            'parameters': {
                                'scheduled': {
                                    'runtimeValue': {
                                        'constant': '{{$.pipeline_job_schedule_time_utc}}'
                                    }
                                }
                            }
                        },
                    },
                    'Trainer': {'cachingOptions': {'enableCache': True}},
                }
            },
        },
    },
    'runtimeConfig': {'gcsOutputDirectory': 'gs://bucket/sluice'},
}
"""In the shape that `sluice compile` writes, with two steps and no containers."""


@pytest.fixture
def universe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Universe]:
    with Universe(tmp_path / 'cloud') as opened, opened.here():
        (opened.world.buckets / 'bucket').mkdir(parents=True)
        monkeypatch.chdir(tmp_path)
        yield opened


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / 'pipeline.json'
    path.write_text(json.dumps(TEMPLATE))
    return path


def sluice(*arguments: object) -> Result:
    """Give a command as it is typed."""
    from pipeline.cli import main

    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)

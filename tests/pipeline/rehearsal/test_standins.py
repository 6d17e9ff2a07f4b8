import json
from pathlib import Path

import pytest

from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.standins import StandIns


def test_they_start_take_faults_and_end(tmp_path: Path) -> None:
    cloud = tmp_path / 'cloud'
    tables = {'a.b.c': ['c.csv']}
    with StandIns(cloud, tmp_path / 'log', ['bucket'], tables) as standins:
        assert standins.local('gs://bucket/a/b') == cloud / 'buckets' / 'bucket' / 'a' / 'b'
        assert (cloud / 'buckets' / 'bucket').is_dir()
        assert json.loads((cloud / 'bigquery' / 'tables.json').read_text()) == tables
        standins.fail('DeployModel', 'UNAVAILABLE')
        with pytest.raises(RehearsalError, match=r"--fault x=GONE: .*'GONE' is no gRPC status"):
            standins.fail('x', 'GONE')
        assert standins.failed() == []
        process = standins._process
    assert process.returncode == 0

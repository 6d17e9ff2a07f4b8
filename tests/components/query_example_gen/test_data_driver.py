"""The driver, told what Vertex tells it, finds the fingerprint of what the step will read."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from google.cloud.storage import Client

from components import data_driver
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import Data
from tests.components.query_example_gen.tables import NAME, write_table
from tests.fakes.bigquery.service import BigQuery

QUERY = f'SELECT id FROM `{NAME}`'


@pytest.fixture
def file(bigquery: BigQuery, tmp_path: Path) -> Path:
    file = tmp_path / 'visits.parquet'
    write_table(file, 20)
    bigquery.tables.add(NAME, str(file))
    return file


def driven(output: str, kind: str = 'query', **properties: str) -> None:
    told = {'inputs': {'parameterValues': properties}, 'outputs': {'outputFile': output}}
    data_driver.main(kind, json.dumps(told))


def read(file: Path) -> Any:
    return json.loads(file.read_text())['parameterValues'][data_driver.FINGERPRINT]


def test_it_changes_when_the_table_does(file: Path, tmp_path: Path) -> None:
    data = Data(query=QUERY).model_dump_json(by_alias=True, exclude_defaults=True)
    found = []
    for changed in (1, 1, 2):
        os.utime(file, (changed, changed))
        driven(str(tmp_path / 'out.json'), data=data)
        found.append(read(tmp_path / 'out.json'))
    assert found[0] == found[1] != found[2]


def test_what_it_found_is_written_to_cloud_storage(file: Path, bigquery: BigQuery) -> None:
    bucket = Client().create_bucket('pipelines')
    data = Data(query=QUERY).model_dump_json(by_alias=True, exclude_defaults=True)
    driven('gs://pipelines/a/executor_output.json', data=data)
    written = json.loads(bucket.blob('a/executor_output.json').download_as_text())
    assert list(written['parameterValues']) == [data_driver.FINGERPRINT]


def test_a_window_has_its_days(file: Path, tmp_path: Path) -> None:
    query = f'{QUERY} WHERE @window_start < @window_end'
    data = Data.model_validate({'query': query, 'window': {'days': 7}})
    settings = data.model_dump_json(by_alias=True, exclude_defaults=True)
    driven(str(tmp_path / 'out.json'), data=settings, scheduled='2024-03-10T03:00:00Z')
    assert read(tmp_path / 'out.json')
    with pytest.raises(QueryError, match='date'):
        driven(str(tmp_path / 'out.json'), data=settings)


def test_a_query_that_is_refused_says_so(file: Path, tmp_path: Path) -> None:
    data = Data(query='SELECT nothing FROM `rehearsal.sales.visits`')
    with pytest.raises(QueryError, match='nothing'):
        driven(str(tmp_path / 'out.json'), data=data.model_dump_json(by_alias=True))
    assert not (tmp_path / 'out.json').exists()


def test_pictures_are_listed(tmp_path: Path) -> None:
    for label in ('cat', 'dog'):
        (tmp_path / 'pictures' / label).mkdir(parents=True)
        (tmp_path / 'pictures' / label / '1.png').write_bytes(b'1')
    data = json.dumps({'images': str(tmp_path / 'pictures')})
    output = tmp_path / 'out.json'
    driven(str(output), 'pictures', data=data)
    before = read(output)
    (tmp_path / 'pictures' / 'cat' / '2.png').write_bytes(b'2')
    driven(str(output), 'pictures', data=data)
    assert read(output) != before

"""Queries that BigQuery runs: the same bytes as from files, and errors in one line."""

import logging
from pathlib import Path

import duckdb
import pytest

from components.query_example_gen.bigquery import DryRun, dry_run, fingerprint
from components.query_example_gen.errors import NoNewDataError, QueryError
from components.query_example_gen.ingest import write_examples
from components.query_example_gen.reader import columns_of
from components.query_example_gen.settings import Data
from tests.components.query_example_gen.tables import NAME, QUERY, write_table
from tests.fakes.bigquery.service import BigQuery

ROWS = 3000


@pytest.fixture
def file(bigquery: BigQuery, tmp_path: Path) -> Path:
    """The table, which BigQuery has too."""
    file = tmp_path / 'visits.parquet'
    write_table(file, ROWS)
    bigquery.tables.add(NAME, str(file))
    return file


def data(query: str = QUERY, **more: object) -> Data:
    parameters = {'first': 10} if '@first' in query else {}
    return Data.model_validate({'query': query, 'parameters': parameters, **more})


def refused(of: Data, folder: Path) -> str:
    with pytest.raises(QueryError) as error:
        write_examples(of, folder / 'out')
    assert '\n' not in str(error.value)
    assert not list((folder / 'out').glob('*'))
    return str(error.value)


@pytest.mark.parametrize(
    'split', [{}, {'by': 'note'}, {'by': ['score', 'seen'], 'into': {'train': 1, 'eval': 1}}]
)
def test_bigquery_gives_the_bytes_of_the_local_engine(
    file: Path, tmp_path: Path, split: dict
) -> None:
    rows = write_examples(data(split=split), tmp_path / 'cloud-out')
    local = write_examples(data(split=split, local={NAME: str(file)}), tmp_path / 'local-out')
    assert rows == local
    assert sum(rows.values()) == ROWS - 10
    for name in rows:
        path = f'Split-{name}/data_tfrecord-00000-of-00001.gz'
        assert (tmp_path / 'cloud-out' / path).read_bytes() == (
            tmp_path / 'local-out' / path
        ).read_bytes()


def test_the_columns_are_known_without_a_run(file: Path, bigquery: BigQuery) -> None:
    assert columns_of(data()) == columns_of(data(local={NAME: str(file)}))
    inserted = bigquery.faults.named('bigquery.jobs.insert')
    assert [call.request['body']['configuration']['dryRun'] for call in inserted] == [True]


def test_jobs_have_labels_parameters_and_a_bound(
    file: Path, bigquery: BigQuery, tmp_path: Path
) -> None:
    of = data(labels={'team': 'growth'}, max_bytes_billed='1 GB', location='US')
    write_examples(of, tmp_path / 'out')
    job = bigquery.faults.named('bigquery.jobs.insert')[-1].request['body']
    assert job['configuration']['labels'] == {'made-by': 'sluice', 'team': 'growth'}
    assert job['configuration']['query']['maximumBytesBilled'] == '1000000000'
    assert job['configuration']['query']['queryParameters'][0]['name'] == 'first'
    assert job['jobReference']['location'] == 'US'


def test_a_query_that_would_scan_too_much_is_not_run(
    file: Path, bigquery: BigQuery, tmp_path: Path
) -> None:
    message = refused(data(max_bytes_billed='20 KB'), tmp_path)
    scanned = dry_run(QUERY, data()).bytes
    assert scanned > 20_000
    assert f'would scan {scanned / 1000:.1f} KB, data.max_bytes_billed allows 20.0 KB' in message
    assert len(bigquery.faults.named('bigquery.jobs.insert')) == 2  # dry runs


def test_bytes_are_those_of_the_columns_that_are_named(file: Path) -> None:
    query = 'SELECT id FROM `rehearsal.sales.visits`'
    assert dry_run(query, data(query)).bytes == 8 * ROWS
    assert dry_run(query, data(query)).tables == (NAME,)
    with duckdb.connect() as connection:
        counted = connection.execute(
            f"SELECT sum(2 + strlen(name)) FROM '{file}' WHERE name IS NOT NULL"
        ).fetchone()
    query = 'SELECT name FROM `rehearsal.sales.visits`'
    assert dry_run(query, data(query)).bytes == (counted or [0])[0]


@pytest.mark.parametrize(
    ('query', 'message'),
    [
        ('SELECT nam FROM `rehearsal.sales.visits`', 'SQL line 1, column 8: unknown column `nam`'),
        ('SELECT id FROM rehearsal.sales.none', 'BigQuery does not find it: Not found: Table'),
        ('SELECT FROM', 'data.query: SQL line 1'),
        ('SELECT day FROM `rehearsal.sales.visits`', 'column day is DATE, which tf.Example cannot'),
        ('SELECT 1 / (id - 5) AS x FROM `rehearsal.sales.visits`', 'division by zero'),
        ('SELECT id FROM `rehearsal.sales.visits` WHERE id < 0', 'data.query: returned no rows'),
        (
            'SELECT id + @none AS id FROM `rehearsal.sales.visits`',
            'data.query: the query parameter @none has no value',
        ),
    ],
)
def test_what_is_wrong_with_a_query_is_told_in_one_line(
    file: Path, tmp_path: Path, query: str, message: str
) -> None:
    assert message in refused(data(query), tmp_path)


@pytest.mark.parametrize(
    ('method', 'fault', 'message'),
    [
        (
            'bigquery.jobs.insert',
            {'code': 'PERMISSION_DENIED', 'message': 'Access Denied: no bigquery.jobs.create'},
            'BigQuery does not allow it: Access Denied: no bigquery.jobs.create; grant roles/',
        ),
        (
            'bigquery.jobs.insert',
            {'code': 'RESOURCE_EXHAUSTED', 'message': 'quotaExceeded: Quota exceeded: scanned'},
            'BigQuery stops at a limit: Quota exceeded: scanned; wait until the quota',
        ),
        (
            'bigquery.jobs.insert',
            {
                'code': 'PERMISSION_DENIED',
                'message': 'responseTooLarge: Response too large',
                'skip': 1,
            },
            'Response too large; a result without a table of its own is at most 10 GB; set '
            'data.engine: stock',
        ),
        (
            'CreateReadSession',
            {'code': 'PERMISSION_DENIED', 'message': 'the user lacks readsessions.create'},
            'roles/bigquery.readSessionUser',
        ),
    ],
)
def test_refusals_are_told_in_one_line(
    file: Path, bigquery: BigQuery, tmp_path: Path, method: str, fault: dict, message: str
) -> None:
    bigquery.faults.add(method, **fault)
    assert message in refused(data(), tmp_path)


@pytest.mark.parametrize(
    ('method', 'fault'),
    [
        ('bigquery.jobs.insert', {'code': 'UNAVAILABLE'}),
        ('bigquery.jobs.insert', {'drop': True}),
        ('bigquery.jobs.insert', {'drop': True, 'after': True, 'skip': 1}),
        ('bigquery.jobs.getQueryResults', {'code': 'INTERNAL'}),
        ('CreateReadSession', {'code': 'UNAVAILABLE'}),
        ('ReadRows', {'code': 'UNAVAILABLE'}),
        ('ReadRows.message', {'drop': True, 'skip': 2}),
    ],
)
def test_what_fails_in_passing_is_tried_again(
    file: Path,
    bigquery: BigQuery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    fault: dict,
) -> None:
    monkeypatch.setattr('tests.fakes.bigquery.read.MESSAGE_ROWS', 500)
    bigquery.faults.add(method, **fault)
    rows = write_examples(data(), tmp_path / 'out')
    assert rows == write_examples(data(local={NAME: str(file)}), tmp_path / 'local')
    for name in rows:
        path = f'Split-{name}/data_tfrecord-00000-of-00001.gz'
        assert (tmp_path / 'out' / path).read_bytes() == (tmp_path / 'local' / path).read_bytes()
    assert not bigquery.faults.listed()


def test_another_location_has_no_tables(file: Path, tmp_path: Path) -> None:
    assert 'data.location' in refused(data(location='EU'), tmp_path)


def test_an_empty_window_is_no_new_data(file: Path, tmp_path: Path) -> None:
    query = (
        'SELECT id FROM `rehearsal.sales.visits` WHERE day >= @window_start AND day < @window_end'
    )
    of = data(query, window={'days': 7})
    from datetime import date

    rows = write_examples(of.at(date(2024, 3, 1)), tmp_path / 'some')
    with duckdb.connect() as connection:
        counted = connection.execute(
            f"SELECT count(*) FROM '{file}' WHERE day BETWEEN '2024-02-23' AND '2024-02-29'"
        ).fetchone()
    assert sum(rows.values()) == (counted or [0])[0] > 0
    with pytest.raises(NoNewDataError, match='no rows from 2031-01-25 until before 2031-02-01'):
        write_examples(of.at(date(2031, 2, 1)), tmp_path / 'none')
    assert not list((tmp_path / 'none').glob('*'))


def test_the_fingerprint_is_of_tables_and_query(file: Path, bigquery: BigQuery) -> None:
    query = 'SELECT id FROM `rehearsal.sales.visits`'
    first = fingerprint(query, data(query))
    assert fingerprint(query, data(query)) == first
    write_table(file, 50)
    import os

    os.utime(file, (1, 1))
    assert fingerprint(query, data(query)) != first


@pytest.mark.parametrize('function', ['RAND()', 'current_date()', 'CURRENT_TIMESTAMP'])
def test_a_query_that_gives_other_rows_each_time_has_another_fingerprint_each_time(
    file: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.setattr(
        'components.query_example_gen.bigquery._dry_run', lambda *_: DryRun(0, {}, ())
    )
    query = f'SELECT id, {function} AS x FROM `rehearsal.sales.visits`'
    assert fingerprint(query, data(query)) != fingerprint(query, data(query))


def test_without_credentials_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setenv('NO_GCE_CHECK', 'true')
    monkeypatch.setenv('CLOUDSDK_CONFIG', str(tmp_path))
    monkeypatch.delenv('GOOGLE_APPLICATION_CREDENTIALS', raising=False)
    with pytest.raises(QueryError, match='there are no Google Cloud credentials; run `gcloud'):
        columns_of(data())

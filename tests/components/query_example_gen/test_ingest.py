"""From files to split records, without TFX."""

import json
import logging
import os
from collections import Counter
from pathlib import Path

import pytest
import tensorflow as tf

from components.query_example_gen.errors import QueryError
from components.query_example_gen.fingerprint import local_fingerprint
from components.query_example_gen.ingest import write_examples
from components.query_example_gen.reader import open_query
from components.query_example_gen.settings import Data

SHARED = Path(os.environ.get('SLUICE_SHARED_DATA', Path(__file__).parents[4] / 'shared' / 'data'))
NATALITY = SHARED / 'natality' / 'natality_babyweight_2001_2008.csv'
ADULT = SHARED / 'adult'


def sales(folder: Path, query: str, **more: object) -> Data:
    file = folder / 'sales.csv'
    lines = [f'{i},{i % 7},{"north" if i % 2 else "south"},{i / 8}' for i in range(1000)]
    file.write_text('\n'.join(['id,shop,region,price', *lines]))
    return Data.model_validate({'query': query, 'local': {'d.sales': str(file)}, **more})


def examples(folder: Path, split: str) -> list[dict[str, list]]:
    file = str(folder / f'Split-{split}' / 'data_tfrecord-00000-of-00001.gz')
    records = tf.data.TFRecordDataset(file, 'GZIP').as_numpy_iterator()
    rows = (tf.train.Example.FromString(record).features.feature for record in records)
    return [{name: values(feature) for name, feature in row.items()} for row in rows]


def values(feature: tf.train.Feature) -> list:
    kind = feature.WhichOneof('kind')
    return list(getattr(feature, kind).value) if kind else []


def test_every_row_is_in_one_split(tmp_path: Path) -> None:
    query = 'SELECT id, shop, region, price FROM d.sales'
    rows = write_examples(sales(tmp_path, query), tmp_path / 'out')
    assert sum(rows.values()) == 1000
    assert list(rows) == ['train', 'eval', 'test']
    found = {split: examples(tmp_path / 'out', split) for split in rows}
    assert {split: len(records) for split, records in found.items()} == rows
    ids = [record['id'][0] for records in found.values() for record in records]
    assert sorted(ids) == list(range(1000))
    assert found['train'][0] == {'id': [0], 'shop': [0], 'region': [b'south'], 'price': [0.0]}


def test_rows_of_one_key_stay_together(tmp_path: Path) -> None:
    query = 'SELECT id, shop FROM d.sales'
    split = {'by': 'shop', 'into': {'train': 2, 'eval': 1}}
    rows = write_examples(sales(tmp_path, query, split=split), tmp_path / 'out')
    shops = {s: {e['shop'][0] for e in examples(tmp_path / 'out', s)} for s in rows}
    assert not shops['train'] & shops['eval']


def test_a_column_that_names_the_split_is_left_out(tmp_path: Path) -> None:
    query = 'SELECT id, region FROM d.sales'
    split = {'column': 'region', 'values': {'train': 'north', 'eval': 'south'}}
    rows = write_examples(sales(tmp_path, query, split=split), tmp_path / 'out')
    assert rows == {'train': 500, 'eval': 500}
    assert examples(tmp_path / 'out', 'eval')[1] == {'id': [2]}


@pytest.mark.parametrize(
    ('query', 'split', 'message'),
    [
        ('SELECT id FROM d.sales WHERE id < 0', {}, 'data.query: returned no rows'),
        ('SELECT id FROM d.sales', {'by': 'shop'}, 'data.split: shop is no column of the query'),
        (
            "SELECT id, 'train' AS s FROM d.sales",
            {'column': 's'},
            r'no rows in split eval \(train 1,000, eval 0, test 0\)',
        ),
        (
            "SELECT id, IF(id = 999, 'dev', 'train') AS s FROM d.sales",
            {'column': 's'},
            "s holds 'dev' in at least 1 rows, which names no split",
        ),
        ('SELECT CAST(region AS INT64) AS n FROM d.sales', {}, "cannot take the value 'south'"),
        ('SELECT 1 / (id - 999) AS n FROM d.sales', {}, 'division by zero'),
    ],
)
def test_a_fault_leaves_nothing(
    tmp_path: Path, query: str, split: dict[str, str], message: str
) -> None:
    with pytest.raises(QueryError, match=message) as error:
        write_examples(sales(tmp_path, query, split=split), tmp_path / 'out')
    assert '\n' not in str(error.value)
    assert not list((tmp_path / 'out').glob('*'))


def test_the_same_rows_are_the_same_bytes_in_each_run(tmp_path: Path) -> None:
    query = 'SELECT shop, region, SUM(price) AS total FROM d.sales GROUP BY shop, region'
    data = sales(tmp_path, query, split={'into': {'train': 1, 'eval': 1}})
    for run in ('a', 'b'):
        write_examples(data, tmp_path / run)
    for file in (tmp_path / 'a').rglob('*.gz'):
        other = tmp_path / 'b' / file.relative_to(tmp_path / 'a')
        assert file.read_bytes() == other.read_bytes()


def test_progress_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        write_examples(sales(tmp_path, 'SELECT id FROM d.sales'), tmp_path / 'out')
    last = caplog.records[-1]
    assert last.getMessage() == '1,000 rows'
    assert last.__dict__['progress'] == {'done': 1000, 'total': None, 'unit': 'rows'}


def test_the_fingerprint_is_of_files_and_query(tmp_path: Path) -> None:
    data = sales(tmp_path, 'SELECT id FROM d.sales')
    first = local_fingerprint(data)
    assert local_fingerprint(data) == first
    assert local_fingerprint(data.model_copy(update={'query': 'SELECT shop FROM d.sales'})) != first
    (tmp_path / 'sales.csv').write_text('id\n1\n')
    assert local_fingerprint(data) != first


def test_settings_survive_json(tmp_path: Path) -> None:
    data = sales(tmp_path, 'SELECT id FROM d.sales', split={'by': ['id']}, schema='s.pbtxt')
    text = data.model_dump_json(by_alias=True, exclude_defaults=True)
    assert json.loads(text)['schema'] == 's.pbtxt'
    assert Data.model_validate_json(text) == data


def test_an_array_with_null_is_refused(tmp_path: Path) -> None:
    query = 'SELECT shop, ARRAY_AGG(NULLIF(id, 7) ORDER BY id) AS ids FROM d.sales GROUP BY shop'
    with (
        open_query(sales(tmp_path, query)) as rows,
        pytest.raises(QueryError, match='column ids holds an array with a NULL in it'),
    ):
        list(rows.batches())


def test_a_batch_of_long_texts_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('components.query_example_gen.batches.BYTES', 10_000)
    query = "SELECT id, REPEAT('x', 100) AS text FROM d.sales"
    with open_query(sales(tmp_path, query)) as rows:
        sizes = [len(batch) for batch in rows.batches()]
    assert sum(sizes) == 1000
    assert max(sizes) < 200


@pytest.mark.skipif(not NATALITY.exists(), reason='needs the shared data')
def test_real_births(tmp_path: Path) -> None:
    query = (
        'SELECT weight_pounds, is_male, mother_age, plurality, gestation_weeks, split '
        'FROM `bigquery-public-data.samples.natality` WHERE weight_pounds > 0'
    )
    local = {'bigquery-public-data.samples.natality': str(NATALITY)}
    split = {'column': 'split', 'values': {'train': 'train', 'eval': 'eval', 'test': 'test'}}
    data = Data.model_validate({'query': query, 'local': local, 'split': split})
    with open_query(data) as rows:
        assert rows.columns == {
            'weight_pounds': 'FLOAT',
            'is_male': 'BOOLEAN',
            'mother_age': 'INTEGER',
            'plurality': 'INTEGER',
            'gestation_weeks': 'INTEGER',
            'split': 'STRING',
        }
        splits = Counter(row for batch in rows.batches() for row in batch['split'].to_pylist())
    assert sum(splits.values()) == 31_508


@pytest.mark.skipif(not ADULT.exists(), reason='needs the shared data')
def test_real_census(tmp_path: Path) -> None:
    columns = [
        *('age', 'workclass', 'fnlwgt', 'education', 'education_num', 'marital_status'),
        *('occupation', 'relationship', 'race', 'sex', 'capital_gain', 'capital_loss'),
        *('hours_per_week', 'native_country', 'income'),
    ]
    table = {'format': 'csv', 'columns': columns, 'nulls': ['?'], 'strip': True, 'comment': '|'}
    query = (
        'SELECT * EXCEPT (fnlwgt), '
        "IF(MOD(ABS(FARM_FINGERPRINT(CAST(fnlwgt AS STRING))), 10) = 0, 'eval', 'train') AS split "
        'FROM adult.data UNION ALL '
        "SELECT * EXCEPT (fnlwgt) REPLACE (RTRIM(income, '.') AS income), 'test' AS split "
        'FROM adult.test'
    )
    local = {name: {**table, 'path': str(ADULT / name)} for name in ('adult.data', 'adult.test')}
    data = Data.model_validate({'query': query, 'local': local, 'split': {'column': 'split'}})
    rows = write_examples(data, tmp_path)
    assert rows['test'] == 16_281
    assert rows['train'] + rows['eval'] == 32_561
    found = examples(tmp_path, 'test')
    assert Counter(row['income'][0] for row in found) == {b'<=50K': 12_435, b'>50K': 3_846}
    assert sum(not row['occupation'] for row in found) == 966

"""Rows of queries over files of every kind, and the errors of files that are not right."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.query_example_gen.errors import QueryError
from components.query_example_gen.reader import columns_of, open_query
from components.query_example_gen.settings import Data

CSV = 'id,name,score,day,ok\n1,ann,0.5,2020-01-31,true\n2,,,2020-02-01,false\n3,"b, c",7,,\n'
ROWS = [
    {'id': 1, 'name': 'ann', 'score': 0.5, 'day': '2020-01-31', 'ok': True},
    {'id': 2, 'name': None, 'score': None, 'day': '2020-02-01', 'ok': False},
    {'id': 3, 'name': 'b, c', 'score': 7.0, 'day': None, 'ok': None},
]
QUERY = 'SELECT id, name, score, CAST(day AS STRING) AS day, ok FROM `a.b.t`'


def data(table: object, query: str = QUERY, **more: object) -> Data:
    return Data.model_validate({'query': query, 'local': {'a.b.t': table}, **more})


def rows(of: Data) -> list[dict]:
    with open_query(of) as query:
        return [row for batch in query.batches() for row in batch.to_pylist()]


class TestFiles:
    def test_csv(self, tmp_path: Path) -> None:
        file = tmp_path / 't.csv'
        file.write_text(CSV)
        of = data(str(file))
        assert rows(of) == ROWS
        assert columns_of(of) == {
            'id': 'INTEGER',
            'name': 'STRING',
            'score': 'FLOAT',
            'day': 'STRING',
            'ok': 'BOOLEAN',
        }

    def test_gzipped_csv(self, tmp_path: Path) -> None:
        file = tmp_path / 't.csv.gz'
        file.write_bytes(gzip.compress(CSV.encode()))
        assert rows(data(str(file))) == ROWS

    def test_headerless_csv_with_blanks_and_null_marks(self, tmp_path: Path) -> None:
        file = tmp_path / 't.data'
        file.write_text('39, State-gov , 13\n?, ?, 7\n')
        table = {'path': str(file), 'columns': ['age', 'work', 'n'], 'strip': True, 'nulls': ['?']}
        assert rows(data(table, 'SELECT * FROM `a.b.t`')) == [
            {'age': 39, 'work': 'State-gov', 'n': 13},
            {'age': None, 'work': None, 'n': 7},
        ]

    def test_parquet(self, tmp_path: Path) -> None:
        file = tmp_path / 't.parquet'
        pq.write_table(pa.table({'x': [1, None], 'y': ['a', 'b']}), file)
        assert rows(data(str(file), 'SELECT y, x FROM `a.b.t`')) == [
            {'y': 'a', 'x': 1},
            {'y': 'b', 'x': None},
        ]

    def test_json_lines(self, tmp_path: Path) -> None:
        file = tmp_path / 't.jsonl'
        file.write_text('{"x": 1, "y": "a"}\n{"x": 2.5}\n')
        assert rows(data(str(file), 'SELECT x, y FROM `a.b.t`')) == [
            {'x': 1.0, 'y': 'a'},
            {'x': 2.5, 'y': None},
        ]

    def test_many_files_by_glob_list_and_folder(self, tmp_path: Path) -> None:
        for i in range(3):
            (tmp_path / f'part-{i}.csv').write_text(f'x\n{i}\n')
        query = 'SELECT x FROM `a.b.t`'
        expected = [{'x': 0}, {'x': 1}, {'x': 2}]
        for path in (
            str(tmp_path / 'part-*.csv'),
            str(tmp_path),
            [str(tmp_path / f'part-{i}.csv') for i in range(3)],
        ):
            assert rows(data(path, query)) == expected


class TestFaults:
    @pytest.mark.parametrize(
        ('text', 'line'),
        [
            ('x,y\n1,2\n1\n3,4\n', r'bad\.csv, line 3: expected 2 columns, found 1'),
            ('x,y\n', r'bad\.csv: the table has no rows'),
            ('', r'bad\.csv: the file is empty'),
        ],
    )
    def test_csv(self, tmp_path: Path, text: str, line: str) -> None:
        file = tmp_path / 'bad.csv'
        file.write_text(text)
        with pytest.raises(QueryError, match=line):
            rows(data(str(file), 'SELECT x, y FROM `a.b.t`'))

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(QueryError, match=r'none\.csv: no such file'):
            columns_of(data(str(tmp_path / 'none.csv')))

    def test_parquet_that_is_none(self, tmp_path: Path) -> None:
        file = tmp_path / 'bad.parquet'
        file.write_text('hello')
        with pytest.raises(QueryError, match=r'bad\.parquet'):
            columns_of(data(str(file), 'SELECT x FROM `a.b.t`'))

    def test_a_type_that_examples_cannot_hold(self, tmp_path: Path) -> None:
        file = tmp_path / 't.csv'
        file.write_text(CSV)
        with pytest.raises(QueryError, match=r'column day is DATE.*CAST\(day AS STRING\) AS day'):
            columns_of(data(str(file), 'SELECT id, day FROM `a.b.t`'))

    def test_a_late_value_of_another_type(self, tmp_path: Path) -> None:
        file = tmp_path / 'late.csv'
        file.write_text('x\n' + '1\n' * 300_000 + 'n/a\n')
        with pytest.raises(QueryError) as error:
            rows(data(str(file), 'SELECT x FROM `a.b.t`'))
        assert 'late.csv' in str(error.value)
        assert 'n/a' in str(error.value)
        assert '\n' not in str(error.value)


def test_rows_are_streamed(tmp_path: Path) -> None:
    file = tmp_path / 't.parquet'
    pq.write_table(pa.table({'x': range(200_000)}), file)
    with open_query(data(str(file), 'SELECT x FROM `a.b.t`')) as query:
        sizes = [len(batch) for batch in query.batches(rows=10_000)]
    assert sum(sizes) == 200_000
    assert max(sizes) <= 10_000


def test_nan_is_found_in_parquet_whose_statistics_leave_it_out(tmp_path: Path) -> None:
    file = tmp_path / 't.parquet'
    pq.write_table(pa.table({'x': [1.0, float('nan'), None, float('inf')]}), file)
    found = rows(data(str(file), 'SELECT x FROM `a.b.t` WHERE NOT IS_NAN(x)'))
    assert found == [{'x': 1.0}, {'x': float('inf')}]

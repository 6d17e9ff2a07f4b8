import gzip
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.query_example_gen.local_tables import create_view
from components.query_example_gen.settings import LocalTable
from pipeline.init.errors import InitError
from pipeline.init.source import describe_files, find_source


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def csv(name: str, text: str) -> str:
    Path(name).write_text(text, encoding='utf-8')
    return name


def test_plain_csv_needs_no_settings() -> None:
    given = csv('a table.csv', 'a,b\n1,x\n2,y\n')
    found = find_source(given, ())
    assert found.name == 'a-table'
    assert found.table == '`local.a_table`'
    assert found.local == {'local.a_table': LocalTable(path=(given,))}


def test_headerless_columns_are_numbered() -> None:
    table = describe_files(csv('t.data', '1, x\n?, y\n'))
    assert table == LocalTable(
        path=('t.data',), columns=('column_1', 'column_2'), nulls=('', '?'), strip=True
    )


def test_header_that_sql_cannot_name_is_replaced() -> None:
    table = describe_files(csv('t.csv', 'a.b,,x y\n1,2,3\n'))
    assert table.columns == ('a_b', 'column_2', 'x_y')
    assert table.skip_rows == 1


def test_names_with_blanks_are_kept() -> None:
    assert describe_files(csv('t.csv', 'a b,c\n1,2\n')).columns is None


def test_delimiter_and_format_are_set_where_the_name_does_not_tell() -> None:
    assert describe_files(csv('t.csv', 'a;b\n1;2\n')).delimiter == ';'
    assert describe_files(csv('t.dat', 'a,b\n1,2\n')).format == 'csv'
    assert describe_files(csv('t.dat', '{"a": 1}\n{"a": 2}\n')).format == 'jsonl'


def test_types_that_the_first_rows_do_not_show() -> None:
    rows = ''.join(f'{i},{i},true,{i}\n' for i in range(150_000))
    table = describe_files(csv('t.csv', f'late,odd,flag,n\n{rows}1.5,n/k,maybe,9\n'))
    assert table.types == {'late': 'FLOAT64', 'odd': 'STRING', 'flag': 'STRING'}


def test_missing_values_in_quotes() -> None:
    table = describe_files(csv('t.csv', '"a","b","c"\n"1","NA","x"\n"","2.5",""\n'))
    with duckdb.connect() as connection:
        create_view(connection, 't', table)
        rows = connection.execute('SELECT * FROM t').fetchall()
    assert rows == [(1, None, 'x'), (None, 2.5, None)]


@pytest.mark.parametrize('blank', ['', ' '])
def test_codes_keep_their_zeros(blank: str) -> None:
    table = describe_files(csv('t.csv', f'code,n\n007,{blank}1\n012,{blank}2\n'))
    with duckdb.connect() as connection:
        create_view(connection, 't', table)
        assert connection.execute('SELECT code FROM t').fetchall() == [('007',), ('012',)]


def test_glob_folder_and_gzip() -> None:
    Path('parts').mkdir()
    for i in range(2):
        Path(f'parts/{i}.csv.gz').write_bytes(gzip.compress(b'a,b\n1,2\n3,4\n'))
    Path('parts/readme.md').write_text('hello')
    assert describe_files('parts') == LocalTable(path=('parts',))
    assert find_source('parts/*.csv.gz', ()).name == 'parts'


def test_parquet() -> None:
    pq.write_table(pa.table({'a': [1]}), 't.parquet')
    assert describe_files('t.parquet') == LocalTable(path=('t.parquet',))


def test_query_and_its_tables() -> None:
    csv('t.csv', 'a,b\n1,2\n')
    found = find_source(' WITH x AS (SELECT 1) SELECT a FROM p.d.t; ', ['p.d.t=t.csv'])
    assert found.query == 'WITH x AS (SELECT 1) SELECT a FROM p.d.t'
    assert found.table == f'(\n{found.query}\n)'
    assert found.local == {'p.d.t': LocalTable(path=('t.csv',))}


def test_query_file() -> None:
    csv('t.csv', 'a,b\n1,2\n')
    found = find_source(csv('my_births.sql', 'SELECT a FROM d.t'), ['d.t=t.csv'])
    assert (found.name, found.query) == ('my-births', 'SELECT a FROM d.t')


@pytest.mark.parametrize(
    ('given', 'tables', 'message'),
    [
        ('births.csv', (), r'no such file; did you mean birth.csv\?'),
        ('zzz', (), 'no such file, folder or query'),
        ('empty', (), 'no CSV, Parquet or JSON-lines files in this folder'),
        ('mixed', (), 'several formats .csv, jsonl.'),
        ('empty.csv', (), 'empty.csv: is empty'),
        ('book.csv', (), 'an archive or an Excel file'),
        ('wrong.parquet', (), 'is no Parquet file'),
        ('array.json', (), 'is one JSON array'),
        ('birth.csv', ('a=b',), 'is for queries'),
        ('gone.sql', (), 'gone.sql: cannot be read'),
        ('SELECT a FROM t', (), 'add --local TABLE=PATH'),
        ('SELECT a FROM t', ('t',), 'expected TABLE=PATH'),
    ],
)
def test_what_cannot_be_read(given: str, tables: tuple[str, ...], message: str) -> None:
    csv('birth.csv', 'a,b\n1,2\n')
    csv('empty.csv', '')
    csv('wrong.parquet', 'a,b\n')
    csv('array.json', json.dumps([{'a': 1}]))
    Path('book.csv').write_bytes(b'PK\x03\x04')
    Path('empty').mkdir()
    Path('mixed').mkdir()
    csv('mixed/a.csv', 'a,b\n1,2\n')
    csv('mixed/b.jsonl', '{"a": 1}\n')
    with pytest.raises(InitError, match=message) as caught:
        find_source(given, tables)
    assert '\n' not in str(caught.value)

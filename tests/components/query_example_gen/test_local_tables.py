"""What the columns and values of local files become."""

import datetime
import decimal
import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.query_example_gen import csv_tables
from components.query_example_gen.errors import QueryError
from components.query_example_gen.local_tables import create_view, place_of_misfit
from components.query_example_gen.settings import LocalTable
from components.query_example_gen.sql.types import from_duckdb

ADULT = '39, State-gov, ?\n50, Private , 7\n'
NAN = float('nan')


def read(path: Path, **settings: object) -> tuple[dict[str, str], list[tuple]]:
    """Return the columns with their types, and the rows."""
    table = LocalTable.model_validate({'path': str(path), **settings})
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        create_view(connection, 't', table)
        described = connection.execute('DESCRIBE t').fetchall()
        rows = connection.execute('SELECT * FROM t').fetchall()
    return {row[0]: from_duckdb(row[1]) for row in described}, rows


def csv(folder: Path, text: str | bytes, **settings: object) -> tuple[dict[str, str], list[tuple]]:
    file = folder / 't.csv'
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(file, **settings)


@pytest.mark.parametrize(
    ('values', 'type_', 'expected'),
    [
        (['1', '-20', '+3'], 'INT64', [1, -20, 3]),
        (['1', '2.5', '-1e3'], 'FLOAT64', [1.0, 2.5, -1000.0]),
        (['.5', '5.', '0.0'], 'FLOAT64', [0.5, 5.0, 0.0]),
        (['9223372036854775808', '1'], 'FLOAT64', [9223372036854775808.0, 1.0]),
        (['1.5', 'nan', '-inf'], 'FLOAT64', [1.5, NAN, -float('inf')]),
        (['nan', 'NaN'], 'STRING', ['nan', 'NaN']),
        (['true', 'FALSE'], 'BOOL', [True, False]),
        (['yes', 'no'], 'STRING', ['yes', 'no']),
        (['t', 'f'], 'STRING', ['t', 'f']),
        (['02139', '10001'], 'STRING', ['02139', '10001']),
        (['1_000', '2'], 'STRING', ['1_000', '2']),
        (['0x10', '2'], 'STRING', ['0x10', '2']),
        (['2020-01-31', '1999-12-01'], 'DATE', None),
        (['2020-13-31', '1999-12-01'], 'STRING', None),
        (['01/02/2020', '13/02/2020'], 'STRING', None),
        (['2020-01-31', '2020-01-31 10:00:00'], 'DATETIME', None),
        (['2020-01-31 10:00:00Z', '2020-01-31T10:00:00+02:00'], 'TIMESTAMP', None),
        (['10:00', '11:00'], 'STRING', None),
        (['a', '1'], 'STRING', ['a', '1']),
    ],
)
def test_a_type_is_one_that_all_values_fit(
    tmp_path: Path, values: list[str], type_: str, expected: list | None
) -> None:
    columns, rows = csv(tmp_path, '\n'.join(['x,y', *(f'{v},1' for v in values)]))
    assert columns == {'x': type_, 'y': 'INT64'}
    if expected is not None:
        assert [row[0] for row in rows] == pytest.approx(expected, nan_ok=True)


def test_missing_values_do_not_change_a_type(tmp_path: Path) -> None:
    columns, rows = csv(tmp_path, 'a,b,c,d\n,?,x,\n2,1.5,?,\n', nulls=['?'])
    assert columns == {'a': 'INT64', 'b': 'FLOAT64', 'c': 'STRING', 'd': 'STRING'}
    assert rows == [(None, None, 'x', None), (2, 1.5, None, None)]


def test_empty_in_quotes_is_a_text_but_no_number(tmp_path: Path) -> None:
    columns, rows = csv(tmp_path, 'n,s\n"1","a"\n"",""\n,\n')
    assert columns == {'n': 'INT64', 's': 'STRING'}
    assert rows == [(1, 'a'), (None, ''), (None, None)]


def test_blanks_are_kept_unless_stripped(tmp_path: Path) -> None:
    names = {'columns': ['age', 'work', 'n']}
    columns, rows = csv(tmp_path, ADULT, **names)
    assert columns == {'age': 'INT64', 'work': 'STRING', 'n': 'STRING'}
    assert rows == [(39, ' State-gov', ' ?'), (50, ' Private ', ' 7')]
    columns, rows = csv(tmp_path, ADULT, **names, strip=True, nulls=['?'])
    assert columns == {'age': 'INT64', 'work': 'STRING', 'n': 'INT64'}
    assert rows == [(39, 'State-gov', None), (50, 'Private', 7)]


def test_given_types_are_kept(tmp_path: Path) -> None:
    columns, rows = csv(tmp_path, 'zip,n\n02139,1\n', types={'n': 'FLOAT'})
    assert (columns, rows) == ({'zip': 'STRING', 'n': 'FLOAT64'}, [('02139', 1.0)])
    columns, rows = csv(tmp_path, '7,1\n', columns={'zip': 'STRING', 'n': 'INTEGER'})
    assert (columns, rows) == ({'zip': 'STRING', 'n': 'INT64'}, [('7', 1)])


@pytest.mark.parametrize(
    'text',
    [
        'a,b\r\n1,x\r\n2,"y, z"\r\n',
        '\ufeffa,b\n1,x\n2,"y, z"',
        'a;b\n1;x\n2;y, z\n',
        'a\tb\n1\tx\n2\ty, z\n',
        'a,b\n1,x\n\n2,"y, z"\n\n',
    ],
)
def test_ways_to_write_the_same(tmp_path: Path, text: str) -> None:
    assert csv(tmp_path, text) == ({'a': 'INT64', 'b': 'STRING'}, [(1, 'x'), (2, 'y, z')])


def test_lines_within_quotes(tmp_path: Path) -> None:
    assert csv(tmp_path, 'a,b\n1,"x\ny ""z"""\n')[1] == [(1, 'x\ny "z"')]


def test_lines_before_the_data(tmp_path: Path) -> None:
    text = '|1x3 Cross validator\n1,a|b\n2,c\n'
    expected = [(1, 'a|b'), (2, 'c')]
    assert csv(tmp_path, text, columns=['n', 's'], comment='|')[1] == expected
    assert csv(tmp_path, text, columns=['n', 's'], skip_rows=1)[1] == expected


def test_a_column_without_a_name(tmp_path: Path) -> None:
    assert list(csv(tmp_path, ',a\n0,x\n')[0]) == ['column0', 'a']


def test_files_with_their_columns_in_another_order(tmp_path: Path) -> None:
    (tmp_path / '1.csv').write_text('a,b\n1,x\n')
    (tmp_path / '2.csv').write_text('b,a\ny,2\n')
    assert read(tmp_path)[1] == [(1, 'x'), (2, 'y')]


def test_the_type_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / '1.csv').write_text('a,b\n1,x\n')
    (tmp_path / '2.csv.gz').write_bytes(gzip.compress(b'a,b\n2.5,y\n'))
    columns, rows = read(tmp_path)
    assert (columns['a'], rows) == ('FLOAT64', [(1.0, 'x'), (2.5, 'y')])


@pytest.mark.parametrize(
    ('text', 'settings', 'message'),
    [
        ('a,b\n1,2\n3,4,5\n', {}, 'line 3: expected 2 columns, found 3'),
        ('a,b\n1,2\n3\n', {}, 'line 3: expected 2 columns, found 1'),
        ('a,b\n1,"x\n2,y\n', {}, 'a double quote is not closed'),
        ('a,A\n1,2\n', {}, 'two columns are called `A`'),
        ('a,b\n', {}, 'the table has no rows'),
        ('1,2\n', {'columns': ['a']}, r"line 1: 2 values where columns names 1: '1,2'"),
        ('a,b\n1,2\n', {'types': {'c': 'STRING'}}, 'types names the column `c`, which'),
        ('a,b\n1,2\n', {'types': {'a': 'NUMBER'}}, "column a: 'NUMBER' is no type; known: INT64"),
        (b'a,b\n1,\xe9\n', {}, 'not UTF-8 text'),
        (b'\xe9,b\n1,2\n', {}, 'not UTF-8 text'),
    ],
)
def test_faults_of_csv_files(
    tmp_path: Path, text: str | bytes, settings: dict, message: str
) -> None:
    with pytest.raises(QueryError, match=message) as error:
        csv(tmp_path, text, **settings)
    assert str(error.value).startswith('data.local: ')
    assert 't.csv' in str(error.value) or 'types' in settings
    assert '\n' not in str(error.value)


def test_columns_that_differ_between_files(tmp_path: Path) -> None:
    (tmp_path / '1.csv').write_text('a,b\n1,x\n')
    (tmp_path / '2.csv').write_text('a,c\n2,y\n')
    with pytest.raises(
        QueryError, match=r'2\.csv: its columns are a, c; those of .*1\.csv are a, b'
    ):
        read(tmp_path)


@pytest.mark.parametrize(
    ('late', 'advice'), [('1.5', 'FLOAT64'), ('1e-1', 'FLOAT64'), ('oops', 'STRING')]
)
def test_a_late_value_is_an_error_and_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: str, advice: str
) -> None:
    monkeypatch.setattr(csv_tables, 'SNIFFED_ROWS', 10)
    (tmp_path / '1.csv').write_text('a,b\n' + '1,2\n' * 20)
    (tmp_path / '2.csv').write_text('a,b\n' + '1,2\n' * 20 + f'1,{late}\n')
    table = LocalTable(path=(str(tmp_path),))
    with duckdb.connect() as connection:
        create_view(connection, 't', table)
        with pytest.raises(
            duckdb.Error, match=rf"`b` holds '{late}' .*set types: \{{b: {advice}}}"
        ):
            connection.execute('SELECT * FROM t').fetchall()
        assert place_of_misfit(connection, [table]) == f'data.local: {tmp_path}/2.csv, row 21'


def test_parquet_types(tmp_path: Path) -> None:
    day = datetime.date(2020, 1, 31)
    noon = datetime.datetime(2020, 1, 31, 12)
    table = pa.table(
        {
            'small': pa.array([1], pa.int8()),
            'single': pa.array([0.1], pa.float32()),
            'word': pa.array(['a']).dictionary_encode(),
            'day': [day],
            'noon': pa.array([noon], pa.timestamp('ns')),
            'instant': pa.array([noon], pa.timestamp('ms', 'UTC')),
            'price': pa.array([decimal.Decimal('1.50')]),
            'raw': [b'x'],
            'many': pa.array([[1, 2]], pa.list_(pa.int32())),
            'pair': [{'a': 1}],
        }
    )
    pq.write_table(table, tmp_path / 't.parquet')
    columns, rows = read(tmp_path / 't.parquet')
    assert columns == {
        'small': 'INT64',
        'single': 'FLOAT64',
        'word': 'STRING',
        'day': 'DATE',
        'noon': 'DATETIME',
        'instant': 'TIMESTAMP',
        'price': 'NUMERIC',
        'raw': 'BYTES',
        'many': 'ARRAY<INT64>',
        'pair': 'STRUCT',
    }
    assert rows[0][1] == 0.10000000149011612


@pytest.mark.parametrize('numbers', [[1.0, NAN], [1.0, 2.0, NAN, None], [NAN], [3.0, NAN, 3.0]])
def test_nan_in_parquet_whose_statistics_leave_it_out(
    tmp_path: Path, numbers: list[float | None]
) -> None:
    pq.write_table(pa.table({'x': pa.array(numbers, pa.float64())}), tmp_path / 't.parquet')
    with duckdb.connect() as connection:
        create_view(connection, 't', LocalTable(path=(f'{tmp_path}/t.parquet',)))
        found = connection.execute('SELECT count(*) FROM t WHERE isnan(x)').fetchone()
        shown = connection.execute('SELECT isnan(x) FROM t').fetchall()
    assert found == (sum(x is not None and x != x for x in numbers),)
    assert [row[0] for row in shown] == [None if x is None else x != x for x in numbers]


def test_json_lines(tmp_path: Path) -> None:
    lines = '{"a": 1, "s": "12", "b": true, "l": [1.5], "n": null}\n{"a": 2.5, "t": {"x": 1}}\n'
    (tmp_path / 't.jsonl').write_text(lines)
    columns, rows = read(tmp_path / 't.jsonl', types={'s': 'STRING'})
    assert columns == {
        'a': 'FLOAT64',
        's': 'STRING',
        'b': 'BOOL',
        'l': 'ARRAY<FLOAT64>',
        'n': 'STRING',
        't': 'STRUCT',
    }
    assert rows == [(1.0, '12', True, [1.5], None, None), (2.5, None, None, None, None, {'x': 1})]


def test_a_late_fraction_in_json_is_not_rounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('components.query_example_gen.json_tables.SNIFFED_BYTES', 0)
    monkeypatch.setattr('components.query_example_gen.json_tables.SNIFFED_ROWS', 10)
    (tmp_path / 't.jsonl').write_text('{"a": 1}\n' * 5_000 + '{"a": 1.5}\n')
    with pytest.raises(duckdb.Error, match=r"`a` holds '1\.5' where INT64 is expected"):
        read(tmp_path / 't.jsonl')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{"a": 1}\n{"a"\n', r't\.jsonl, line \d: not one JSON object per line'),
        ('[{"a": 1}]', 'not JSON lines; expected one object per line'),
        ('hello\n', r't\.jsonl, line \d: not one JSON object per line'),
    ],
)
def test_faults_of_json_files(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / 't.jsonl').write_text(text)
    with pytest.raises(QueryError, match=message):
        read(tmp_path / 't.jsonl')


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('t.xyz', b'a', 'the name says no format; set format to csv, parquet or jsonl'),
        ('t.csv.gz', b'no', r't\.csv\.gz: cannot be read: Not a gzipped file'),
        ('t.csv.gz', gzip.compress(b'a,b\n' + b'1,2\n' * 10_000, mtime=0)[:60], 'end'),
        ('t.parquet', b'PAR1....PAR1', r't\.parquet: '),
    ],
)
def test_files_that_are_not_what_they_seem(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(QueryError, match=message):
        read(tmp_path / name)


def test_nothing_is_there(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / 'no.csv', r'no\.csv: no such file'),
        (tmp_path / '*.csv', r'\*\.csv: no such file'),
        (tmp_path, 'holds no table files'),
    ):
        with pytest.raises(QueryError, match=message):
            read(path)

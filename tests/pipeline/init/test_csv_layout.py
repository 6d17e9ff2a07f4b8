import gzip
from pathlib import Path

import pytest

from components.query_example_gen.errors import QueryError
from pipeline.init.csv_layout import CsvLayout, read_layout
from pipeline.init.errors import InitError


def layout_of(folder: Path, text: str) -> CsvLayout:
    path = folder / 'table.csv'
    path.write_text(text, encoding='utf-8')
    return read_layout([path])


def test_header_over_numbers(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, 'height,name\n1.5,ann\n1.7,bob\n')
    assert layout == CsvLayout(',', ('height', 'name'), 2, contents=('number', 'text'))


def test_header_over_texts_that_do_not_hold_it(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, 'color,size\nred,small\nblue,small\n')
    assert layout.header == ('color', 'size')


def test_first_row_of_texts_found_again_below_is_no_header(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, 'red,small\nblue,small\nred,large\n')
    assert layout.header is None


def test_first_row_with_a_number_over_numbers_is_no_header(tmp_path: Path) -> None:
    assert layout_of(tmp_path, '39, Private, ?\n50, Public, x\n').header is None


def test_missing_number_in_the_first_row_is_no_header(tmp_path: Path) -> None:
    assert layout_of(tmp_path, '?,3\n1,4\n2,5\n').header is None


def test_unnamed_index_column_keeps_the_header(tmp_path: Path) -> None:
    assert layout_of(tmp_path, ',a,b\n0,x,y\n1,z,y\n').header == ('', 'a', 'b')


@pytest.mark.parametrize('delimiter', [';', '\t', '|'])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    text = f'a{delimiter}b\n1,5{delimiter}x\n2,5{delimiter}y\n'
    assert layout_of(tmp_path, text).delimiter == delimiter


def test_words_for_missing_are_found_where_all_else_is_numbers(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, 'n,country,d\n1,NA,2020-01-02\nNA,US,-\n-,None,2020-02-03\n')
    assert layout.nulls == ('', 'NA', '-')


def test_words_that_are_texts_stay_texts(tmp_path: Path) -> None:
    assert layout_of(tmp_path, 'n,country\n1,NA\n2,None\n').nulls == ('',)


def test_question_marks_mean_missing_among_texts(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, 'n,work\n1, ?\n2, clerk\n')
    assert layout.nulls == ('', '?')
    assert layout.strip


def test_a_title_above_the_table_is_skipped(tmp_path: Path) -> None:
    layout = layout_of(tmp_path, 'Sales of 2021\na,b\n1,2\n3,4\n')
    assert layout.skip_rows == 1
    assert layout.header == ('a', 'b')


def test_gzip_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / 'table.csv.gz'
    path.write_bytes(gzip.compress('\ufeffa,b\n1,2\n3,4\n'.encode()))
    assert read_layout([path]).header == ('a', 'b')


def test_words_far_down_are_found(tmp_path: Path) -> None:
    assert layout_of(tmp_path, 'a,b\n' + '1,2\n' * 3000 + 'NA,3\n').nulls == ('', 'NA')


@pytest.mark.parametrize('rows_before', [2, 3000])
def test_ragged_row_is_named(tmp_path: Path, rows_before: int) -> None:
    text = 'a,b\n' + '1,2\n' * rows_before + '1,2,3\n' + '1,2\n' * 5
    message = rf'table.csv, line {rows_before + 2}: expected 2 columns, found 3'
    with pytest.raises((InitError, QueryError), match=message):
        layout_of(tmp_path, text)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty'),
        (b'\n \n', 'is empty'),
        (b'a\n1\n2\n', 'one column only'),
        ('a,b\n1,2\n'.encode('utf-16'), 'iconv -f UTF-16'),
        (b'a,b\n1,' + b'x' * 200_000, 'not readable as CSV: field larger'),
        ('größe,b\n1,2\n'.encode('latin-1'), 'iconv -f LATIN1'),
    ],
)
def test_unreadable_files(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / 'table.csv'
    path.write_bytes(content)
    with pytest.raises(InitError, match=message) as caught:
        read_layout([path])
    assert '\n' not in str(caught.value)


def test_truncated_gzip(tmp_path: Path) -> None:
    path = tmp_path / 'table.csv.gz'
    path.write_bytes(gzip.compress(b'a,b\n1,2\n' * 10)[:-9])
    with pytest.raises((InitError, QueryError), match=r'gzip|GZIP'):
        read_layout([path])

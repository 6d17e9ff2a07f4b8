"""Tables and pictures through small models, as `sluice predict` does it."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pipeline.batch.errors import BatchError
from pipeline.batch.predict import load, predict
from pipeline.batch.rows import Fault
from tests.serving.page_models import picture, write_clothes, write_weights

COLUMNS = ['who', 'age', 'colour']


@pytest.fixture(scope='module')
def weights(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """age + 10 * place of the colour (red, green, blue); missing ages count as 100."""
    return load(write_weights(tmp_path_factory.mktemp('weights') / '7'))


@pytest.fixture(scope='module')
def clothes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load(write_clothes(tmp_path_factory.mktemp('clothes') / '3'))


def write_csv(path: Path, *lines: str) -> str:
    path.write_text('\n'.join([','.join(COLUMNS), *lines, '']), encoding='utf-8')
    return str(path)


def read(path: Path) -> list[dict[str, Any]]:
    match path.suffix:
        case '.csv':
            with path.open(newline='', encoding='utf-8') as file:
                return list(csv.DictReader(file))
        case '.parquet':
            rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
            return rows
    return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]


def errors(path: Path) -> list[dict[str, Any]]:
    return read(path.with_name(f'{path.name}.errors.jsonl'))


def test_csv_keeps_its_columns_as_they_are_written(weights: Any, tmp_path: Path) -> None:
    given = write_csv(tmp_path / 'in.csv', '007,30.0,red', '"a, b",,blue', 'Ω,5,')
    done = predict(weights, given, tmp_path / 'out.csv')
    assert (done.rows, done.faults, done.errors) == (3, 0, None)
    assert read(tmp_path / 'out.csv') == [
        {'who': '007', 'age': '30.0', 'colour': 'red', 'prediction': '30'},
        {'who': 'a, b', 'age': '', 'colour': 'blue', 'prediction': '120'},
        {'who': 'Ω', 'age': '5', 'colour': '', 'prediction': '5'},
    ]


@pytest.mark.parametrize('suffix', ['parquet', 'jsonl'])
def test_numbers_of_csv_become_numbers_and_codes_stay_texts(
    weights: Any, tmp_path: Path, suffix: str
) -> None:
    given = write_csv(tmp_path / 'in.csv', '007,30,red', '008,,blue')
    predict(weights, given, tmp_path / f'out.{suffix}')
    assert read(tmp_path / f'out.{suffix}') == [
        {'who': '007', 'age': 30, 'colour': 'red', 'prediction': 30.0},
        {'who': '008', 'age': None, 'colour': 'blue', 'prediction': 120.0},
    ]


def test_parquet_in_order_over_many_batches(weights: Any, tmp_path: Path) -> None:
    ages = np.random.default_rng(0).integers(0, 90, 200_000)
    table = pa.table({'id': np.arange(200_000), 'age': ages, 'colour': ['green'] * 200_000})
    pq.write_table(table, tmp_path / 'in.parquet', row_group_size=30_000)
    done = predict(weights, str(tmp_path / 'in.parquet'), tmp_path / 'out.parquet')
    assert done.rows == 200_000
    written = pq.read_table(tmp_path / 'out.parquet')
    assert written.column('id').to_numpy().tolist() == list(range(200_000))
    np.testing.assert_array_equal(written.column('prediction').to_numpy(), ages + 10)


def test_csv_in_order_over_many_batches(weights: Any, tmp_path: Path) -> None:
    table = pa.table({'age': np.arange(150_000) % 90, 'colour': ['red'] * 150_000})
    pyarrow.csv.write_csv(table, tmp_path / 'in.csv')
    predict(weights, str(tmp_path / 'in.csv'), tmp_path / 'out.parquet')
    written = pq.read_table(tmp_path / 'out.parquet')
    np.testing.assert_array_equal(written.column('prediction'), np.arange(150_000) % 90)


def test_json_lines_with_absent_and_null_values(weights: Any, tmp_path: Path) -> None:
    lines = [
        '{"age": 1, "colour": "red", "more": {"a": [1]}}', '', '{"colour": "blue"}',
        '{"age": null, "colour": "green"}',
    ]  # fmt: skip
    (tmp_path / 'in.jsonl').write_text('\n'.join(lines))
    done = predict(weights, str(tmp_path / 'in.jsonl'), tmp_path / 'out.jsonl')
    assert [row['prediction'] for row in read(done.output)] == [1.0, 120.0, 110.0]
    assert json.loads(read(done.output)[0]['more']) == {'a': [1]}


def test_rows_in_error_are_listed_apart_with_number_and_reason(
    weights: Any, tmp_path: Path
) -> None:
    given = write_csv(
        tmp_path / 'in.csv', 'a,30,red', 'b,thirty,red', 'c,3', 'd,2.5,red', 'e,1,red,x', 'f,9,red'
    )
    done = predict(weights, given, tmp_path / 'out.csv')
    assert [row['who'] for row in read(done.output)] == ['a', 'f']
    assert (done.rows, done.faults) == (2, 4)
    found = errors(done.output)
    assert [e['row'] for e in found] == [2, 3, 4, 5]
    assert found[0]['error'] == "age: 'thirty' is not a number"
    assert found[0]['given'] == {'who': 'b', 'age': 'thirty', 'colour': 'red'}
    assert 'Columns: 3 Found: 2' in found[1]['error']
    assert found[2]['error'] == "age: '2.5' is not a whole number"
    assert found[3]['given'] == 'e,1,red,x'


def test_lines_that_are_no_json_are_listed_apart(weights: Any, tmp_path: Path) -> None:
    (tmp_path / 'in.jsonl').write_text('{"age": 1, "colour": "red"}\n{"age": \n[1]\n')
    done = predict(weights, str(tmp_path / 'in.jsonl'), tmp_path / 'out.csv')
    assert done.rows == 1
    assert [(e['row'], e['error']) for e in errors(done.output)] == [
        (2, 'not a JSON object'), (3, 'not a JSON object'),
    ]  # fmt: skip


def test_a_run_without_errors_removes_the_list_of_the_last(weights: Any, tmp_path: Path) -> None:
    out = tmp_path / 'out.csv'
    predict(weights, write_csv(tmp_path / 'a.csv', 'a,30,red', 'b,x,red'), out)
    assert errors(out)
    predict(weights, write_csv(tmp_path / 'b.csv', 'a,30,red'), out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['a.csv', 'b.csv', 'out.csv']


@pytest.mark.parametrize(
    ('name', 'text', 'told'),
    [
        ('none.csv', None, r'none\.csv: no such file'),
        ('in.txt2', 'x', r'in\.txt2: the name says no format'),
        ('in.csv', '', r'in\.csv: the file is empty'),
        ('in.csv', 'who,agee,colour\na,1,red\n', "has no column age, .* did you mean 'agee'"),
        ('in.csv', 'who,age,colour\na,x,red\n', "no row could be predicted, of 1; .* age: 'x' is"),
        ('in.jsonl', 'nothing\n', r'in\.jsonl: not JSON lines'),
        ('in.parquet', 'PAR1', r'in\.parquet: '),
    ],
)
def test_what_cannot_be_read_leaves_nothing(
    weights: Any, tmp_path: Path, name: str, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    out = tmp_path / 'made' / 'out.csv'
    with pytest.raises(BatchError, match=told):
        predict(weights, str(tmp_path / name), out)
    assert list(out.parent.iterdir()) == []


def test_an_earlier_output_stays_when_a_later_run_fails(weights: Any, tmp_path: Path) -> None:
    out = tmp_path / 'out.csv'
    predict(weights, write_csv(tmp_path / 'a.csv', 'a,30,red'), out)
    before = out.read_text()
    with pytest.raises(BatchError):
        predict(weights, str(tmp_path / 'none.csv'), out)
    assert out.read_text() == before


@pytest.mark.parametrize('name', ['out.xlsx', 'out'])
def test_an_output_of_no_known_format(weights: Any, tmp_path: Path, name: str) -> None:
    given = write_csv(tmp_path / 'a.csv', 'a,30,red')
    with pytest.raises(BatchError, match=r'the name says no format; expected .*\.parquet'):
        predict(weights, given, tmp_path / name)


def test_the_input_is_not_overwritten(weights: Any, tmp_path: Path) -> None:
    given = write_csv(tmp_path / 'a.csv', 'a,30,red')
    with pytest.raises(BatchError, match='is what is read'):
        predict(weights, given, tmp_path / 'a.csv')


def test_a_name_that_is_taken_gets_a_number(weights: Any, tmp_path: Path) -> None:
    (tmp_path / 'a.jsonl').write_text('{"age": 1, "colour": "red", "prediction": "mine"}\n')
    done = predict(weights, str(tmp_path / 'a.jsonl'), tmp_path / 'out.jsonl')
    assert read(done.output) == [
        {'age': 1, 'colour': 'red', 'prediction': 'mine', 'prediction_2': 1.0}
    ]


def test_a_folder_of_pictures(clothes: Any, tmp_path: Path) -> None:
    folder = tmp_path / 'pictures'
    (folder / 'sub').mkdir(parents=True)
    (folder / 'b.jpg').write_bytes(picture(220, 10, 10))
    (folder / 'sub' / 'a.JPG').write_bytes(picture(10, 10, 220))
    (folder / 'broken.png').write_bytes(picture(1, 2, 3)[:200])
    (folder / 'notes.txt').write_text('none')
    done = predict(clothes, str(folder), tmp_path / 'out.csv')
    assert [(r['path'], r['prediction']) for r in read(done.output)] == [
        ('b.jpg', 'boot'), ('sub/a.JPG', 'sock'),
    ]  # fmt: skip
    assert set(read(done.output)[0]) == {
        'path', 'prediction', 'probability', 'probability_boot', 'probability_hat',
        'probability_sock',
    }  # fmt: skip
    (fault,) = errors(done.output)
    assert fault['row'] == 2
    assert 'broken.png' in fault['error']


def test_a_manifest_keeps_its_columns(clothes: Any, tmp_path: Path) -> None:
    (tmp_path / 'a.jpg').write_bytes(picture(10, 220, 10))
    (tmp_path / 'list.csv').write_text('path,owner\na.jpg,me\ngone.jpg,you\n')
    done = predict(clothes, str(tmp_path / 'list.csv'), tmp_path / 'out.jsonl')
    (row,) = read(done.output)
    assert (row['path'], row['owner'], row['prediction']) == ('a.jpg', 'me', 'hat')
    (fault,) = errors(done.output)
    assert fault['row'] == 2
    assert 'No such file' in fault['error']


def test_pictures_for_a_table_model_and_the_reverse(
    weights: Any, clothes: Any, tmp_path: Path
) -> None:
    (tmp_path / 'a.jpg').write_bytes(picture(1, 2, 3))
    with pytest.raises(BatchError, match='is a picture, but the model takes columns: age, colour'):
        predict(weights, str(tmp_path / 'a.jpg'), tmp_path / 'out.csv')
    given = write_csv(tmp_path / 'in.csv', 'a,30,red')
    with pytest.raises(BatchError, match='has no column path'):
        predict(clothes, given, tmp_path / 'out.csv')


def test_rows_that_the_model_refuses_are_found(tmp_path: Path) -> None:
    import tensorflow as tf

    class Picky(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, 'x')])
        def serving_default(self, x):
            tf.debugging.assert_non_negative(x, 'x is below zero')
            return {'prediction': tf.sqrt(x)[:, tf.newaxis]}

    module = Picky()
    tf.saved_model.save(
        module, str(tmp_path / '1'), signatures={'serving_default': module.serving_default}
    )
    (tmp_path / 'in.csv').write_text('x\n' + '\n'.join(map(str, [4, -1, 9, 16, -3, 25])) + '\n')
    done = predict(load(tmp_path / '1'), str(tmp_path / 'in.csv'), tmp_path / 'out.csv')
    assert [float(r['prediction']) for r in read(done.output)] == [2, 3, 4, 5]
    assert [(e['row'], e['given']) for e in errors(done.output)] == [
        (2, {'x': '-1'}), (5, {'x': '-3'}),
    ]  # fmt: skip
    assert 'below zero' in errors(done.output)[0]['error']


def test_rows_are_counted_with_the_lines_that_were_none() -> None:
    from pipeline.batch.predict import _renumbered

    late = [Fault(3, 'line 3', ''), Fault(6, 'line 6', '')]
    assert [f.row for f in _renumbered([Fault(2, 'x', ''), Fault(4, 'y', '')], late)] == [
        2,
        3,
        5,
        6,
    ]

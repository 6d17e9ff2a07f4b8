import csv
import datetime as dt
import math
import os
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from components.query_example_gen.reader import open_query
from pipeline.cli import main
from pipeline.init import InitError, write_recipe
from pipeline.loading import check_against_data, load_recipe
from pipeline.recipe import Recipe
from transforms.features import Categorical, Date, Hashed, Numeric

SHARED = Path(os.environ.get('SLUICE_SHARED_DATA', Path(__file__).parents[4] / 'shared/data'))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def orders(count: int) -> list[dict[str, Any]]:
    """Rows with all that tables come with: gaps, odd names, dates, ids, constants, codes."""
    r = random.Random(1)
    rows = []
    for i in range(count):
        colour, x = r.choice(['red', 'green', None]), r.gauss(0, 1)
        day = dt.date(2020, 1, 1) + dt.timedelta(days=r.randrange(700))
        score = x + (colour == 'red') + (day.month > 6) + r.gauss(0, 0.5)
        rows.append(
            {
                'order id': 3 * i + 7,
                'order': r.randrange(1, 6),
                'Colour (main)': colour,
                'x': round(x, 3) if r.random() > 0.05 else None,
                'Größe': round(math.exp(r.gauss(3, 1.5)), 2),
                'bought': day.strftime('%d/%m/%Y'),
                'note': f'free text number {i}',
                'always': 1,
                'never': None,
                'level code': {'low': 1, 'mid': 2, 'high': 3}[_level(score)],
                'level': _level(score),
            }
        )
    return rows


def _level(score: float) -> str:
    return 'low' if score < 0 else 'mid' if score < 1.2 else 'high'


def write_csv(path: str, rows: Iterable[Mapping[str, Any]], missing: str = '') -> str:
    rows = list(rows)
    with Path(path).open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        writer.writerows([missing if v is None else v for v in row.values()] for row in rows)
    return path


def loaded(path: Path) -> Recipe:
    recipe = load_recipe(path)
    check_against_data(path, recipe)
    return recipe


def rows_of(recipe: Recipe) -> pa.Table:
    assert recipe.table
    with open_query(recipe.table) as query:
        return pa.Table.from_batches(query.batches())


def test_a_table_of_everything() -> None:
    rows = orders(1500)
    for i in range(5):
        rows[i]['level'] = f'odd{i % 2}'
    written = write_recipe(write_csv('my orders.csv', rows, missing='NA'))
    recipe = loaded(written.path)
    assert recipe.name == 'my-orders'
    assert (recipe.task, recipe.label) == ('multiclass', 'level')
    assert recipe.features == {
        'order': Categorical(),
        'colour_main': Categorical(),
        'x': Numeric(),
        'grosse': Numeric(scale='log'),
        'bought': Date(),
        'level_code': Categorical(),
    }
    assert recipe.gate.metrics['accuracy'].min == pytest.approx(0.37, abs=0.05)
    assert {s.by for s in recipe.gate.slices} == {('colour_main',), ('level_code',)}
    table = rows_of(recipe)
    assert table.num_rows == 1495
    assert table['x'].null_count == sum(row['x'] is None for row in rows[5:])
    first = dt.datetime.strptime(rows[5]['bought'], '%d/%m/%Y').date()
    assert table['bought'][0].as_py() == first.isoformat()
    text = written.path.read_text(encoding='utf-8')
    assert '# too rare to learn: odd0 (3), odd1 (2)' in text.replace('--', '#')
    assert '#   order id: another value in every row' in text
    assert '#   always: the same value in every row' in text
    assert '#   never: no value in any row' in text
    assert 'odd0 (3), odd1 (2)' in written.summary
    assert f'sluice run {written.path}' in written.summary


def test_a_copy_of_the_label_is_left_out() -> None:
    rows = orders(300)
    written = write_recipe(write_csv('t.csv', rows))
    assert 'level_code' not in loaded(written.path).features
    assert '#   level code: tells the label exactly, one to one' in written.path.read_text()


def test_the_label_in_other_units_is_left_out() -> None:
    rows = [{**row, 'cents': row['Größe'] * 100} for row in orders(300)]
    written = write_recipe(write_csv('t.csv', rows), label='Größe')
    recipe = loaded(written.path)
    assert (recipe.task, recipe.label) == ('regression', 'grosse')
    assert 'cents' not in recipe.features


def test_headerless_with_blanks_and_question_marks() -> None:
    lines = [f'{i % 71}, {("a", "b", "?")[i % 3]}, {(" <=50K", ">50K")[i % 2]}' for i in range(200)]
    Path('census.data').write_text('\n'.join(lines))
    recipe = loaded(write_recipe('census.data').path)
    assert recipe.classes == ('<=50K', '>50K')
    assert recipe.features == {'column_1': Numeric(), 'column_2': Categorical()}
    assert rows_of(recipe)['column_2'].null_count == 66


def test_types_of_parquet() -> None:
    start = dt.datetime(2021, 1, 1)
    columns = {
        'user': [f'n{i % 1500}' for i in range(9000)],
        'at': [start + dt.timedelta(minutes=37 * i) for i in range(9000)],
        'price': pa.array([f'{i % 800}.25' for i in range(9000)]).cast(pa.decimal128(9, 2)),
        'flag': [i % 3 == 0 for i in range(9000)],
        'list': [[1, 2]] * 9000,
        'a.b': [i / 7 for i in range(9000)],
        'age_missing': [i % 2 for i in range(9000)],
        'age': [i % 90 for i in range(9000)],
        'rating': [float(i % 5) if i % 7 else math.nan for i in range(9000)],
        'target': [i / 3 if i % 100 else None for i in range(9000)],
    }
    pq.write_table(pa.table(columns), 't.parquet')
    recipe = loaded(write_recipe('t.parquet').path)
    assert (recipe.task, recipe.label) == ('regression', 'target')
    assert recipe.features == {
        'user': Hashed(hash_buckets=3000),
        'at': Date(parts=('days', 'month', 'weekday', 'hour')),
        'price': Numeric(buckets=10),
        'flag': Categorical(),
        'age_missing': Categorical(),
        'age_2': Numeric(buckets=10),
        'rating': Categorical(),
    }
    table = rows_of(recipe)
    assert table.num_rows == 8910
    assert table['rating'].type == pa.int64()


def test_a_column_that_tells_the_split() -> None:
    rows = [{**row, 'Set': ('train', 'train', 'val')[i % 3]} for i, row in enumerate(orders(300))]
    recipe = loaded(write_recipe(write_csv('t.csv', rows)).path)
    assert recipe.label == 'level'
    assert recipe.data.split.names == ('train', 'eval')
    assert recipe.data.split.column == 'Set'
    assert 'Set' not in recipe.features
    assert set(rows_of(recipe)['Set'].to_pylist()) == {'train', 'val'}


def test_a_column_that_groups_rows_is_pointed_at() -> None:
    rows = [{'customer_id': 1000 + i % 60, **row} for i, row in enumerate(orders(600))]
    written = write_recipe(write_csv('t.csv', rows))
    assert '# by: customer_id would keep rows of one customer_id' in written.path.read_text()
    assert loaded(written.path).data.split.by is None


def test_a_query_is_kept_as_it_is() -> None:
    write_csv('t.csv', orders(200))
    query = "SELECT x, `order`, DATE '2020-01-01' AS day, level = 'low' AS low FROM p.d.orders"
    written = write_recipe(query, tables=['p.d.orders=t.csv'], label='low', name='low-orders')
    assert written.path == Path('low-orders.yaml')
    recipe = loaded(written.path)
    assert recipe.table
    assert query in (recipe.table.query or '')
    assert recipe.classes == ('false', 'true')
    assert list(recipe.features) == ['x', 'order']


def test_paths_are_relative_to_the_recipe() -> None:
    Path('recipes').mkdir()
    written = write_recipe(write_csv('t.csv', orders(100)), output=Path('recipes/mine.yaml'))
    assert 'local.t: ../t.csv' in written.path.read_text(encoding='utf-8')
    loaded(written.path)


def test_few_rows_get_large_splits_and_small_batches() -> None:
    recipe = loaded(write_recipe(write_csv('t.csv', orders(60))).path)
    assert recipe.data.split.into == {'train': 6, 'eval': 2, 'test': 2}
    assert recipe.train.batch_size == 16


def test_class_names_that_yaml_would_read_otherwise() -> None:
    rows = [{'x': i / 7, 'y': ('no', 'yes')[i % 2], 'on': i % 2 + i % 3} for i in range(100)]
    recipe = loaded(write_recipe(write_csv('t.csv', rows), label='y').path)
    assert recipe.classes == ('no', 'yes')
    assert 'on' in recipe.features


def test_a_file_that_is_there_stays_unless_forced() -> None:
    write_csv('t.csv', orders(100))
    Path('t.yaml').write_text('mine')
    with pytest.raises(InitError, match=r't\.yaml: is there already; --force'):
        write_recipe('t.csv')
    assert Path('t.yaml').read_text() == 'mine'
    write_recipe('t.csv', force=True)
    loaded(Path('t.yaml'))


@pytest.mark.parametrize(
    ('text', 'options', 'message'),
    [
        ('a,b\n', {}, r't.csv: the table has no rows'),
        ('a,b\n' + '1.5,x\n' * 40, {}, r't.csv: 40 rows are too few: at least 50'),
        ('a,b\n' + '1.5,x\n2,x\n' * 40, {'label': 'b'}, "label 'b' has the same value"),
        ('a,b\n' + '1.5,x\n2,y\n' * 40, {'label': 'c'}, "no column 'c' for a label; known: a, b"),
        ('a,b\n' + '1,x\n1,y\n' * 40, {}, "nothing to learn 'b' from: a: the same value"),
        ('a,b\n' + '1,x\n2,y\n' * 40 + '1\n', {}, r't.csv, line 82: expected 2 columns, found 1'),
        ('a,b\n1,2\n', {'name': 'No Good'}, '--name No Good: use a-z'),
    ],
)
def test_bad_input_is_one_line(text: str, options: dict[str, str], message: str) -> None:
    Path('t.csv').write_text(text)
    with pytest.raises(InitError, match=message) as caught:
        write_recipe('t.csv', **options)  # type: ignore[arg-type]
    assert '\n' not in str(caught.value)
    assert not Path('t.yaml').exists()


def test_command() -> None:
    write_csv('t.csv', orders(100))
    done = CliRunner().invoke(main, ['init', 't.csv', '--label', 'x'])
    assert done.exit_code == 0
    assert done.output.startswith('Wrote t.yaml: regression of x (as asked).\n100 rows; features: ')
    missing = CliRunner().invoke(main, ['init', 'nowhere.csv'])
    assert missing.exit_code == 2
    assert missing.output == 'nowhere.csv: no such file, folder or query\n'


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason='needs the shared data')
def test_real_tables() -> None:
    census = loaded(write_recipe(str(SHARED / 'adult/adult.data')).path)
    assert census.classes == ('<=50K', '>50K')
    assert len(census.features) == 14
    assert census.features['column_11'] == Numeric(scale='log', buckets=10)
    births = SHARED / 'natality/natality_babyweight_2001_2008.csv'
    recipe = loaded(write_recipe(str(births), label='weight_pounds', name='births').path)
    assert recipe.gate.metrics['rmse'].max == 1.3
    assert 'split' not in recipe.features

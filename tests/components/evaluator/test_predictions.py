"""The kept predictions: what is in the file, and in which order."""

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.evaluator.evaluation import measure
from components.evaluator.intervals import measured
from components.evaluator.keeping import Kept, position_hash
from components.evaluator.prediction_table import plain_column
from components.evaluator.predictions import (
    About,
    file_name,
    has_baseline,
    labels_and_answers,
    raw_columns,
)
from components.evaluator.settings import Evaluation
from tests.components.evaluator.conftest import CLASSES
from tests.components.evaluator.exports import write_examples

IN_MEMORY = ('--direct_running_mode=in_memory',)


def _keep(job, folder, rows=10_000, baseline=True, argv=IN_MEMORY, files=None):
    config = job.config.model_copy(update={'evaluation': Evaluation(keep_predictions=rows)})
    found = measure(
        config,
        Kept(str(folder), 'test', rows),
        sorted(map(str, (files or job.files).iterdir())),
        job.candidate,
        job.baseline if baseline else None,
        str(folder),
        lambda: beam.Pipeline(argv=list(argv)),
    )
    path = folder / file_name('test')
    return found, pq.read_table(path) if path.exists() else None


def _in_order(job):
    """Return the table's columns in the order of the files: even rows, then odd ones."""
    return {name: [*values[0::2], *values[1::2]] for name, values in job.rows.items()}


def _check(job, table, task):
    rows = _in_order(job)
    assert table.column('row').to_pylist() == list(range(len(rows['y'])))
    assert table.column('number').to_pylist() == rows['number']
    assert table.column('text').to_pylist() == rows['text']
    assert table.column('label').to_pylist() == rows['y']
    if task == 'multiclass':
        expected = np.array([rows[f'p{i}'] for i in range(4)], np.float32).T
        assert np.array(table.column('probabilities').to_pylist()) == pytest.approx(expected)
    else:
        name = 'prediction' if task == 'regression' else 'probability'
        assert table.column(name).to_pylist() == rows['p']


@pytest.mark.parametrize('task', CLASSES)
def test_every_row_is_kept_in_its_place(task, make_job, tmp_path):
    job = make_job(task)
    _, table = _keep(job, tmp_path)
    _check(job, table, task)
    about = About.of(table.schema)
    assert (about.task, about.split, about.rows, about.kept) == (task, 'test', 3000, 3000)
    assert has_baseline(table.schema)
    assert {'number', 'text', 'y'} <= set(raw_columns(table.schema))
    assert [p.name for p in (tmp_path / 'predictions').iterdir()] == ['Split-test.parquet']


@pytest.mark.parametrize('task', CLASSES)
def test_metrics_of_the_kept_rows_are_those_of_the_evaluation(task, make_job, tmp_path):
    job = make_job(task)
    evaluated, table = _keep(job, tmp_path)
    about = About.of(table.schema)
    whole = next(s for s in evaluated.slices if not s.slice)
    assert about.classes == CLASSES[task]
    for of_baseline in (False, True):
        values, _ = measured(task, *labels_and_answers(table, about, of_baseline))
        for name, value in values.items():
            own = whole.metrics[name]
            expected = own.baseline if of_baseline else own.candidate
            assert value == pytest.approx(expected, rel=1e-9), name


@pytest.mark.slow
def test_rows_are_the_same_from_several_processes(make_job, tmp_path):
    argv = ('--direct_running_mode=multi_processing', '--direct_num_workers=2')
    _, table = _keep(make_job('binary'), tmp_path, argv=argv)
    _check(make_job('binary'), table, 'binary')


def test_of_too_many_rows_an_even_sample_is_kept(make_job, tmp_path):
    job = make_job('regression')
    _, table = _keep(job, tmp_path, rows=500)
    rows = table.column('row').to_numpy()
    assert len(rows) == 500
    assert (np.diff(rows) > 0).all()
    hashes = np.concatenate([position_hash(f, np.arange(1500)) for f in (0, 1)])
    assert set(rows) == set(np.argsort(hashes)[:500])
    assert np.histogram(rows, 10, (0, 3000))[0].min() > 25
    expected = np.array(_in_order(job)['p'])[rows]
    assert table.column('prediction').to_pylist() == expected.tolist()
    assert About.of(table.schema).rows == 3000


def test_nothing_is_kept_where_nothing_is_asked_for(make_job, tmp_path):
    _, table = _keep(make_job('regression'), tmp_path, rows=0)
    assert table is None
    assert not (tmp_path / 'predictions').exists()


def test_without_a_baseline_there_are_no_columns_of_it(make_job, tmp_path):
    _, table = _keep(make_job('binary'), tmp_path, baseline=False)
    assert not has_baseline(table.schema)
    assert set(table.column('predicted').to_pylist()) == set(CLASSES['binary'])


def test_columns_whose_names_mean_something_else_are_renamed(make_job, tmp_path):
    job = make_job('regression')
    rows = {k: v[:20] for k, v in job.rows.items()} | {'row': list(range(100, 120))}
    write_examples(tmp_path / 'Split-test' / 'data.gz', rows)
    _, table = _keep(job, tmp_path, files=tmp_path / 'Split-test')
    assert table.column('raw_row').to_pylist() == list(range(100, 120))
    assert table.column('row').to_pylist() == list(range(20))


@pytest.mark.parametrize(
    ('lists', 'expected'),
    [
        ([[1], [2]], [1, 2]),
        ([[1], None, [], [4]], [1, None, None, 4]),
        ([[1, 2], None, [3]], [[1, 2], [], [3]]),
        ([[b'a'], [b''], None], ['a', '', None]),
        ([[b'\xff\xd8']], None),
        ([[b'x' * 20_000]], None),
        ([None, None], [None, None]),
    ],
)
def test_a_column_of_lists_as_one_of_values(lists, expected):
    found = plain_column(pa.array(lists))
    assert (None if found is None else found.to_pylist()) == expected

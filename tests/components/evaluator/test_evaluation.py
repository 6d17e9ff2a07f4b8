"""Through TFMA and Beam: the values against scikit-learn, the groups against TFMA's own way."""

import logging

import apache_beam as beam
import numpy as np
import pytest
import sklearn.metrics as skm
import tensorflow_model_analysis as tfma
from tfx_bsl.public import tfxio

from components import example_batches
from components.evaluator.errors import EvaluationError
from components.evaluator.eval_config import make_eval_config
from components.evaluator.evaluation import measure
from components.evaluator.keeping import Kept
from components.evaluator.results import read_results
from components.evaluator.settings import EvaluatorConfig
from tests.components.evaluator.conftest import CLASSES
from tests.components.evaluator.exports import export_model, write_examples

TASKS = list(CLASSES)


def _pipeline():
    return beam.Pipeline(argv=['--direct_running_mode=in_memory'])


def _source(pattern):
    return tfxio.TFExampleRecord(pattern, raw_record_column_name=tfma.ARROW_INPUT_COLUMN)


def _measure(job, tmp_path, baseline=None, config=None, make_pipeline=_pipeline, files=None):
    return measure(
        config or job.config,
        Kept(str(tmp_path / 'out'), 'test', 0),
        sorted(map(str, (files or job.files).iterdir())),
        job.candidate,
        baseline,
        str(tmp_path / 'out'),
        make_pipeline,
    )


def _expected(task, rows, where, shift=0.0):
    """Compute a slice's metrics from the table with scikit-learn."""
    keep = np.ones(len(rows['y']), bool)
    for column, value in where.items():
        wanted = None if value == '(missing)' else value
        keep &= np.array([v == wanted for v in rows[column]])
    y = np.array(rows['y'])[keep]
    if task == 'regression':
        p = np.array(rows['p'])[keep] + shift
        values = {
            'rmse': skm.root_mean_squared_error(y, p),
            'mae': skm.mean_absolute_error(y, p),
            'mse': skm.mean_squared_error(y, p),
            'r2': skm.r2_score(y, p) if len(y) > 1 else np.nan,
        }
    elif task == 'binary':
        positive, p = y == 'yes', np.array(rows['p'])[keep] * (1 - shift)
        both = len(set(y)) == 2
        values = {
            'auc': skm.roc_auc_score(positive, p) if both else np.nan,
            'auc_pr': skm.average_precision_score(positive, p) if positive.any() else np.nan,
            'accuracy': skm.accuracy_score(positive, p > 0.5),
            'precision': skm.precision_score(positive, p > 0.5, zero_division=np.nan),
            'recall': skm.recall_score(positive, p > 0.5, zero_division=np.nan),
            'f1': skm.f1_score(positive, p > 0.5, zero_division=np.nan),
            'log_loss': skm.log_loss(positive, p, labels=[False, True]),
        }
    else:
        ids = np.array([CLASSES[task].index(v) for v in y])
        p = np.array([rows[f'p{i}'] for i in range(4)]).T[keep] * (1 - shift) + shift / 4
        classes = np.arange(4)
        values = {
            'accuracy': skm.accuracy_score(ids, p.argmax(1)),
            'top_3_accuracy': skm.top_k_accuracy_score(ids, p, k=3, labels=classes),
            'macro_f1': skm.f1_score(ids, p.argmax(1), average='macro'),
            'log_loss': skm.log_loss(ids, p, labels=classes),
        }
    return int(keep.sum()), {k: None if np.isnan(v) else v for k, v in values.items()}


def _same(found, expected, tolerance):
    if expected is None or found is None:
        return found is expected
    return found == pytest.approx(expected, rel=tolerance)


def _whole(measured):
    return next(s for s in measured.slices if not s.slice)


def _check(task, rows, measured, with_baseline):
    places = [dict(s.slice) for s in measured.slices]
    numbers = [1, 2, 3, 99, '(missing)']
    assert [p for p in places if len(p) < 2] and {} in places
    assert {p['number'] for p in places if set(p) == {'number'}} == set(numbers)
    pairs = {(p['text'], p['number']) for p in places if len(p) == 2}
    assert len(pairs) == len(places) - 1 - len(numbers)
    assert {('(missing)', 1), ('x', '(missing)')} <= pairs
    for found in measured.slices:
        count, candidate = _expected(task, rows, found.slice)
        _, baseline = _expected(task, rows, found.slice, shift=0.25)
        assert found.examples == count, found.slice
        assert set(found.metrics) == set(candidate)
        for name, values in found.metrics.items():
            where = f'{name} on {found.slice}'
            assert _same(values.candidate, candidate[name], 1e-5), where
            assert _same(values.baseline, baseline[name] if with_baseline else None, 1e-5), where


def _check_classes(task, rows, measured, with_baseline):
    """Hold the metrics by class, and the confusion matrix, against scikit-learn."""
    classes = CLASSES[task]
    labels = np.array(rows['y'])
    answers = {shift: _answers(task, rows, shift) for shift in (0.0, 0.25)}
    assert [c.name for c in measured.classes] == list(classes)
    assert [c.examples for c in measured.classes] == [int((labels == c).sum()) for c in classes]
    for key, shift in {'candidate': 0.0, 'baseline': 0.25}.items():
        expected = skm.precision_recall_fscore_support(
            labels, answers[shift], labels=classes, zero_division=np.nan
        )
        matrix = skm.confusion_matrix(labels, answers[shift], labels=classes)
        absent = key == 'baseline' and not with_baseline
        for i, found in enumerate(measured.classes):
            for metric, values in zip(('precision', 'recall', 'f1'), expected, strict=False):
                value = None if absent or np.isnan(values[i]) else values[i]
                assert _same(getattr(found.metrics[metric], key), value, 1e-9), (found, metric)
        cells = {(a.label, a.answer): getattr(a, key) for a in measured.confusion}
        if absent:
            assert set(cells.values()) <= {None}
        else:
            full = [[cells.get((i, j), 0) for j in classes] for i in classes]
            assert full == matrix.tolist()
    order = [(classes.index(a.label), classes.index(a.answer)) for a in measured.confusion]
    assert order == sorted(order)


def _answers(task, rows, shift):
    if task == 'binary':
        return np.where(np.array(rows['p']) * (1 - shift) > 0.5, 'yes', 'no')
    shares = np.array([rows[f'p{i}'] for i in range(4)]) * (1 - shift) + shift / 4
    return np.array(CLASSES[task])[shares.argmax(0)]


@pytest.mark.parametrize('task', TASKS)
def test_metrics_by_slice_equal_scikit_learn(task, make_job, tmp_path, caplog):
    job = make_job(task)
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        measured = _measure(job, tmp_path, baseline=job.baseline)
    assert measured.examples == len(job.rows['y'])
    _check(task, job.rows, measured, with_baseline=True)
    if task == 'regression':
        assert (measured.classes, measured.confusion) == ((), ())
    else:
        _check_classes(task, job.rows, measured, with_baseline=True)

    told = [r.progress for r in caplog.records if r.name == 'sluice.progress']
    assert told[0]['unit'] == 'rows'
    assert 0 < told[0]['done'] <= len(job.rows['y'])


@pytest.mark.slow
@pytest.mark.parametrize('task', TASKS)
def test_metrics_are_the_same_in_several_processes(task, make_job, tmp_path):
    job = make_job(task)
    argv = ['--direct_running_mode=multi_processing', '--direct_num_workers=2']
    measured = _measure(job, tmp_path, make_pipeline=lambda: beam.Pipeline(argv=argv))
    _check(task, job.rows, measured, with_baseline=False)
    if task != 'regression':
        _check_classes(task, job.rows, measured, with_baseline=False)


@pytest.mark.parametrize('task', TASKS)
def test_groups_measure_what_tfma_measures_row_by_row(task, make_job, tmp_path):
    job = make_job(task)
    some = {name: values[:300] for name, values in job.rows.items()}
    write_examples(tmp_path / 'Split-test' / 'data.gz', some)
    grouped = _measure(job, tmp_path, baseline=job.baseline, files=tmp_path / 'Split-test')

    eval_config = make_eval_config(job.config, has_baseline=True)
    models = [
        tfma.default_eval_shared_model(path, model_name=spec.name, eval_config=eval_config)
        for path, spec in zip([job.candidate, job.baseline], eval_config.model_specs, strict=True)
    ]
    stock_path = str(tmp_path / 'stock')
    with _pipeline() as pipeline:
        _ = (
            pipeline
            | _source(str(tmp_path / 'Split-test' / '*')).BeamSource(batch_size=100)
            | tfma.ExtractEvaluateAndWriteResults(
                eval_shared_model=models, eval_config=eval_config, output_path=stock_path
            )
        )
    stock = {tuple(s.slice.items()): s for s in read_results(stock_path, task).slices}

    # TFMA leaves rows without a value out of a column's slices; for us they are one.
    own = [s for s in grouped.slices if '(missing)' not in s.slice.values()]
    assert set(stock) == {tuple(s.slice.items()) for s in own}
    for found in own:
        same = stock[tuple(found.slice.items())]
        assert found.examples == same.examples
        for name, values in found.metrics.items():
            assert _same(values.candidate, same.metrics[name].candidate, 1e-6)
            assert _same(values.baseline, same.metrics[name].baseline, 1e-6)


def test_tfma_reads_the_results(make_job, tmp_path):
    job = make_job('regression')
    write_examples(tmp_path / 'Split-test' / 'data.gz', {k: v[:9] for k, v in job.rows.items()})
    measured = _measure(job, tmp_path, files=tmp_path / 'Split-test')
    out = str(tmp_path / 'out')

    result = tfma.load_eval_result(out)
    whole = result.get_metrics_for_slice()
    assert whole['example_count']['doubleValue'] == 9
    assert whole['rmse']['doubleValue'] == _whole(measured).metrics['rmse'].candidate


def test_a_class_that_only_the_data_has_counts_as_wrong(make_job, tmp_path):
    job = make_job('multiclass')
    rows = {name: values[:100] for name, values in job.rows.items()}
    rows['y'] = ['new' if i < 10 else v for i, v in enumerate(rows['y'])]
    write_examples(tmp_path / 'Split-test' / 'data.gz', rows)

    measured = _measure(job, tmp_path, files=tmp_path / 'Split-test')

    assert (measured.examples, measured.unknown_labels) == (100, 10)
    answers = np.array([rows[f'p{i}'] for i in range(4)]).argmax(0)
    right = sum(CLASSES['multiclass'][a] == y for a, y in zip(answers, rows['y'], strict=True))
    whole = _whole(measured)
    assert whole.metrics['accuracy'].candidate == pytest.approx(right / 100)
    assert sum(c.examples for c in measured.classes) == 90
    assert sum(a.candidate for a in measured.confusion if a.label is None) == 10
    assert sum(a.candidate for a in measured.confusion if a.label == a.answer) == right


def test_rows_in_small_parts_are_measured_the_same(make_job, tmp_path, monkeypatch):
    job = make_job('multiclass')
    monkeypatch.setattr(example_batches, 'BYTES', 5000)
    small = job.config.model_copy(update={'batch_rows': 7})
    measured = _measure(job, tmp_path, config=small)
    _check(job.config.task, job.rows, measured, with_baseline=False)
    _check_classes(job.config.task, job.rows, measured, with_baseline=False)


@pytest.mark.parametrize('task', ['binary', 'multiclass'])
def test_slices_by_class(task, make_job, tmp_path):
    job = make_job(task)
    measured = _measure(job, tmp_path, config=_with_slice(job.config, 'y'))
    by_class = {s.slice['y']: s for s in measured.slices if s.slice}
    assert {c.name: c.examples for c in measured.classes} == {
        name: s.examples for name, s in by_class.items()
    }
    for found in measured.classes:
        accuracy = by_class[found.name].metrics['accuracy'].candidate
        assert accuracy == pytest.approx(found.metrics['recall'].candidate)


def test_models_with_their_classes_in_another_order_are_compared_fairly(make_job, tmp_path):
    job = make_job('binary')
    turned = export_model(tmp_path / 'turned', 'binary', CLASSES['binary'][::-1])
    measured = _measure(job, tmp_path, baseline=turned)
    whole = _whole(measured)
    auc = whole.metrics['auc']
    # It takes the same number for the probability of the other class.
    assert auc.baseline == pytest.approx(1 - auc.candidate, rel=1e-6)
    recalls = {c.name: c.metrics['recall'] for c in measured.classes}
    assert recalls['no'].baseline == pytest.approx(1 - recalls['no'].candidate, rel=1e-6)


def _with_slice(config, column):
    gate = config.gate.model_dump()
    gate['slices'] = [{'by': column}]
    return EvaluatorConfig.model_validate(config.model_dump() | {'gate': gate})


def test_an_unknown_slice_column_is_one_clear_line(make_job, tmp_path):
    job = make_job('regression')
    with pytest.raises(EvaluationError) as caught:
        _measure(job, tmp_path, config=_with_slice(job.config, 'nubmer'))
    assert str(caught.value) == (
        'gate.slices: the examples have no column nubmer; did you mean number?'
    )


def test_a_split_without_rows_is_one_clear_line(make_job, tmp_path):
    job = make_job('regression')
    write_examples(tmp_path / 'Split-test' / 'data.gz', {'y': []})
    with pytest.raises(EvaluationError, match='split test has no rows to evaluate'):
        _measure(job, tmp_path, files=tmp_path / 'Split-test')

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as skm
from sklearn.calibration import calibration_curve

from pipeline import results
from pipeline.records import Step
from tests.pipeline.kept_run import census, houses, store_in, write_run


@pytest.fixture
def binary(tmp_path):
    store = store_in(tmp_path)
    write_run(store, 'census-1', census(1))
    return results.load('census', store.folder)


def test_metrics_have_intervals(binary):
    metrics = binary.metrics.set_index('metric')
    frame = binary.predictions
    label = frame.label == 'yes'
    assert metrics.value['auc'] == pytest.approx(skm.roc_auc_score(label, frame.probability))
    assert metrics.value['log_loss'] == pytest.approx(skm.log_loss(label, frame.probability))
    assert (metrics.low < metrics.value).all()
    assert (metrics.value < metrics.high).all()
    assert (metrics.examples == 600).all()


def test_slices_are_a_row_per_slice_and_metric(binary):
    slices = binary.slices
    assert list(dict.fromkeys(slices['slice'])) == ['all', 'sex=f', 'sex=m']
    own = slices[(slices['slice'] == 'sex=m') & (slices.metric == 'accuracy')].iloc[0]
    frame = binary.predictions.query("sex == 'm'")
    assert own.value == pytest.approx((frame.label == frame.predicted).mean())
    assert own.examples == len(frame)
    assert own.low < own.value < own.high


def test_curves_are_scikit_learns(binary):
    frame = binary.predictions
    label = frame.label == 'yes'
    roc = binary.plots.roc
    fpr, tpr, _ = skm.roc_curve(label, frame.probability, drop_intermediate=False)
    assert roc.false_positive_rate.to_numpy() == pytest.approx(fpr)
    assert roc.true_positive_rate.to_numpy() == pytest.approx(tpr)
    precision, recall, _ = skm.precision_recall_curve(label, frame.probability)
    # scikit-learn's go the other way, and end in a point that no threshold gives.
    assert binary.plots.pr.recall.to_numpy() == pytest.approx(recall[:-1][::-1])
    assert binary.plots.pr.precision.to_numpy() == pytest.approx(precision[:-1][::-1])
    actual, predicted = calibration_curve(label, frame.probability, n_bins=10, strategy='quantile')
    assert binary.plots.calibration.predicted.to_numpy() == pytest.approx(predicted, abs=2e-3)
    assert binary.plots.calibration.actual.to_numpy() == pytest.approx(actual, abs=0.04)
    confusion = binary.plots.confusion.pivot(index='label', columns='predicted', values='examples')
    assert (
        confusion.to_numpy().tolist() == skm.confusion_matrix(frame.label, frame.predicted).tolist()
    )
    with pytest.raises(ValueError, match='a binary task has no such plot; regression has'):
        _ = binary.plots.residuals


def test_a_regression_has_quantiles_of_its_errors(tmp_path):
    store = store_in(tmp_path)
    write_run(store, 'houses-1', houses(1), by=('town',))
    run = results.load('houses', store.folder)
    frame = run.predictions
    error = (frame.prediction.astype(float) - frame.label).to_numpy()
    residuals = run.plots.residuals.set_index('quantile')
    assert residuals.error[0.95] == pytest.approx(np.quantile(error, 0.95))
    assert residuals.absolute_error[0.5] == pytest.approx(np.median(np.abs(error)))
    assert 'town=(missing)' in set(run.slices['slice'])
    calibration = run.plots.calibration
    assert calibration.examples.sum() == len(frame)
    assert (calibration.predicted.diff().dropna() > 0).all()


def test_without_a_report_a_notebook_shows_the_metrics(binary):
    shown = binary._repr_html_()
    assert 'census-1' in shown
    assert '<td>auc</td>' in shown


def test_a_notebook_shows_the_report(binary, tmp_path):
    page = tmp_path / 'report'
    page.mkdir()
    (page / 'report.html').write_text('<p title="a &amp; b">It\'s "quoted"</p>')
    report = Step(name='Report', state='done', artifacts={'report': [str(page)]})
    binary.run.steps = [*binary.run.steps, report]
    shown = binary._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;p title=&quot;a &amp;amp; b&quot;&gt;')
    assert shown.count('"') == 6


def test_what_a_run_lacks_is_said(binary):
    with pytest.raises(results.MissingResult, match='census-1: has no model_run of Trainer'):
        _ = binary.history
    with pytest.raises(results.MissingResult, match='has no schema of SchemaGen'):
        _ = binary.schema
    assert binary.trials.empty
    assert binary.fairness.empty


def test_a_run_that_kept_no_rows_has_metrics_without_intervals(tmp_path):
    store = store_in(tmp_path)
    write_run(store, 'census-1', census(1), keep=False)
    run = results.load(store=store.folder)
    assert run.metrics.low.isna().all()
    assert run.metrics.value.notna().all()
    with pytest.raises(results.MissingResult, match=r'set evaluation\.keep_predictions above 0'):
        _ = run.predictions


def test_the_store_is_where_the_variable_says(binary, tmp_path, monkeypatch):
    monkeypatch.setenv('SLUICE_STORE', str(tmp_path / '.sluice'))
    assert results.load().run.run == 'census-1'
    monkeypatch.setenv('SLUICE_STORE', str(tmp_path / 'nothing'))
    with pytest.raises(LookupError, match='no runs in'):
        results.load()


def test_schema_trials_and_history_are_frames(binary, tmp_path):
    for name in ('schema', 'tuner', 'run'):
        (tmp_path / name).mkdir()
    (tmp_path / 'schema' / 'schema.pbtxt').write_text(
        'feature { name: "sex" type: BYTES domain: "sex" presence { min_fraction: 1 } }\n'
        'feature { name: "age" type: INT }\n'
        'string_domain { name: "sex" value: "f" value: "m" }'
    )
    (tmp_path / 'tuner' / 'tuner_results.json').write_text(
        '[{"trial_id": "0", "score": 2.0, "x": 1}, {"trial_id": "1", "score": 1.0, "x": 2}]'
    )
    (tmp_path / 'run' / 'history.json').write_text('{"epochs": [{"epoch": 1, "loss": 0.5}]}')
    binary.run.steps = [
        *binary.run.steps,
        Step(name='SchemaGen', artifacts={'schema': [str(tmp_path / 'schema')]}),
        Step(name='Tuner', artifacts={'tuner_results': [str(tmp_path / 'tuner')]}),
        Step(name='Trainer', artifacts={'model_run': [str(tmp_path / 'run')]}),
    ]
    assert binary.schema.name.tolist() == ['sex', 'age']
    assert binary.schema.domain.tolist() == [['f', 'm'], None]
    assert binary.schema.required.tolist() == [True, False]
    assert binary.trials.trial_id.tolist() == ['1', '0']
    pd.testing.assert_frame_equal(binary.history, pd.DataFrame({'epoch': [1], 'loss': [0.5]}))


def test_the_module_loads_no_tensorflow():
    code = (
        'import sys; from pipeline import results; import pipeline.compare.comparison; '
        'import pipeline.board.server; '
        "print([m for m in ('tensorflow', 'tfx', 'apache_beam', 'keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'

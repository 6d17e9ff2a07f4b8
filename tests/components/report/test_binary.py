"""Every number of a binary classification against scikit-learn on the same rows."""

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as skm

from components.report.numbers.binary import binary
from tests.components.report.independent import wilson
from tests.components.report.tables import rows_for, table

NEAR: Any = {'rel': 1e-6, 'abs': 1e-9}


@pytest.fixture(scope='module')
def section():
    return binary(rows_for('binary'))


@pytest.fixture(scope='module')
def frame():
    return table('binary').to_pandas()


def _answers(frame, model):
    scores = frame['probability' if model == 'candidate' else 'probability_baseline']
    return (frame['label'] == 'yes').to_numpy(), scores.to_numpy()


def test_class_sizes(section, frame) -> None:
    assert section['positives'] == (frame['label'] == 'yes').sum()
    assert section['negatives'] == (frame['label'] == 'no').sum()


@pytest.mark.parametrize('model', ['candidate', 'baseline'])
class TestBothModels:
    def test_roc_points_are_scikit_learns(self, section, frame, model) -> None:
        fpr, tpr, _ = skm.roc_curve(*_answers(frame, model), drop_intermediate=False)
        known = set(zip(fpr.round(7), tpr.round(7), strict=True))
        found = section['roc'][model]
        points = list(zip(np.round(found['fpr'], 7), np.round(found['tpr'], 7), strict=True))
        assert set(points) <= known
        assert points[0] == (0, 0) and points[-1] == (1, 1)
        assert 50 < len(points) <= 162
        area = skm.auc(found['fpr'], found['tpr'])
        assert area == pytest.approx(skm.roc_auc_score(*_answers(frame, model)), abs=2e-3)

    def test_pr_points_are_scikit_learns(self, section, frame, model) -> None:
        precision, recall, thresholds = skm.precision_recall_curve(*_answers(frame, model))
        known = {t: (p, r) for p, r, t in zip(precision[:-1], recall[:-1], thresholds, strict=True)}
        found = section['pr'][model]
        for t, p, r in zip(found['threshold'], found['precision'], found['recall'], strict=True):
            assert (p, r) == pytest.approx(known[np.float32(t)], **NEAR)
        assert found['recall'][-1] == 1

    def test_thresholds(self, section, frame, model) -> None:
        positive, scores = _answers(frame, model)
        at = section['thresholds']['at']
        assert at == [i / 100 for i in range(101)]
        for i, threshold in enumerate(at):
            above = scores > np.float32(threshold)
            counts = skm.confusion_matrix(positive, above, labels=[False, True])
            assert section['thresholds'][model]['true_positives'][i] == counts[1, 1]
            assert section['thresholds'][model]['false_positives'][i] == counts[0, 1]

    def test_calibration(self, section, frame, model) -> None:
        positive, scores = _answers(frame, model)
        found = section['calibration'][model]
        order = np.sort(scores.astype(float))
        start, error = 0, 0.0
        for group in found['groups']:
            own = np.isin(scores.astype(float), order[start : start + group['rows']])
            assert own.sum() == group['rows']
            assert group['predicted'] == pytest.approx(scores[own].astype(float).mean(), **NEAR)
            assert group['observed'] == pytest.approx(positive[own].mean(), **NEAR)
            assert group['interval'] == pytest.approx(
                wilson(positive[own].sum(), own.sum()), **NEAR
            )
            start += group['rows']
            error += own.sum() * abs(group['predicted'] - group['observed'])
        assert start == len(frame)
        assert found['expected_error'] == pytest.approx(error / len(frame), **NEAR)

    def test_scores(self, section, frame, model) -> None:
        positive, scores = _answers(frame, model)
        found = section['scores'][model]
        for kind, own in (('positives', positive), ('negatives', ~positive)):
            expected, _ = np.histogram(scores[own].astype(float), np.linspace(0, 1, 21))
            assert found[kind] == expected.tolist()


def test_one_class_only_has_no_curves() -> None:
    made = table('binary', 50, baseline=False)
    own = made.filter(np.array(made.column('label').to_pylist()) == 'no')
    from components.evaluator.predictions import About
    from components.report.numbers.rows import rows_of

    about = About('binary', 'y', 'test', len(own), len(own), ('no', 'yes'))
    section = binary(rows_of(own, about))
    assert section['roc']['candidate'] == {'fpr': [], 'tpr': []}
    assert section['pr']['candidate']['recall'] == []
    assert section['positives'] == 0

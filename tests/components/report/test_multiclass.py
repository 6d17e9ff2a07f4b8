"""Every number of a classification against scikit-learn on the same rows."""

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as skm

from components.report.numbers.multiclass import REST, SHOWN_CLASSES, UNKNOWN, multiclass
from tests.components.report.independent import wilson
from tests.components.report.tables import CLASSES, rows_for, table

NEAR: Any = {'rel': 1e-6, 'abs': 1e-9}
NAMES = list(CLASSES['multiclass'])


def _answers(model):
    frame = table('multiclass').to_pandas()
    column = 'probabilities' if model == 'candidate' else 'probabilities_baseline'
    shares = np.stack(frame[column].to_numpy())
    return frame['label'].to_numpy(), np.array(NAMES)[shares.argmax(1)], shares


def _cells():
    matrices = {
        m: skm.confusion_matrix(*_answers(m)[:2], labels=NAMES) for m in ('candidate', 'baseline')
    }
    return [
        {'label': a, 'answer': b, **{m: int(matrices[m][i, j]) for m in matrices}}
        for i, a in enumerate(NAMES)
        for j, b in enumerate(NAMES)
    ]


@pytest.fixture(scope='module')
def section():
    return multiclass(NAMES, _cells(), rows_for('multiclass'))


@pytest.mark.parametrize('model', ['candidate', 'baseline'])
def test_matrix_and_classes(section, model) -> None:
    labels, answers, _ = _answers(model)
    matrix = skm.confusion_matrix(labels, answers, labels=NAMES)
    assert section['matrix'][model] == matrix.tolist()
    assert section['matrix']['labels'] == section['matrix']['answers'] == NAMES
    values = skm.precision_recall_fscore_support(labels, answers, labels=NAMES)
    for i, own in enumerate(section['classes']):
        assert (own['class'], own['rows']) == (NAMES[i], values[3][i])
        for kind, expected in zip(('precision', 'recall', 'f1'), values, strict=False):
            assert own[model][kind] == pytest.approx(expected[i], **NEAR)
        ends = wilson(matrix[i, i], matrix[i].sum())
        assert own[model]['recall_interval'] == pytest.approx(ends, **NEAR)


def test_confusions_are_the_largest_off_the_diagonal(section) -> None:
    labels, answers, _ = _answers('candidate')
    matrix = skm.confusion_matrix(labels, answers, labels=NAMES)
    np.fill_diagonal(matrix, 0)
    expected = sorted(matrix[matrix > 0].tolist(), reverse=True)
    assert [c['rows'] for c in section['confusions']] == expected
    first = section['confusions'][0]
    own = labels == first['label']
    assert first['rows'] == (own & (answers == first['answer'])).sum()
    assert first['share'] == pytest.approx(first['rows'] / own.sum(), **NEAR)


@pytest.mark.parametrize('model', ['candidate', 'baseline'])
def test_calibration_is_of_the_likeliest_class(section, model) -> None:
    labels, answers, shares = _answers(model)
    sure, right = shares.max(1).astype(float), answers == labels
    found = section['calibration'][model]
    assert sum(g['rows'] for g in found['groups']) == len(labels)
    total = sum(g['rows'] * g['predicted'] for g in found['groups']) / len(labels)
    assert total == pytest.approx(sure.mean(), **NEAR)
    share = sum(g['rows'] * g['observed'] for g in found['groups']) / len(labels)
    assert share == pytest.approx(right.mean(), **NEAR)
    top = found['groups'][-1]
    own = sure >= np.sort(sure)[-top['rows']]
    assert top['observed'] == pytest.approx(right[own].mean(), **NEAR)


def test_many_classes_are_folded_and_unknown_labels_kept() -> None:
    names = [f'c{i}' for i in range(40)]
    cells: list[dict[str, Any]] = [
        {'label': n, 'answer': n, 'candidate': 100 - i, 'baseline': None}
        for i, n in enumerate(names)
    ]
    cells.append({'label': None, 'answer': 'c3', 'candidate': 7, 'baseline': None})
    section = multiclass(names, cells, None)
    matrix = section['matrix']
    assert matrix['answers'] == [*names[:SHOWN_CLASSES], REST]
    assert matrix['labels'] == [*matrix['answers'], UNKNOWN]
    assert matrix['candidate'][3][3] == 97
    assert matrix['candidate'][30][30] == sum(100 - i for i in range(30, 40))
    assert matrix['candidate'][31][3] == 7
    assert sum(map(sum, matrix['candidate'])) == sum(c['candidate'] for c in cells)
    assert 'baseline' not in matrix
    third = section['classes'][3]['candidate']
    assert third['precision'] == pytest.approx(97 / 104, **NEAR)
    assert section['calibration'] == {}

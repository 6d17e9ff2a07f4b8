import numpy as np
import pytest
import sklearn.metrics as skm

from components.evaluator.intervals import intervals
from components.report.numbers.worst_slices import worst_slices
from tests.components.report.tables import rows_for, table


@pytest.mark.parametrize('task', ['regression', 'binary', 'multiclass'])
def test_the_bad_slice_is_found_first_and_measured(task) -> None:
    rows = rows_for(task)
    found = worst_slices(rows, ['town', 'rooms', 'size', 'gone'], 100)
    assert found['columns'] == ['town', 'rooms', 'size']
    first = found['slices'][0]
    assert first['slice']['town'] == 'Cork'
    frame = table(task).to_pandas()
    inside = np.ones(len(frame), bool)
    for column, value in first['slice'].items():
        if column == 'size':
            low, _, high = value.partition(' to ')
            inside &= frame[column].between(float(low), float(high)).to_numpy()
        else:
            inside &= (frame[column].astype(str) == value).to_numpy()
    assert first['rows'] == inside.sum()
    labels, values = rows.candidate.labels[inside], rows.candidate.values[inside]
    expected = {
        'regression': lambda: skm.root_mean_squared_error(labels, values),
        'binary': lambda: skm.roc_auc_score(labels == 1, values),
        'multiclass': lambda: skm.accuracy_score(labels, values.argmax(1)),
    }[task]()
    assert first['candidate']['value'] == pytest.approx(expected, rel=1e-6)
    ends = intervals(task, labels, values)[found['metric']]
    assert first['candidate']['interval'] == pytest.approx(ends, rel=1e-6)
    assert first['baseline']['value'] is not None


def test_every_slice_is_large_enough_worse_than_the_whole_and_ranked() -> None:
    found = worst_slices(rows_for('regression'), ['town', 'rooms', 'size'], 150)
    assert found['searched'] > 20
    assert all(s['rows'] >= 150 for s in found['slices'])
    assert all(s['candidate']['value'] > found['whole']['value'] for s in found['slices'])
    better = [s['candidate']['interval'][0] for s in found['slices']]
    assert better == sorted(better, reverse=True)


def test_slices_of_the_same_rows_are_named_once() -> None:
    made = table('regression', 500, baseline=False)
    twice = made.append_column('place', made.column('town'))
    from components.evaluator.predictions import About
    from components.report.numbers.rows import rows_of

    rows = rows_of(twice, About('regression', 'y', 'test', 500, 500))
    found = worst_slices(rows, ['town', 'place'], 20)
    values = [s['candidate']['value'] for s in found['slices']]
    assert len(values) == len(set(values))
    assert all(len(s['slice']) == 1 for s in found['slices'])


def test_nothing_to_slice_by() -> None:
    found = worst_slices(rows_for('regression', 40), [], 100)
    assert (found['slices'], found['searched']) == ([], 0)

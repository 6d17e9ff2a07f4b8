import pytest

from components.evaluator.accumulators import ACCUMULATORS
from components.evaluator.intervals import intervals
from components.report.numbers.metrics import metrics_by_slice
from tests.components.report.tables import rows_for


def _slice(rows, where, inside):
    metrics = {
        name: ACCUMULATORS['binary'].of(m.labels[inside], m.values[inside]).metrics()
        for name, m in rows.models.items()
    }
    return {
        'slice': where,
        'examples': int(inside.sum()),
        'metrics': {k: {m: metrics[m][k] for m in metrics} for k in ('auc', 'recall')},
    }


def test_values_are_the_verdicts_and_intervals_of_the_same_rows() -> None:
    rows = rows_for('binary')
    frame = rows.raw.to_pandas()
    insides = {
        (): frame.index >= 0,
        (('town', 'Cork'),): (frame['town'] == 'Cork').to_numpy(),
        (('town', '(missing)'),): frame['town'].isna().to_numpy(),
        (('rooms', 2), ('town', 'Aalen')): (
            (frame['rooms'] == 2) & (frame['town'] == 'Aalen')
        ).to_numpy(),
    }
    verdict = [_slice(rows, dict(where), inside) for where, inside in insides.items()]
    for own, told, inside in zip(
        metrics_by_slice(verdict, rows), verdict, insides.values(), strict=True
    ):
        assert (own['slice'], own['rows']) == (told['slice'], told['examples'])
        for model, answers in rows.models.items():
            ends = intervals('binary', answers.labels[inside], answers.values[inside])
            for name in ('auc', 'recall'):
                found = own['metrics'][name][model]
                assert found['value'] == pytest.approx(told['metrics'][name][model], rel=1e-6)
                assert found['interval'] == pytest.approx(ends[name], rel=1e-6)


def test_without_rows_or_column_there_are_no_intervals() -> None:
    verdict = [
        {
            'slice': {'gone': 'x'},
            'examples': 3,
            'metrics': {'auc': {'candidate': 0.5, 'baseline': None}},
        }
    ]
    for rows in (None, rows_for('binary')):
        (own,) = metrics_by_slice(verdict, rows)
        assert own['metrics'] == {'auc': {'candidate': {'value': 0.5, 'interval': None}}}

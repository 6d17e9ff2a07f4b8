"""Gaps between groups against pandas, and their intervals against published examples."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from components.evaluator.fairness import _Rates, measure_gaps
from components.evaluator.fairness_settings import CRITERIA, FairnessGate
from components.evaluator.fairness_verdict import judge_gaps
from components.evaluator.predictions import About

ROWS = 4000


def _about(task, classes=()):
    return About(task, 'y', 'test', ROWS, ROWS, classes, classes)


def _binary(baseline=False):
    rng = np.random.default_rng(11)
    sex = rng.choice(['f', 'm', ''], ROWS, p=[0.4, 0.55, 0.05])
    label = rng.random(ROWS) < np.where(sex == 'f', 0.3, 0.5)
    p = np.clip(0.3 * label + 0.1 * (sex == 'm') + rng.random(ROWS) * 0.6, 0, 1)
    columns = {
        'sex': sex,
        'label': np.where(label, 'yes', 'no'),
        'probability': p.astype(np.float32),
    }
    if baseline:
        columns['probability_baseline'] = (1 - p).astype(np.float32)
    return pa.table(columns), _about('binary', ('no', 'yes'))


def _gaps(table, about, criteria=None, **options):
    bounds = {k: {'max_gap': v} for k, v in (criteria or {}).items()}
    gate = FairnessGate.model_validate({'by': 'sex', 'criteria': bounds, **options})
    return {g.criterion: g for g in measure_gaps([gate], table, about)}


def test_binary_gaps_are_those_of_the_rates_by_group():
    table, about = _binary()
    found = _gaps(table, about)
    frame = table.to_pandas()
    frame['y'], frame['hit'] = frame.label == 'yes', frame.probability > 0.5
    frame['right'] = frame.y == frame.hit
    rates = {
        'demographic_parity': frame.groupby('sex').hit.mean(),
        'equal_opportunity': frame[frame.y].groupby('sex').hit.mean(),
        'predictive_parity': frame[frame.hit].groupby('sex').y.mean(),
        'accuracy_parity': frame.groupby('sex').right.mean(),
    }
    false = frame[~frame.y].groupby('sex').hit.mean()
    assert set(found) == set(CRITERIA['binary'])
    for name, by_group in rates.items():
        gap = found[name]
        assert gap.value == pytest.approx(by_group.max() - by_group.min(), abs=1e-12), name
        assert 0 <= gap.low < gap.value < gap.high
        top = by_group.idxmax() or '(missing)'
        assert gap.highest == {'sex': top}
        assert {g.group['sex'] for g in gap.groups} == {'f', 'm', '(missing)'}
    odds = found['equalized_odds']
    recall = rates['equal_opportunity']
    assert odds.value == pytest.approx(max(recall.max() - recall.min(), false.max() - false.min()))
    assert odds.part in ('recall', 'false alarms')


def test_groups_with_few_rows_are_shown_but_not_compared():
    table, about = _binary()
    found = _gaps(table, about, {'equal_opportunity': 0.0}, min_examples=300)
    gap = found['equal_opportunity']
    assert '(missing)' not in [*gap.highest.values(), *gap.lowest.values()]
    assert len(gap.groups) == 3
    alone = _gaps(table, about, {'equal_opportunity': 0.0}, min_examples=1000)
    assert alone['equal_opportunity'].value is None
    reasons, notes = judge_gaps(list(alone.values()))
    assert not reasons
    assert notes == [
        'fewer than two groups by sex have min_examples: 1000 for equal_opportunity, '
        'so it was not checked'
    ]


def test_a_gap_above_its_bound_is_a_reason_and_the_baselines_is_told():
    table, about = _binary(baseline=True)
    found = _gaps(table, about, {'demographic_parity': 0.05, 'accuracy_parity': 0.9})
    reasons, notes = judge_gaps(list(found.values()))
    assert not notes
    (reason,) = reasons
    gap = found['demographic_parity']
    assert reason.text.startswith('demographic_parity by sex: share answered is 0.')
    assert f'a gap of {gap.value:.4g}, above the max_gap of 0.05' in reason.text
    assert f'baseline {gap.baseline:.4g})' in reason.text


def test_the_interval_of_shares_is_newcombes():
    # Newcombe 1998, table II (a): 56/70 less 48/80, method 10: 0.0524 to 0.3339.
    rates = _Rates('recall', np.array([70, 80]), np.array([56 / 70, 48 / 80]))
    assert rates.gap_interval(0, 1) == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_regression_gaps_are_of_means_with_welchs_interval():
    rng = np.random.default_rng(12)
    sex = rng.choice(['f', 'm'], ROWS)
    y = rng.normal(7, 1, ROWS)
    p = y + 0.2 * (sex == 'm') + rng.normal(0, 1 + (sex == 'm'), ROWS)
    table = pa.table({'sex': sex, 'label': y, 'prediction': p})
    found = _gaps(table, _about('regression'))
    error = pd.Series(p - y)
    for name, values in {'mean_error_parity': error, 'mae_parity': error.abs()}.items():
        m, f = values[sex == 'm'], values[sex == 'f']
        gap = found[name]
        assert gap.value == pytest.approx(abs(m.mean() - f.mean()), abs=1e-12)
        welch = stats.ttest_ind(m, f, equal_var=False).confidence_interval()
        assert (gap.low, gap.high) == pytest.approx((max(0, welch.low), welch.high), abs=1e-9)


def test_of_several_classes_the_widest_gap_is_told():
    rng = np.random.default_rng(13)
    classes = ('a', 'b', 'c')
    sex = rng.choice([0, 1], ROWS)
    label = rng.integers(0, 3, ROWS)
    p = rng.dirichlet(np.ones(3), ROWS)
    p[(label == 1) & (sex == 1), 1] += 1
    p = (p / p.sum(1, keepdims=True)).astype(np.float32)
    table = pa.table(
        {'sex': sex, 'label': np.array(classes)[label], 'probabilities': pa.array(p.tolist())}
    )
    found = _gaps(table, _about('multiclass', classes))
    gap = found['equal_opportunity']
    assert gap.part == 'recall of class b'
    answer = p.argmax(1)
    recall = [np.mean(answer[(label == 1) & (sex == s)] == 1) for s in (0, 1)]
    assert gap.value == pytest.approx(recall[1] - recall[0])
    assert (gap.highest, gap.lowest) == ({'sex': 1}, {'sex': 0})

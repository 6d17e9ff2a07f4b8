"""Every number of a regression against numpy and pandas on the same rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from components.report.numbers.regression import SHARES, regression
from tests.components.report.tables import rows_for, table

NEAR: Any = {'rel': 1e-6, 'abs': 1e-9}


@pytest.fixture(scope='module')
def section():
    return regression(rows_for('regression'), ['town', 'size', 'rooms', 'gone'])


@pytest.fixture(scope='module')
def frame():
    frame = table('regression').to_pandas()
    for name, suffix in (('candidate', ''), ('baseline', '_baseline')):
        answer = frame[f'prediction{suffix}'].astype(float)
        frame[name] = frame['label'].astype(float) - answer
        frame[f'{name}_said'] = answer
    return frame


@pytest.mark.parametrize('model', ['candidate', 'baseline'])
class TestBothModels:
    def test_error_quantiles_and_bias(self, section, frame, model) -> None:
        expected = frame[model].abs().quantile(SHARES)
        found = [q['error'] for q in section['error_quantiles'][model]]
        assert found == pytest.approx(expected.tolist(), **NEAR)
        assert section['bias'][model] == pytest.approx(frame[model].mean(), **NEAR)

    def test_histogram_counts_every_row(self, section, frame, model) -> None:
        edges = np.array(section['residuals']['edges'])
        both = np.concatenate([frame['candidate'], frame['baseline']])
        assert edges[[0, -1]] == pytest.approx(np.quantile(both, [0.005, 0.995]), **NEAR)
        counts = section['residuals'][model]
        assert sum(counts) == len(frame)
        inner = frame[model].between(edges[1], edges[-2]).sum()
        assert sum(counts[1:-1]) == pytest.approx(inner, abs=1)

    def test_calibration(self, section, frame, model) -> None:
        groups = section['calibration'][model]
        assert len(groups) == 20
        assert sum(g['rows'] for g in groups) == len(frame)
        said = frame[f'{model}_said']
        for group in groups:
            # The ends are of float32s, written with 9 digits.
            own = frame[(said >= group['low'] - 1e-7) & (said <= group['high'] + 1e-7)]
            assert len(own) == group['rows']
            assert group['predicted'] == pytest.approx(own[f'{model}_said'].mean(), **NEAR)
            label = own['label'].astype(float)
            assert group['observed'] == pytest.approx(label.mean(), **NEAR)
            ends = stats.norm.interval(0.95, label.mean(), label.std(ddof=1) / np.sqrt(len(own)))
            assert group['interval'] == pytest.approx(ends, **NEAR)

    def test_residuals_by_prediction(self, section, frame, model) -> None:
        said = frame[f'{model}_said']
        for group in section['by_prediction'][model]:
            own = frame[model][(said >= group['low'] - 1e-7) & (said <= group['high'] + 1e-7)]
            assert group['rows'] == len(own)
            assert group['mean'] == pytest.approx(own.mean(), **NEAR)
            assert group['quantiles'] == pytest.approx(
                own.quantile([0.1, 0.5, 0.9]).tolist(), **NEAR
            )

    def test_residuals_by_feature(self, section, frame, model) -> None:
        by_name = {f['feature']: f[model] for f in section['by_feature']}
        assert list(by_name) == ['town', 'size', 'rooms']
        keys = {'town': frame['town'].fillna('(missing)'), 'rooms': frame['rooms'].astype(str)}
        for name, key in keys.items():
            expected = frame.groupby(key)[model]
            assert {g['name'] for g in by_name[name]} == set(expected.groups)
            for group in by_name[name]:
                own = expected.get_group(group['name'])
                assert group['rows'] == len(own)
                assert group['mean'] == pytest.approx(own.mean(), **NEAR)
                assert group['quantiles'] == pytest.approx(
                    own.quantile([0.1, 0.5, 0.9]).tolist(), **NEAR
                )
        sizes = by_name['size']
        assert sum(g['rows'] for g in sizes) == len(frame)
        missing = next(g for g in sizes if g['name'] == '(missing)')
        assert missing['mean'] == pytest.approx(frame[model][frame['size'].isna()].mean(), **NEAR)
        for group in (g for g in sizes if g['low'] is not None):
            own = frame[model][frame['size'].between(group['low'], group['high'])]
            assert (group['rows'], group['mean']) == (len(own), pytest.approx(own.mean(), **NEAR))


def test_one_row_and_one_value() -> None:
    one = regression(rows_for('regression', rows=1, baseline=False), ['town'])
    assert one['calibration']['candidate'][0]['interval'] == [None, None]
    assert sum(one['residuals']['candidate']) == 1
    assert 'baseline' not in one['calibration']
    assert pd.notna(one['bias']['candidate'])

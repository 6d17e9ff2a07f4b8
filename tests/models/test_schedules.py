import keras
import numpy as np
import pytest

from models.schedules import RunSchedule, learning_rate
from models.settings import Training


def rates(schedule, steps=100, rate=0.1):
    made = learning_rate(Training(learning_rate=rate, schedule=schedule), steps)
    return np.array([float(made(step)) for step in range(steps)])


def test_a_constant_rate_needs_no_schedule():
    assert learning_rate(Training(learning_rate=0.1), 100) == 0.1


@pytest.mark.parametrize('kind', ['cosine', 'exponential'])
def test_falling_from_the_peak_to_the_end(kind):
    made = rates({'kind': kind, 'end': 0.05})
    assert made[0] == pytest.approx(0.1, rel=1e-3)
    assert made[-1] == pytest.approx(0.005, rel=0.05)
    assert (np.diff(made) < 0).all()


def test_halfway():
    assert rates({'kind': 'cosine', 'end': 0.01})[50] == pytest.approx(0.0505, rel=1e-3)
    assert rates({'kind': 'exponential', 'end': 0.01})[50] == pytest.approx(0.01, rel=1e-3)


@pytest.mark.parametrize('kind', ['constant', 'cosine', 'exponential', 'step'])
def test_warmup_rises_in_a_line_from_above_zero(kind):
    made = rates({'kind': kind, 'warmup': 0.2})
    np.testing.assert_allclose(made[:20], 0.1 * np.arange(1, 21) / 20, rtol=1e-5)
    assert made.max() == pytest.approx(0.1)


def test_one_cycle_rises_and_falls():
    made = rates({'kind': 'one_cycle'})
    assert 0.004 <= made[0] < 0.005
    assert made.argmax() in range(28, 32)
    assert made.max() == pytest.approx(0.1)
    assert made[-1] < 0.0015


def test_step_falls_by_one_factor_at_a_time():
    made = rates({'kind': 'step', 'levels': 3, 'end': 0.01}, steps=90)
    np.testing.assert_allclose(made, np.repeat([0.1, 0.01, 0.001], 30), rtol=1e-5)


def test_cyclical_draws_triangles():
    made = rates({'kind': 'cyclical', 'cycles': 2, 'end': 0.1}, steps=200)
    np.testing.assert_allclose(made[:51], np.linspace(0.01, 0.1, 51), rtol=1e-4)
    np.testing.assert_allclose(made[50:101], np.linspace(0.1, 0.01, 51), rtol=1e-4)
    np.testing.assert_allclose(made[:100], made[100:], rtol=1e-4)


def test_a_warmup_comes_before_the_other_kinds():
    for kind in ('step', 'cyclical'):
        made = rates({'kind': kind, 'warmup': 0.1, 'end': 0.5})
        assert made[0] < made[9]
        np.testing.assert_allclose(made[11:], rates({'kind': kind, 'end': 0.5}, 90)[1:], rtol=1e-4)


def test_the_rate_stays_at_its_end():
    made = learning_rate(Training(learning_rate=0.1, schedule='cosine'), 10)
    assert float(made(1000)) == pytest.approx(0.001)


def test_an_optimizer_keeps_the_schedule_when_saved():
    optimizer = keras.optimizers.Adam(RunSchedule('cosine', 0.1, 0.01, 5, 50))
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert again._learning_rate.get_config() == optimizer._learning_rate.get_config()

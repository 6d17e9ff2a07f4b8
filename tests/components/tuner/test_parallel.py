import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from components.tuner import parallel
from tests.components.tuner.searches import tuner_fn

pytestmark = pytest.mark.slow  # each worker imports TensorFlow


def searched(folder: Path, workers: int = 2, **told: Any) -> Any:
    fn_args = {'working_dir': str(folder), 'custom_config': told}
    tuner = tuner_fn(SimpleNamespace(**fn_args)).tuner
    parallel.search(tuner, 'tests.components.tuner.searches.tuner_fn', fn_args, workers, folder)
    return tuner


def test_workers_share_the_trials_and_leave_nothing_running(tmp_path):
    tuner = searched(tmp_path, trials=6, trial_seconds=1.0)
    trials = list(tuner.oracle.trials.values())
    assert len(trials) == 6
    assert all(trial.status == 'COMPLETED' for trial in trials)
    best = tuner.get_best_hyperparameters()[0].values['x'] ** 2
    assert best == min(trial.score for trial in trials)
    # Each saves its own state as it ends a trial, so both had some.
    saved = {path.stem for path in tmp_path.glob('*/worker-*.json')}
    assert saved == {'worker-1', 'worker-2'}
    assert not [c for c in psutil.Process().children() if 'components.tuner' in str(c.cmdline())]


def test_the_trial_of_a_killed_worker_is_lost_and_no_more(tmp_path):
    tuner = searched(tmp_path, trials=4, trial_seconds=0.2, dying=['worker-2'])
    states = sorted(trial.status for trial in tuner.oracle.trials.values())
    assert states.count('COMPLETED') >= 3
    assert states.count('RUNNING') == 0
    assert tuner.get_best_hyperparameters()


def test_a_search_without_a_trial_is_an_error(tmp_path):
    with pytest.raises(parallel.TunerError, match='none of 1 workers completed a trial'):
        searched(tmp_path, workers=1, trials=3, dying=['worker-1'])


def test_no_trial_begins_once_the_time_is_over(tmp_path):
    started = time.monotonic()
    tuner = searched(tmp_path, trials=10_000, trial_seconds=0.5, seconds=20)
    assert 1 <= len(tuner.oracle.trials) < 10_000
    assert time.monotonic() - started < 200
    assert json.loads(json.dumps(tuner.get_best_hyperparameters()[0].values))

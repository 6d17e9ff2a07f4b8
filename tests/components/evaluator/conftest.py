"""One table, a candidate and a baseline for each task."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from components.evaluator.settings import EvaluatorConfig

CLASSES = {'regression': (), 'binary': ('no', 'yes'), 'multiclass': ('a', 'b', 'c', 'd')}
BOUNDS = {'regression': 'rmse', 'binary': 'auc', 'multiclass': 'accuracy'}
ROWS = 3000


@dataclass(frozen=True)
class Job:
    """What an evaluation needs, and the columns of its rows."""

    config: EvaluatorConfig
    candidate: str
    baseline: str
    files: Path
    rows: dict[str, list]

    @property
    def pattern(self) -> str:
        return str(self.files / '*')


@pytest.fixture(scope='session')
def make_job(tmp_path_factory):
    """Make a task's job once for all tests."""
    made: dict[str, Job] = {}

    def make(task: str) -> Job:
        if task not in made:
            made[task] = _make(task, tmp_path_factory.mktemp(task))
        return made[task]

    return make


def _make(task: str, folder: Path) -> Job:
    from tests.components.evaluator.exports import export_model, write_examples

    rows = _table(task)
    for i in range(2):
        part = {name: values[i::2] for name, values in rows.items()}
        write_examples(folder / 'Split-test' / f'data-{i:05d}-of-00002.gz', part)
    config = EvaluatorConfig.model_validate(
        {
            'task': task,
            'label': 'y',
            'splits': ['test'],
            'gate': {
                'metrics': {BOUNDS[task]: {'min': 0}},
                'slices': [{'by': 'number'}, {'by': ['text', 'number']}],
            },
        }
    )
    return Job(
        config=config,
        candidate=export_model(folder / 'candidate', task, CLASSES[task]),
        baseline=export_model(folder / 'baseline', task, CLASSES[task], shift=0.25),
        files=folder / 'Split-test',
        rows=rows,
    )


def _table(task: str) -> dict[str, list]:
    """Return columns: two to slice by, with missing values and a slice of one row, y and p."""
    rng = np.random.default_rng(7)
    number = rng.choice([1, 2, 3], ROWS).tolist()
    number[5] = 99
    text = rng.choice(['x', 'y'], ROWS).tolist()
    number[10:400:10] = [None] * 39
    text[3:500:10] = [None] * 50
    rows: dict[str, list] = {'number': number, 'text': text}
    if task == 'regression':
        y = rng.normal(7, 1, ROWS).astype(np.float32)
        p = (y + rng.normal(0, 1, ROWS)).astype(np.float32)
        return rows | {'y': y.tolist(), 'p': p.tolist()}
    labels = rng.integers(0, len(CLASSES[task]), ROWS)
    rows['y'] = [CLASSES[task][i] for i in labels]
    if task == 'binary':
        p = np.clip(rng.beta(2, 2, ROWS) + 0.2 * (labels - 0.5), 0, 1).astype(np.float32)
        return rows | {'p': p.tolist()}
    weights = rng.dirichlet(np.ones(len(CLASSES[task])), ROWS)
    weights[np.arange(ROWS), labels] += 0.2
    shares = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return rows | {f'p{i}': shares[:, i].tolist() for i in range(shares.shape[1])}

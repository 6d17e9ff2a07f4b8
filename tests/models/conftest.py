"""A small table with missing values, as splits of examples and an analysed transform."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from models.data import Data, load_data
from models.settings import TrainerConfig
from tests.transforms.analysis import Row, analyse, serialized

TYPES = {
    'age': int,
    'size': float,
    'colour': str,
    'code': int,
    'day': str,
    'spare': str,
    'amount': float,
    'kind': str,
    'won': int,
}
FEATURES = {
    'age': {'kind': 'numeric', 'buckets': 4},
    'size': 'numeric',
    'colour': 'categorical',
    'code': 'categorical',
    'day': {'kind': 'date', 'parts': ['days', 'month']},
}
FEW_FEATURES = {name: FEATURES[name] for name in ('colour', 'size')}
CROSSES = [['colour', 'code']]
LABELS = {'regression': 'amount', 'multiclass': 'kind', 'binary': 'won'}
EFFECTS = {'red': 0.0, 'green': 2.0, 'blue': -2.0, None: 5.0}


def rows(count: int, seed: int) -> list[Row]:
    """Make rows whose labels depend on colour (missing too), age and size."""
    rng = np.random.default_rng(seed)
    colours = list(EFFECTS)
    made: list[Row] = []
    for _ in range(count):
        colour = colours[rng.choice(4, p=[0.4, 0.3, 0.2, 0.1])]
        age = int(rng.integers(18, 80))
        size = float(rng.normal())
        score = EFFECTS[colour] + (age - 49) / 18 + size
        made.append(
            {
                'age': None if rng.random() < 0.1 else age,
                'size': None if rng.random() < 0.1 else size,
                'colour': colour,
                'code': None if rng.random() < 0.1 else int(rng.integers(1, 6)),
                'day': f'20{rng.integers(10, 20)}-0{rng.integers(1, 10)}-15',
                'spare': 'not a feature',
                'amount': 100 + 10 * score + float(rng.normal()),
                'kind': 'low' if score < -1 else 'mid' if score < 2 else 'top',
                'won': int(score > 1.5),
            }
        )
    return made


def write_examples(path: Path, table: Sequence[Row]) -> None:
    with tf.io.TFRecordWriter(str(path), 'GZIP') as writer:
        for row in table:
            writer.write(serialized(row, TYPES))


@dataclasses.dataclass(eq=False)
class Artifacts:
    """What a pipeline hands to its Trainer."""

    task: str
    transform_graph: str
    train: list[str]
    eval: list[str]
    eval_rows: list[Row]

    def config(self, **settings: Any) -> TrainerConfig:
        """Return settings; unless given, a small model trained briefly."""
        return TrainerConfig.model_validate(
            {'task': self.task, 'label': LABELS[self.task], 'model': {'hidden': [8]}}
            | {'train': {'epochs': 2, 'batch_size': 64}, 'tune': {}}
            | settings
        )

    @functools.cached_property
    def data(self) -> Data:
        """The splits, read with the usual settings."""
        return self.load(self.config())

    def load(self, config: TrainerConfig) -> Data:
        """Read the splits."""
        return load_data(self.transform_graph, self.train, self.eval, config)

    def fn_args(self, directory: Path, config: TrainerConfig, **more: Any) -> SimpleNamespace:
        """Return what TFX passes to the user's functions."""
        return SimpleNamespace(
            **{
                'train_files': self.train,
                'eval_files': self.eval,
                'transform_graph_path': self.transform_graph,
                'serving_model_dir': str(directory / 'model'),
                'model_run_dir': str(directory / 'run'),
                'working_dir': str(directory / 'work'),
                'base_model': None,
                'hyperparameters': None,
                'custom_config': {'trainer': config.model_dump(mode='json'), 'code': 'digest'},
            }
            | more
        )


@pytest.fixture(scope='session')
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Artifacts]:
    """Return the artifacts of a task, each analysed once in a session."""
    made: dict[str, Artifacts] = {}
    root = tmp_path_factory.mktemp('models')
    splits = {'train': rows(400, seed=1), 'eval': rows(150, seed=2)}
    for name, table in splits.items():
        for shard in (0, 1):
            write_examples(root / f'{name}-{shard}.gz', table[shard::2])

    def of(task: str) -> Artifacts:
        if task not in made:
            config = {
                'label': LABELS[task],
                'task': task,
                'features': FEATURES if task == 'regression' else FEW_FEATURES,
                'crosses': CROSSES if task == 'regression' else [],
            }
            directory = root / task
            analyse(splits['train'], TYPES, config, directory)
            train, evaluation = [str(root / 'train-*')], [str(root / 'eval-*')]
            made[task] = Artifacts(task, str(directory), train, evaluation, splits['eval'])
        return made[task]

    return of


@pytest.fixture(scope='session')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Artifacts]:
    """Return the artifacts of a task about pictures, each analysed once in a session."""
    # It builds on what is above.
    from tests.models.picture_splits import picture_artifacts

    @functools.cache
    def of(task: str) -> Artifacts:
        return picture_artifacts(task, tmp_path_factory.mktemp('pictures'))

    return of

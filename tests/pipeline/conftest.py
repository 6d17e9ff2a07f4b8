"""A small table with a recipe, and runs of it in this process, so that TFX is imported once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline.records import Run

RECIPE = """
name: houses
description: prices of invented houses
task: regression
label: price
data:
  query: SELECT price, area, rooms, town FROM `city.sales.houses` WHERE price > 0
  local: {city.sales.houses: houses.csv}
  split: {by: [area, rooms, town], into: {train: 6, eval: 2, test: 2}}
features:
  area: numeric
  rooms: categorical
  town: categorical
model: {hidden: [16]}
train: {epochs: 6, batch_size: 64, learning_rate: 1e-2}
gate:
  metrics: {rmse: {max: 12, no_worse_than_baseline_by: 1}}
  slices: [{by: town, metrics: {rmse: {max: 14}}, min_examples: 20}]
"""


@dataclass
class Project:
    """A folder with a recipe, its table, and a store."""

    folder: Path

    @property
    def recipe(self) -> Path:
        return self.folder / 'houses.yaml'

    @property
    def table(self) -> Path:
        return self.folder / 'houses.csv'

    def run(self, *overrides: str) -> Run:
        """Run the recipe as `sluice run` does, from this folder."""
        from pipeline.loading import check_against_data, load_recipe
        from pipeline.session import start

        recipe = load_recipe(self.recipe, overrides)
        check_against_data(self.recipe, recipe)
        return start(self.recipe, recipe, overrides, self.folder / '.sluice')

    def served(self) -> list[str]:
        """Return the versions that were pushed, oldest first."""
        return sorted(p.name for p in (self.folder / 'serving_models' / 'houses').glob('*'))


def write_houses(path: Path, rows: int = 1500, seed: int = 0) -> None:
    """Write a table whose price follows area, rooms and town, with some values missing."""
    rng = np.random.default_rng(seed)
    area = rng.normal(90, 25, rows).clip(20, 250).round(1)
    rooms = rng.integers(1, 6, rows)
    town = rng.choice(['Aalen', 'Brugge', 'Cork'], rows, p=[0.5, 0.3, 0.2])
    price = 0.5 * area + 6 * rooms + 10 * (town == 'Cork') + rng.normal(0, 5, rows)
    lines = ['price,area,rooms,town']
    for i in range(rows):
        shown = '' if i % 29 == 0 else area[i]
        lines.append(f'{price[i]:.2f},{shown},{rooms[i]},{"" if i % 31 == 0 else town[i]}')
    path.write_text('\n'.join(lines) + '\n')


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch.chdir)


@pytest.fixture(scope='module')
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose runs follow each other through the tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield make_project(tmp_path_factory.mktemp('project'), patch.chdir)


def make_project(folder: Path, chdir: Callable[[Path], None]) -> Project:
    (folder / 'houses.yaml').write_text(RECIPE)
    write_houses(folder / 'houses.csv')
    chdir(folder)
    return Project(folder)


def states(run: Run) -> dict[str, str]:
    """Return step -> state."""
    return {s.name: s.state for s in run.steps}


def cached(run: Run) -> Sequence[str]:
    """Return the names of the steps that were taken from the cache."""
    return [s.name for s in run.steps if s.state == 'cached']

"""Whether there is data that the last run did not have."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.loading import load_recipe
from pipeline.new_data import has_new_data, last_trained
from pipeline.recipe import Recipe
from pipeline.records import Run, Step

RECIPE = """
name: sales
task: regression
label: price
data:
  query: SELECT price, area FROM `a.b.sales` WHERE day >= @window_start AND day < @window_end
  local: {a.b.sales: {path: sales.csv, types: {day: DATE}}}
  window: {days: 7, lag: 1}
features: {area: numeric}
gate: {metrics: {rmse: {max: 10}}}
"""
LAST_DAY = date(2024, 3, 31)


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    days = (LAST_DAY - timedelta(days=n) for n in range(40))
    rows = '\n'.join(f'{day},{day.day},{day.month}' for day in days)
    (tmp_path / 'sales.csv').write_text(f'day,price,area\n{rows}\n')
    (tmp_path / 'sales.yaml').write_text(RECIPE)
    return load_recipe(tmp_path / 'sales.yaml')


def run(day: date | None, state: str = 'done') -> Run:
    return Run.model_validate({
        'run': 'sales-1', 'recipe': 'sales', 'recipe_file': '', 'task': 'regression',
        'state': state, 'date': day and day.isoformat(),
    })  # fmt: skip


@pytest.mark.parametrize(
    ('last', 'now', 'new'),
    [
        (date(2024, 3, 20), date(2024, 3, 20), False),  # the same day again
        (date(2024, 3, 20), date(2024, 3, 21), True),
        (date(2024, 3, 21), date(2024, 3, 20), False),  # an earlier day
        (date(2024, 4, 1), date(2024, 4, 2), True),  # the lag: only now is the 31st in it
        (date(2024, 4, 2), date(2024, 4, 3), False),  # no rows after the 31st
        (date(2024, 2, 1), date(2024, 5, 1), False),  # a long pause, and nothing of late
    ],
)
def test_it_is_rows_of_days_that_came_since(
    recipe: Recipe, last: date, now: date, new: bool
) -> None:
    assert has_new_data(recipe, now, run(last)) is new


def test_the_first_run_has_new_data(recipe: Recipe) -> None:
    assert has_new_data(recipe, LAST_DAY, None)
    assert last_trained(recipe, [run(LAST_DAY, 'failed')]) is None


def test_without_a_window_files_decide(recipe: Recipe, tmp_path: Path) -> None:
    from pipeline.fingerprints import fingerprints

    assert recipe.table
    plain = recipe.model_copy(update={'data': recipe.table.model_copy(update={'window': None})})
    last = run(None)
    last.steps = [Step(name='QueryExampleGen', fingerprint=fingerprints(plain)['QueryExampleGen'])]
    assert not has_new_data(plain, LAST_DAY, last)
    with (tmp_path / 'sales.csv').open('a') as file:
        file.write('2024-04-01,1,1\n')
    assert has_new_data(plain, LAST_DAY, last)


def test_a_date_without_a_window_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ['run', 'babyweight', '--date', '2024-03-10'])
    assert done.exit_code == 2
    assert '--date: needs data.window' in done.stderr

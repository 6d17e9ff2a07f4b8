import pytest

from pipeline.compare.recipes import recipe_of
from pipeline.loading import dump_recipe, load_recipe
from tests.pipeline.conftest import RECIPE
from tests.pipeline.kept_run import houses, store_in, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(store_in(tmp_path), 'houses-1', houses(), by=('town',))


def test_the_recipe_is_the_one_that_was_run(run, tmp_path):
    (tmp_path / 'houses.yaml').write_text(RECIPE)
    recipe = load_recipe(tmp_path / 'houses.yaml', ['train.epochs=3'])
    store_in(tmp_path).recipe(run.run).write_text(dump_recipe(recipe))
    (tmp_path / 'houses.yaml').write_text(RECIPE.replace('batch_size: 64', 'batch_size: 32'))
    found = recipe_of(run, store_in(tmp_path))
    assert found['train']['epochs'] == 3
    assert found['train']['batch_size'] == 64


def test_of_a_run_before_recipes_were_kept_the_file_is_read(run, tmp_path):
    store = store_in(tmp_path)
    store.recipe(run.run).unlink()
    run.recipe_file = str(tmp_path / 'houses.yaml')
    assert recipe_of(run, store) is None
    (tmp_path / 'houses.yaml').write_text(RECIPE)
    assert recipe_of(run, store)['train']['batch_size'] == 64

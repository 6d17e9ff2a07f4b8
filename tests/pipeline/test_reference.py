import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from components.evaluator.settings import METRICS
from pipeline import reference
from pipeline.recipe import Recipe

RECIPE: dict[str, Any] = {
    'name': 'births',
    'task': 'regression',
    'label': 'weight',
    'data': {'query': 'SELECT 1'},
    'features': {'sex': 'categorical', 'age': {'kind': 'numeric', 'buckets': 3}},
    'gate': {'metrics': {'rmse': {'max': 1}}},
}


OF_CLASSES = {'task': 'multiclass', 'gate': {'metrics': {'accuracy': {'min': 0.5}}}}


@pytest.mark.parametrize('path', reference.pages())
def test_pages_are_fresh(path: Path) -> None:
    written = (reference.ROOT / path).read_text(encoding='utf-8')
    assert written == reference.pages()[path], f'{path} is stale: run `make docs`'


@pytest.mark.parametrize('short', reference.SHORT_FORMS)
def test_short_forms_mean_the_long_ones(short: str) -> None:
    def read(text: str) -> Recipe:
        ((block, settings),) = YAML(typ='safe', pure=True).load(text).items()
        recipe = RECIPE | (OF_CLASSES if 'classes' in settings else {})
        if isinstance(settings, dict):
            settings = recipe.get(block, {}) | settings
        return Recipe.model_validate(recipe | {block: settings})

    assert read(short) == read(reference.SHORT_FORMS[short])


def test_the_recipe_page_tells_every_key_type_default_and_metric() -> None:
    page = reference.recipe_page()
    rows = set(page.splitlines())
    assert '| `epochs` | a whole number of at least 1 | `10` | ' in page
    task = '| `task` | `regression`, `binary` or `multiclass` | required | What is predicted: '
    assert f'{task}a number, one of two classes, one of several. |' in rows
    assert '| `into` | a mapping to whole numbers of at least 1 | `{train: 8, eval: 1, ' in page
    for block in Recipe.model_fields:
        assert f'| `{block}` | ' in page
    for task, metrics in METRICS.items():
        table = page.partition(f'#### {task.capitalize()}\n')[2].partition('#### ')[0]
        assert re.findall(r'^\| `(\w+)`', table, re.MULTILINE)[: len(metrics)] == list(metrics)
    sections = re.findall(r'^## `(\w+)`$', page, re.MULTILINE)
    assert sections == [s for s in Recipe.model_fields if s in sections], (
        'in the order of the recipe'
    )
    for kind in ('numeric', 'categorical', 'hashed', 'date'):
        assert f'### `features.*` of kind `{kind}`\n' in page
    assert '### `data`: labelled pictures, and how they are split\n' in page


def test_cells_do_not_break_the_tables() -> None:
    for page in reference.pages().values():
        widths: set[int] = set()
        for line in page.splitlines():
            if not line.startswith('|'):
                widths.clear()
                continue
            widths.add(len(re.findall(r'(?<!\\)\|', line)))
            assert len(widths) == 1, line

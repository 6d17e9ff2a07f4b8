from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from pipeline import keys
from pipeline.recipe import Recipe, find_recipe, shipped_recipes
from pipeline.recipe_against_data import check_columns

RECIPE: dict[str, Any] = {
    'name': 'flowers',
    'task': 'multiclass',
    'label': 'species',
    'data': {'query': 'SELECT * FROM flowers', 'local': {'flowers': 'flowers.csv'}},
    'features': {
        'petal': 'numeric',
        'stem': {'kind': 'numeric', 'buckets': 4},
        'colour': 'categorical',
        'picked': 'date',
    },
    'gate': {'metrics': {'accuracy': {'min': 0.8}}},
}
COLUMNS = {
    'species': 'STRING',
    'petal': 'FLOAT',
    'stem': 'INTEGER',
    'colour': 'STRING',
    'picked': 'STRING',
}
SCHEMA = Recipe.model_json_schema()
REGRESSION = {'task': 'regression', 'gate': {'metrics': {'rmse': {'max': 1}}}}
BINARY = {'task': 'binary', 'gate': {'metrics': {'auc': {'min': 0.8}}}}


def fault(**changed: object) -> str:
    with pytest.raises(ValidationError) as raised:
        Recipe.model_validate(RECIPE | changed)
    (error,) = raised.value.errors()
    return str(error['ctx']['error'])


@pytest.mark.parametrize(
    ('changed', 'told'),
    [
        ({'features': {}}, 'features: name at least one column (or your own transform)'),
        ({'features': {'species': 'hashed'}}, 'features.species: is the label'),
        (REGRESSION | {'classes': ['a', 'b']}, 'classes: a regression has none'),
        (
            REGRESSION | {'train': {'class_weights': 'balanced'}},
            'train.class_weights: a regression has no classes',
        ),
        (
            REGRESSION | {'train': {'label_smoothing': 0.1}},
            'train.label_smoothing: a regression has no classes',
        ),
        (BINARY | {'classes': ['a', 'b', 'c']}, 'classes: a binary task has two, got 3'),
        (
            {'classes': ['rose', 'tulip'], 'train': {'class_weights': {'rosa': 2}}},
            "train.class_weights.rosa: 'rosa' is not a class; did you mean 'rose'?",
        ),
        ({'crosses': [['colour', 'picked']]}, 'crosses.0: picked is a date'),
        (
            {'crosses': [['colour', 'stem'], ['colour', 'petal']]},
            'crosses.1: petal is numeric; give it buckets or boundaries',
        ),
        (
            {'features': {'a': 'numeric', 'a_missing': 'categorical'}},
            "features: feature 'a' and feature 'a_missing' both become 'a_missing'; rename",
        ),
        (
            BINARY | {'gate': {'metrics': {'rmse': {'max': 1}}}},
            "gate.metrics.rmse: 'rmse' is not a binary metric; known: auc, ",
        ),
        (
            {'tune': {'trials': 2, 'space': {'hiden': [[1], [2]]}}},
            "tune.space: 'hiden' cannot be searched; did you mean 'hidden'?",
        ),
        (
            {
                'train': {'find_rate': 'use'},
                'tune': {'trials': 2, 'space': {'learning_rate': [0.1, 0.2]}},
            },
            'train.find_rate: use would overrule the learning_rate',
        ),
        (
            REGRESSION | {'gate': {'classes': {'metrics': {'recall': {'min': 1}}}}},
            'gate.classes: a regression has none',
        ),
        (
            {'gate': {'classes': {'metrics': {'recal': {'min': 1}}}}},
            "gate.classes.0.metrics.recal: 'recal' is not a metric of a class; did you mean",
        ),
        (
            {
                'classes': ['rose', 'tulip'],
                'gate': {'classes': {'of': 'rosa', 'metrics': {'recall': {'min': 1}}}},
            },
            "gate.classes.0.of: 'rosa' is not a class; did you mean 'rose'?",
        ),
    ],
)
def test_settings_that_do_not_fit_together(changed: dict[str, Any], told: str) -> None:
    assert fault(**changed).startswith(told)


@pytest.mark.parametrize(
    ('types', 'changed', 'told'),
    [
        ({'petal': 'STRING'}, {}, 'features.petal: numeric needs INTEGER or FLOAT or BOOLEAN, '),
        ({'colour': 'FLOAT'}, {}, 'features.colour: categorical needs STRING or INTEGER or '),
        (
            {'picked': 'INTEGER'},
            {},
            'features.picked: date needs STRING, the query returns ',
        ),
        ({}, REGRESSION, 'label: a regression needs a number, but species is STRING'),
        ({}, {'label': 'genus'}, "label: 'genus' is not a column of the query; known: species, "),
        (
            {},
            {'gate': {'metrics': {'accuracy': {'min': 0}}, 'slices': [{'by': ['colour', 'stm']}]}},
            "gate.slices.0.by: 'stm' is not a column of the query; did you mean 'stem'?",
        ),
        (
            {},
            {'data': RECIPE['data'] | {'split': {'column': 'fold'}}},
            "data.split.column: 'fold' is not a column of the query",
        ),
        (
            {},
            {'data_gate': {'skew': {'petals': 0.1}}},
            "data_gate.skew.petals: 'petals' is not a column of the query; did you mean 'petal'?",
        ),
    ],
)
def test_settings_that_do_not_fit_the_columns(
    types: dict[str, str], changed: dict[str, Any], told: str
) -> None:
    recipe = Recipe.model_validate(RECIPE | changed)
    with pytest.raises(ValueError) as raised:
        check_columns(recipe, COLUMNS | types)
    assert str(raised.value).startswith(told)


def test_columns_that_fit() -> None:
    check_columns(Recipe.model_validate(RECIPE), COLUMNS)


def test_the_gate_judges_the_test_split_where_there_is_one() -> None:
    def judged(**split: object) -> str:
        data = RECIPE['data'] | {'split': split}
        return Recipe.model_validate(RECIPE | {'data': data}).evaluation_split

    assert judged() == 'test'
    assert judged(into={'train': 8, 'eval': 2}) == 'eval'


def test_recipes_cannot_be_changed() -> None:
    recipe = Recipe.model_validate(RECIPE)
    with pytest.raises(ValidationError, match='frozen'):
        recipe.train.epochs = 3  # type: ignore[misc]


def test_recipes_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    assert find_recipe('babyweight') == shipped_recipes()['babyweight']
    mine = tmp_path / 'mine.yaml'
    mine.touch()
    assert find_recipe(str(mine)) == mine
    with pytest.raises(FileNotFoundError, match=r"'babywait'; did you mean 'babyweight'\? known: "):
        find_recipe('babywait')
    with pytest.raises(FileNotFoundError, match=r'other\.yaml: no such recipe file'):
        find_recipe('other.yaml')


def test_every_key_is_described() -> None:
    undescribed = [
        f'{settings}.{key}'
        for settings, schema in {'Recipe': SCHEMA, **SCHEMA['$defs']}.items()
        for key, node in schema.get('properties', {}).items()
        if not ('const' in node or 'description' in node or '$ref' in node)
    ]
    assert not undescribed


def test_the_schema_is_one_that_editors_take() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for path in shipped_recipes().values():
        raw = YAML(typ='safe', pure=True).load(path)
        assert not [f'{path.name}: {e.json_path}: {e.message}' for e in validator.iter_errors(raw)]
    assert [e.message for e in validator.iter_errors(RECIPE | {'featurs': {}})]


@pytest.mark.parametrize(
    ('path', 'words'),
    [
        ('label', 'a non-empty string'),
        ('task', 'regression, binary or multiclass'),
        ('classes', 'a list of 2 or more strings or null'),
        ('transform', 'a dotted path or null'),
        ('train.epochs', 'a whole number of at least 1'),
        ('train.warm_start', 'true or false'),
        ('train.learning_rate', 'a number above 0'),
        ('train.class_weights', 'balanced, a mapping to numbers or null'),
        ('model.dropout', 'a number of at least 0 and below 1'),
        ('features.stem.buckets', 'a whole number from 2 to 1000 or null'),
        ('features.picked.parts', 'a list of 1 or more of days, year, month, day, weekday or hour'),
        ('features.colour.buckets', ''),
        ('tune.space.hidden.max', 'a number'),
        ('gate.metrics', 'a mapping to settings'),
        ('nowhere.at.all', ''),
    ],
)
def test_types_in_words(path: str, words: str) -> None:
    raw = Recipe.model_validate(RECIPE).model_dump(mode='json')
    assert keys.in_words(keys.allowed_at(path.split('.'), raw)) == words

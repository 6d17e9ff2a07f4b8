import json

import numpy as np
import pytest

from models.description import FILE, LISTED_VALUES, _sample, describe
from models.settings import Described
from models.trainer import run_fn
from tests.models.conftest import rows, write_examples

UNITS = {'age': 'years', 'amount': 'EUR'}


def described(made, **settings):
    data = made.data
    said = Described(**{'name': 'things', 'units': UNITS, 'examples': 4} | settings)
    return describe(data.graph, data.target, said, made.train, made.eval)


def by_name(description):
    return {given['name']: given for given in description['inputs']}


def test_numbers_have_their_range_and_how_often_they_are_missing(artifacts):
    made = artifacts('regression')
    description = described(made)
    age = by_name(description)['age']
    given = [r['age'] for r in rows(400, seed=1) if r['age'] is not None]
    assert (age['type'], age['unit'], age['required']) == ('integer', 'years', False)
    assert age['missing'] == pytest.approx(1 - len(given) / 400, abs=1e-4)
    assert (age['range']['min'], age['range']['max']) == (min(given), max(given))
    assert min(given) <= age['range']['low'] < age['range']['median'] < age['range']['high']
    assert age['range']['whole'] is True
    assert 'values' not in age, 'more than a few'
    size = by_name(description)['size']
    assert (size['type'], size['unit']) == ('number', None)
    assert size['range']['whole'] is False


def test_categories_have_their_commonest_values(artifacts):
    inputs = by_name(described(artifacts('regression')))
    colour = inputs['colour']
    assert [v['value'] for v in colour['values']] == ['red', 'green', 'blue']
    assert sum(v['share'] for v in colour['values']) == pytest.approx(1, abs=1e-3)
    assert colour['complete'] is True
    assert sorted(v['value'] for v in inputs['code']['values']) == [1, 2, 3, 4, 5]
    assert len(inputs['day']['values']) <= LISTED_VALUES


def test_values_of_single_rows_are_not_listed(artifacts, tmp_path):
    made = artifacts('regression')
    table = [dict(r, colour=f'name {i}') for i, r in enumerate(rows(60, seed=5))]
    write_examples(tmp_path / 'train.gz', table)
    data = made.data
    found = describe(data.graph, data.target, Described(), [str(tmp_path / 'train.gz')], made.eval)
    colour = by_name(found)['colour']
    assert colour['values'] == []
    assert colour['complete'] is False


def test_inputs_come_in_the_order_of_the_recipe(artifacts):
    description = described(artifacts('regression'), columns=('size', 'day', 'age'))
    names = [given['name'] for given in description['inputs']]
    assert names[:3] == ['size', 'day', 'age']
    assert sorted(names) == ['age', 'code', 'colour', 'day', 'size']


def test_examples_are_rows_of_the_eval_split_over_the_range_of_the_label(artifacts):
    made = artifacts('regression')
    examples = described(made)['examples']
    labels = [example['label'] for example in examples]
    assert labels == sorted(labels)
    assert labels[0] < 90 < 110 < labels[-1]
    known = {round(r['amount'], 3): r for r in made.eval_rows}
    for example in examples:
        row = known[round(example['label'], 3)]
        for name, value in example['inputs'].items():
            assert value == (pytest.approx(row[name]) if row[name] is not None else None)


def test_examples_of_classes_go_round(artifacts):
    description = described(artifacts('multiclass'), examples=6)
    assert [e['label'] for e in description['examples']] == ['low', 'mid', 'top'] * 2
    assert description['classes'] == ['low', 'mid', 'top']
    assert 'range' not in description['label']


def test_no_example_if_none_is_asked_for(artifacts):
    assert described(artifacts('regression'), examples=0)['examples'] == []


def test_a_regression_tells_the_range_and_unit_of_its_label(artifacts):
    label = described(artifacts('regression'))['label']
    assert (label['name'], label['unit']) == ('amount', 'EUR')
    amounts = [r['amount'] for r in rows(400, seed=1)]
    low, median, high = np.quantile(amounts, [0.01, 0.5, 0.99])
    expected = {'min': min(amounts), 'low': low, 'median': median, 'high': high}
    for key, value in expected.items():
        assert label['range'][key] == pytest.approx(value, rel=1e-5), key


def test_samples_are_spread_over_all_files(tmp_path):
    table = [dict(r, age=i) for i, r in enumerate(rows(1000, seed=3))]
    for shard in (0, 1):
        write_examples(tmp_path / f'{shard}.gz', table[500 * shard : 500 * (shard + 1)])
    everything = _sample([str(tmp_path / '*.gz')], 10_000)
    assert len(everything) == 1000
    some = _sample([str(tmp_path / '*.gz')], 100)
    assert 50 <= len(some) <= 100
    assert some == everything[:: 1000 // len(some) + (1000 % len(some) > 0)][: len(some)]


def test_the_trainer_writes_it_beside_the_model(artifacts, tmp_path):
    made = artifacts('binary')
    arguments = made.fn_args(tmp_path, made.config(train={'epochs': 1}))
    arguments.custom_config['described'] = Described(name='bets', examples=2).model_dump()
    run_fn(arguments)
    written = json.loads((tmp_path / 'model' / FILE).read_text())
    assert (written['format'], written['name'], written['task']) == (1, 'bets', 'binary')
    assert len(written['examples']) == 2

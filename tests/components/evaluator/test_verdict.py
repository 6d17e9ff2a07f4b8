import json

import pytest

from components.evaluator.errors import EvaluationError
from components.evaluator.measured import (
    Answers,
    ClassMetrics,
    Measured,
    SliceMetrics,
    Values,
    defined,
)
from components.evaluator.settings import EvaluatorConfig
from components.evaluator.verdict import Verdict, judge


def _config(task='regression', **gate):
    return EvaluatorConfig.model_validate(
        {'task': task, 'label': 'y', 'splits': ['test', 'eval'], 'gate': gate}
    )


def _whole(examples=1000, **metrics):
    return SliceMetrics({}, examples, {k: Values(*v) for k, v in metrics.items()})


def _slice(where, examples, **metrics):
    return SliceMetrics(where, examples, {k: Values(*v) for k, v in metrics.items()})


def _judge(config, *slices, other=()):
    return judge(config, {'test': Measured(slices, 0), 'eval': Measured(tuple(other), 0)})


@pytest.mark.parametrize(
    ('task', 'metric', 'bound', 'values', 'passes'),
    [
        ('regression', 'rmse', {'max': 1.2}, (1.2,), True),
        ('regression', 'rmse', {'max': 1.2}, (1.21,), False),
        ('binary', 'auc', {'min': 0.9}, (0.9,), True),
        ('binary', 'auc', {'min': 0.9}, (0.899,), False),
        ('regression', 'mae', {'min': 0.1, 'max': 0.2}, (0.05,), False),
        # Lower is better.
        ('regression', 'rmse', {'no_worse_than_baseline_by': 0.1}, (1.05, 1.0), True),
        ('regression', 'rmse', {'no_worse_than_baseline_by': 0.1}, (1.2, 1.0), False),
        ('regression', 'rmse', {'no_worse_than_baseline_by': 0.0}, (1.0, 1.0), True),
        ('regression', 'rmse', {'no_worse_than_baseline_by': 0.0}, (0.5, 1.0), True),
        # Higher is better.
        ('binary', 'auc', {'no_worse_than_baseline_by': 0.01}, (0.895, 0.9), True),
        ('binary', 'auc', {'no_worse_than_baseline_by': 0.01}, (0.88, 0.9), False),
        ('binary', 'auc', {'no_worse_than_baseline_by': 0.01}, (0.99, 0.9), True),
        ('regression', 'r2', {'no_worse_than_baseline_by': 0.0}, (0.4, 0.5), False),
        # No baseline, or none that can be compared.
        ('regression', 'rmse', {'no_worse_than_baseline_by': 0.1}, (9.0, None), True),
        # Undefined.
        ('binary', 'auc', {'min': 0.1}, (None, 0.9), False),
        ('binary', 'auc', {'no_worse_than_baseline_by': 0.1}, (None, None), False),
    ],
)
def test_bounds(task, metric, bound, values, passes):
    verdict = _judge(_config(task, metrics={metric: bound}), _whole(**{metric: values}))
    assert verdict.blessed is passes
    assert bool(verdict.reasons) is not passes


@pytest.mark.parametrize(
    ('bound', 'values', 'text'),
    [
        (
            {'max': 1.3},
            (1.74, 1.41),
            'rmse on plurality=2 is 1.74, above the max of 1.3 (1,312 examples; baseline 1.41)',
        ),
        (
            {'min': 2},
            (1.74, None),
            'rmse on plurality=2 is 1.74, below the min of 2 (1,312 examples; baseline none)',
        ),
        (
            {'no_worse_than_baseline_by': 0.01},
            (1.74, 1.41),
            'rmse on plurality=2 is 1.74, 0.33 worse than the baseline at 1.41; 0.01 is allowed '
            '(1,312 examples)',
        ),
        (
            {'max': 1.3},
            (None, 1.41),
            'rmse on plurality=2 is undefined, so max: 1.3 is not met '
            '(1,312 examples; baseline 1.41)',
        ),
        (
            # Four digits would read "is 1.3, above the max of 1.3".
            {'max': 1.3},
            (1.3000004, None),
            'rmse on plurality=2 is 1.3000004, above the max of 1.3 '
            '(1,312 examples; baseline none)',
        ),
    ],
)
def test_reasons_can_be_read(bound, values, text):
    config = _config(slices=[{'by': 'plurality', 'metrics': {'rmse': bound}}])
    verdict = _judge(config, _whole(rmse=(1, 1)), _slice({'plurality': 2}, 1312, rmse=values))
    assert [r.text for r in verdict.reasons] == [text]


def test_each_missed_bound_is_a_reason():
    config = _config(
        metrics={'rmse': {'max': 1, 'no_worse_than_baseline_by': 0.1}, 'mae': {'max': 5}},
        slices=[{'by': ['b', 'a'], 'metrics': {'mae': {'max': 0.5}}}],
    )
    verdict = _judge(
        config,
        _whole(rmse=(2, 1), mae=(1, 1)),
        _slice({'a': 1, 'b': 1}, 10, rmse=(9, 9), mae=(0.6, 0.1)),
        _slice({'a': 1, 'b': 2}, 10, rmse=(9, 9), mae=(0.4, 0.1)),
    )
    assert [(r.metric, dict(r.slice), r.kind, r.bound) for r in verdict.reasons] == [
        ('rmse', {}, 'max', 1),
        ('rmse', {}, 'no_worse_than_baseline_by', 0.1),
        ('mae', {'a': 1, 'b': 1}, 'max', 0.5),
    ]
    assert verdict.reasons[2].text.startswith('mae on a=1, b=1 is 0.6')


def test_small_slices_are_shown_and_not_judged():
    gate = {'by': 'plurality', 'min_examples': 200, 'metrics': {'rmse': {'max': 1}}}
    small = _slice({'plurality': 3}, 199, rmse=(9, 9))

    verdict = _judge(_config(slices=[gate]), _whole(rmse=(1, 1)), small)
    assert verdict.blessed
    assert small in verdict.metrics['test']
    assert verdict.notes == (
        'no slice by plurality has min_examples: 200 (the largest has 199), '
        'so its bounds were not checked',
    )

    large = _slice({'plurality': 1}, 200, rmse=(0.5, 1))
    verdict = _judge(_config(slices=[gate]), _whole(rmse=(1, 1)), small, large)
    assert verdict.blessed
    assert not verdict.notes


def test_slices_without_bounds_need_no_note():
    config = _config(metrics={'rmse': {'max': 2}}, slices=[{'by': 'a', 'min_examples': 50}])
    assert not _judge(config, _whole(rmse=(1, 1)), _slice({'a': 1}, 3, rmse=(9, 9))).notes


def test_only_the_first_split_is_judged():
    config = _config(metrics={'rmse': {'max': 1}})
    verdict = _judge(config, _whole(rmse=(0.9,)), other=[_whole(rmse=(5.0,))])
    assert verdict.blessed
    assert set(verdict.metrics) == {'test', 'eval'}


def test_slices_come_in_reading_order():
    places = [{'b': 'x'}, {'a': '(missing)'}, {'a': 10}, {'a': 1, 'b': 2}, {}, {'a': 9}]
    verdict = _judge(
        _config(metrics={'rmse': {'max': 1}}), *[_slice(p, 1, rmse=(0.5,)) for p in places]
    )
    assert [s.slice for s in verdict.metrics['test']] == [
        {},
        {'a': 9},
        {'a': 10},
        {'a': '(missing)'},
        {'b': 'x'},
        {'a': 1, 'b': 2},
    ]


def test_a_verdict_survives_json():
    config = _config(metrics={'rmse': {'max': 1}}, slices=[{'by': 'a'}])
    verdict = judge(
        config,
        {
            'test': Measured((_whole(rmse=(None, 2)), _slice({'a': 'x'}, 5, rmse=(1.5,))), 1000),
            'eval': Measured((_whole(rmse=(1, 2)),), 1000),
        },
        notes=['one'],
    )
    text = verdict.to_json()
    assert Verdict.from_json(text) == verdict

    plain = json.loads(text)
    assert plain['blessed'] is False
    assert plain['notes'] == ['one']
    assert plain['reasons'] == [
        {
            'metric': 'rmse',
            'slice': {},
            'candidate': None,
            'baseline': 2,
            'kind': 'max',
            'bound': 1.0,
            'examples': 1000,
            'of_class': None,
            'text': 'rmse is undefined, so max: 1 is not met (1,000 examples; baseline 2)',
        }
    ]
    assert plain['metrics']['test'][1] == {
        'slice': {'a': 'x'},
        'examples': 5,
        'metrics': {'rmse': {'candidate': 1.5, 'baseline': None}},
    }


@pytest.mark.parametrize('value', [float('nan'), float('inf'), float('-inf')])
def test_what_is_no_finite_number_is_undefined(value):
    assert defined(value) is None
    assert defined(0.5) == 0.5


def _class(name, examples, **metrics):
    return ClassMetrics(name, examples, {k: Values(*v) for k, v in metrics.items()})


def _judge_classes(gates, *classes):
    measured = Measured((_whole(accuracy=(0.9,)),), 1000, classes=classes)
    config = _config('multiclass', classes=gates)
    return judge(config, {'test': measured, 'eval': Measured((), 0)})


def test_a_class_that_misses_its_bound_is_named_with_its_count_and_the_baseline():
    gate = {'metrics': {'recall': {'min': 0.7, 'no_worse_than_baseline_by': 0.1}}}
    verdict = _judge_classes(
        gate,
        _class('dress', 54, recall=(0.61, 0.66)),
        _class('shirt', 60, recall=(0.7, 0.9)),
        _class('hat', 60, recall=(0.8, None)),
    )
    assert [r.text for r in verdict.reasons] == [
        'recall of class dress is 0.61, below the min of 0.7 (54 examples; baseline 0.66)',
        'recall of class shirt is 0.7, 0.2 worse than the baseline at 0.9; 0.1 is allowed '
        '(60 examples)',
    ]
    assert [r.of_class for r in verdict.reasons] == ['dress', 'shirt']
    assert [c.name for c in verdict.classes['test']] == ['dress', 'shirt', 'hat']


def test_classes_with_few_examples_or_not_named_are_not_judged():
    classes = (
        _class('dress', 19, recall=(0.1,), precision=(0.1,)),
        _class('shirt', 40, recall=(0.9,), precision=(0.1,)),
        _class('hat', 0, recall=(None,), precision=(None,)),
    )
    all_of_them = {'metrics': {'recall': {'min': 0.7}}, 'min_examples': 20}
    assert _judge_classes(all_of_them, *classes).blessed
    assert not _judge_classes(all_of_them | {'min_examples': 19}, *classes).blessed
    named = {'of': ['dress', 'hat'], 'metrics': {'precision': {'min': 0.5}}, 'min_examples': 20}
    verdict = _judge_classes([all_of_them, named], *classes)
    assert verdict.blessed
    assert verdict.notes == (
        'no class of dress, hat has min_examples: 20 (the largest has 19), '
        'so its bounds were not checked',
    )


def test_a_precision_that_is_undefined_misses_its_bound():
    gate = {'of': 'hat', 'metrics': {'precision': {'min': 0.1}}}
    verdict = _judge_classes(gate, _class('hat', 5, precision=(None, 0.5)))
    assert verdict.reasons[0].text == (
        'precision of class hat is undefined, so min: 0.1 is not met (5 examples; baseline 0.5)'
    )


def test_a_class_that_the_model_does_not_have_is_one_clear_line():
    gate = {'of': 'dres', 'metrics': {'recall': {'min': 0.7}}}
    with pytest.raises(EvaluationError) as caught:
        _judge_classes(gate, _class('dress', 9, recall=(1.0,)))
    assert str(caught.value) == 'gate.classes: the model has no class dres; did you mean dress?'


def test_a_verdict_with_classes_survives_json():
    measured = Measured(
        (_whole(accuracy=(0.9, 0.8)),),
        10,
        classes=(_class('a', 6, recall=(0.5, None)), _class('b', 4, recall=(1.0, 0.5))),
        confusion=(Answers('a', 'a', 3, 2), Answers('a', 'b', 3, 4), Answers(None, 'b', 4, None)),
    )
    gate = {'metrics': {'recall': {'min': 0.7}}}
    verdict = judge(_config('multiclass', classes=gate), {'test': measured})
    text = verdict.to_json()
    assert Verdict.from_json(text) == verdict
    plain = json.loads(text)
    assert plain['classes']['test'][0] == {
        'name': 'a',
        'examples': 6,
        'metrics': {'recall': {'candidate': 0.5, 'baseline': None}},
    }
    assert plain['confusion']['test'][2] == {
        'label': None,
        'answer': 'b',
        'candidate': 4,
        'baseline': None,
    }
    assert plain['reasons'][0]['of_class'] == 'a'

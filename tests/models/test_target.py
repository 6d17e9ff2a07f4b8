import pytest

from models.settings import TrainerConfig
from models.target import MAX_CLASSES, LabelStatistics, TargetError, class_weights, resolve_target


def config(task, classes=None):
    return TrainerConfig(task=task, label='y', classes=classes, model={}, train={}, tune={})


@pytest.mark.parametrize(
    ('values', 'classes'),
    [
        (['>50K', '<=50K'], ('<=50K', '>50K')),
        (['1', '0'], ('0', '1')),
        (['10', '9', '-1'], ('-1', '9', '10')),
        (['10', '9', 'x'], ('10', '9', 'x')),
    ],
)
def test_classes_are_sorted_as_numbers_or_as_text(values, classes):
    assert resolve_target(config('multiclass'), values).classes == classes


def test_classes_of_the_settings_keep_their_order():
    target = resolve_target(config('binary', ('yes', 'no')), ['no', 'yes'])
    assert target.classes == ('yes', 'no')
    assert target.units == 1


def test_units():
    assert resolve_target(config('multiclass'), ['a', 'b', 'c']).units == 3
    assert resolve_target(config('regression'), []).units == 1


@pytest.mark.parametrize(
    ('task', 'values', 'message'),
    [
        ('binary', ['a', 'b', 'c'], "3 values .'a', 'b', 'c'.*use task multiclass"),
        ('binary', ['a'], "fewer than two values: 'a'"),
        ('multiclass', [], 'fewer than two values: none'),
        ('multiclass', [str(i) for i in range(MAX_CLASSES + 1)], 'is it a regression'),
    ],
)
def test_labels_that_do_not_fit_the_task(task, values, message):
    with pytest.raises(TargetError, match=message) as error:
        resolve_target(config(task), values)
    assert len(str(error.value)) < 300


def test_a_class_named_twice():
    with pytest.raises(TargetError, match="class 'a' is named twice"):
        resolve_target(config('binary', ('a', 'a')), [])


def test_balanced_weights_give_each_class_the_same_total():
    target = resolve_target(config('multiclass'), ['a', 'b', 'c'])
    counts = [10, 30, 60]
    weights = class_weights(target, 'balanced', counts)
    assert [w * c for w, c in zip(weights, counts, strict=True)] == pytest.approx([100 / 3] * 3)
    assert class_weights(target, 'balanced', [10, 0, 10])[1] == 1


def test_weights_by_name():
    target = resolve_target(config('binary'), ['no', 'yes'])
    assert class_weights(target, {'yes': 5}, [1, 1]) == (1, 5)
    assert class_weights(target, None, [1, 1]) is None
    with pytest.raises(TargetError, match="'ja' is no class of 'y'; known: 'no', 'yes'"):
        class_weights(target, {'ja': 5}, [1, 1])


def test_weights_need_classes():
    with pytest.raises(TargetError, match='is a number and has no classes'):
        class_weights(resolve_target(config('regression'), []), 'balanced', [])


def test_weighted_statistics():
    assert LabelStatistics(counts=(10, 30)).weighted((3, 1)).counts == (30, 30)

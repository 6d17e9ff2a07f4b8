import pytest

from pipeline.init.gate import overall_bound, slice_bound, slice_names
from pipeline.init.kinds import Guess
from pipeline.init.label import Label
from pipeline.init.profile import Column
from transforms.features import Categorical, Feature, Numeric


def number(skew: float = 0.0) -> Label:
    column = Column('y', 'FLOAT64', 100, 100, 90, deviation=1.327, skew=skew)
    return Label(column, 'regression', 'y', ())


def classes(**counts: int) -> Label:
    column = Column('y', 'STRING', 100, 100, len(counts))
    return Label(column, 'binary' if len(counts) == 2 else 'multiclass', 'y', (), counts)


@pytest.mark.parametrize(
    ('label', 'metric', 'kind', 'value'),
    [
        (number(), 'rmse', 'max', 1.3),
        (number(skew=9.0), 'r2', 'min', 0.02),
        (classes(no=900, yes=100), 'auc', 'min', 0.6),
        (classes(no=900, yes=12), 'log_loss', 'max', 0.0687),
        (classes(a=50, b=30, c=20), 'accuracy', 'min', 0.52),
        (classes(a=90, b=6, c=4), 'log_loss', 'max', 0.385),
    ],
)
def test_bound_is_a_little_better_than_always_answering_the_same(
    label: Label, metric: str, kind: str, value: float
) -> None:
    bound = overall_bound(label, 100)
    assert (bound.metric, bound.kind, bound.value) == (metric, kind, value)


def test_slack_is_the_noise_of_so_many_rows() -> None:
    assert overall_bound(classes(no=900, yes=100), 100).slack == 0.05
    assert overall_bound(classes(no=900, yes=100), 10_000).slack == 0.005
    assert overall_bound(number(), 2500).slack == 0.01


def test_slices_are_held_against_the_last_model_by_a_metric_that_is_always_defined() -> None:
    assert (slice_bound(number()).metric, slice_bound(number()).slack) == ('rmse', 0.09)
    assert slice_bound(classes(a=5, b=5)).metric == 'log_loss'


def test_slices_are_the_categories_of_fewest_values() -> None:
    def guess(distinct: int, feature: Feature) -> Guess:
        return Guess(Column('x', 'STRING', 1000, 1000, distinct), feature, '')

    features = {
        'city': guess(300, Categorical()),
        'size': guess(3, Categorical()),
        'year': guess(8, Categorical()),
        'sex': guess(2, Categorical()),
        'age': guess(2, Numeric()),
        'one': guess(1, Categorical()),
    }
    assert slice_names(features, 1000) == ['sex', 'size']
    assert slice_names(features, 99) == []
    assert slice_names(features, 149) == ['sex']

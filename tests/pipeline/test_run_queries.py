import pytest

from pipeline.run_queries import QueryError, metric_of, select, sort
from tests.pipeline.kept_run import houses, store_in, write_run


@pytest.fixture
def runs(tmp_path):
    store = store_in(tmp_path)
    for i, noise in enumerate((2.0, 1.0, 3.0)):
        write_run(store, f'houses-{i}', houses(i, noise), minute=i, by=('town',), blessed=i != 2)
    return list(store.runs.all())


def _names(found):
    return [r.run.removeprefix('houses-') for r in found]


def test_best_first_by_a_metric_and_turned_round(runs):
    assert _names(sort(runs, 'rmse')[0]) == ['1', '0', '2']
    assert _names(sort(runs, 'r2')[0]) == ['1', '0', '2']
    assert _names(sort(runs, '-rmse')[0]) == ['2', '0', '1']
    assert _names(sort(runs, 'seconds')[0]) == ['0', '1', '2']
    assert _names(sort(runs, None)[0]) == ['2', '1', '0']
    assert _names(sort(runs, '-started')[0]) == ['0', '1', '2']
    assert sort(runs, 'rmse')[1] == ['rmse']


def test_runs_without_the_metric_come_last(runs):
    runs[1].metrics = {}
    assert _names(sort(runs, 'rmse')[0]) == ['0', '2', '1']
    assert _names(sort(runs, '-rmse')[0]) == ['2', '0', '1']
    assert metric_of(runs[1], 'rmse') is None


@pytest.mark.parametrize(
    ('conditions', 'expected'),
    [
        (['rmse<2.5'], '01'),
        (['rmse < 2.5', 'rmse>=1.5'], '0'),
        (['blessed=no'], '2'),
        (['seconds<=11'], '01'),
        (['recipe=houses', 'state!=failed'], '012'),
        (['started>2026-01-02T03:00'], '12'),
        (['started=2026-01-02'], '012'),
        (['auc>0'], ''),
    ],
)
def test_conditions_are_all_met(runs, conditions, expected):
    assert ''.join(_names(select(runs, conditions)[0])) == expected


@pytest.mark.parametrize(
    ('condition', 'message'),
    [
        ('rmse', 'is no condition'),
        ('rsme<1', "did you mean 'rmse'"),
        ('rmse<low', 'low is no number'),
        ('blessed=maybe', 'yes or no, not maybe'),
    ],
)
def test_what_is_no_condition_is_one_line(runs, condition, message):
    with pytest.raises(QueryError, match=message):
        select(runs, [condition])


def test_an_unknown_key_to_sort_by_is_one_line(runs):
    with pytest.raises(QueryError, match='--sort rsme: is no metric'):
        sort(runs, 'rsme')

import pytest

from pipeline import show
from pipeline.records import Run
from tests.pipeline.test_show import printed


def gap(criterion: str, value: float | None, **values: object) -> dict:
    rates = [('f', 210, 0.47), ('m', 640, 0.65)]
    groups = [
        {'group': {'sex': s}, 'examples': n, 'value': v, 'low': v - 0.1, 'high': v + 0.1}
        for s, n, v in rates
    ]
    return {
        'by': ['sex'],
        'criterion': criterion,
        'part': 'recall',
        'value': value,
        'low': None if value is None else 0.11,
        'high': None if value is None else 0.25,
        'baseline': 0.09,
        'max_gap': None,
        'min_examples': 50,
        'highest': None if value is None else {'sex': 'm'},
        'lowest': None if value is None else {'sex': 'f'},
        'groups': groups,
    } | values


@pytest.fixture
def run() -> Run:
    values = {'auc': {'candidate': 0.8, 'baseline': 0.7}}
    return Run(
        run='census-1',
        recipe='census',
        recipe_file='census.yaml',
        task='binary',
        state='done',
        blessed=False,
        metrics={'test': [{'slice': {}, 'examples': 850, 'metrics': values}]},
        fairness={
            'test': [
                gap('equal_opportunity', 0.18, max_gap=0.1),
                gap('predictive_parity', None, max_gap=0.2),
            ]
        },
    )


def test_gaps_are_shown_with_intervals_groups_and_bounds(run: Run) -> None:
    lines = [' '.join(line.split()) for line in printed(show.details(run)).splitlines()]
    assert (
        'sex equal_opportunity 0.18 (0.09) 0.11 to 0.25 m: recall 0.65 f: recall 0.47 max_gap 0.1'
        in lines
    )
    assert any(
        line.startswith('sex predictive_parity - too few to compare (under 50') for line in lines
    )


def test_a_run_without_gaps_has_no_table_of_them(run: Run) -> None:
    run.fairness = {}
    assert 'criterion' not in printed(show.details(run))

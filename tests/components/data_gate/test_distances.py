from typing import Literal

import numpy as np
import pytest

from components.data_gate.check import Check
from components.data_gate.distances import check_distances, distances
from tests.components.data_gate.tables import Columns, split

BEFORE = ['a'] * 50 + ['b'] * 50
AFTER = ['a'] * 10 + ['b'] * 60 + ['c'] * 30


def measured(
    now: Columns, then: Columns, bound: float, kind: Literal['drift', 'skew'] = 'drift'
) -> Check:
    name = 'train' if kind == 'drift' else 'eval'
    (check,) = check_distances(kind, split(name, x=now), split(x=then), {'x': bound})
    return check


def test_strings_by_the_largest_change_of_a_share() -> None:
    check = measured(AFTER, BEFORE, 0.1)
    assert check.measured == pytest.approx(0.4)  # of a: 0.5 to 0.1
    assert str(check) == (
        'column `x`, split `train`: expected L-infinity distance of at most 0.1 from the '
        'train split that passed last, saw 0.4 over 100 rows: `a` 50.0% there, 10.0% here; '
        'check the source, or, if it is meant, raise data_gate.drift.x'
    )


def test_distance_within_its_bound_passes_and_is_reported() -> None:
    check = measured(AFTER, BEFORE, 0.5)
    assert check.passed
    assert check.measured == pytest.approx(0.4)
    assert check.bound == 0.5


def test_skew_names_the_split_and_its_setting() -> None:
    check = measured(AFTER, BEFORE, 0.1, 'skew')
    assert check.split == 'eval'
    assert 'from the train split, saw 0.4' in str(check)
    assert str(check).endswith('raise data_gate.skew.x')


def test_numbers_by_jensen_shannon_divergence() -> None:
    rng = np.random.default_rng(0)
    same = [rng.normal(0, 1, 4000).tolist() for _ in range(2)]
    assert measured(same[0], same[1], 0.02).passed
    moved = measured(rng.normal(1, 1, 4000).tolist(), same[0], 0.02)
    assert not moved.passed
    # Two unit normals one deviation apart: 0.1607 bits, by numerical integration.
    assert moved.measured == pytest.approx(0.1607, abs=0.02)
    assert 'Jensen-Shannon divergence of at most 0.02' in str(moved)
    assert 'over 4,000 rows: mean -0.0151 there, 1.014 here' in str(moved)


def test_whole_numbers_are_measured_too() -> None:
    assert measured([5, 6, 7] * 30, [1, 2, 3] * 30, 0.5).measured == pytest.approx(1.0)


def test_missing_values_are_left_out() -> None:
    assert measured(['a'] * 50 + [None] * 50, ['a'] * 100, 0.1).measured == 0


@pytest.mark.parametrize(
    ('now', 'then', 'passed', 'seen'),
    [
        (['a'], [None], True, 'no value to compare with in the train split that passed last'),
        ([None, None], ['a'], False, 'no value in 2 rows'),
        (['1', '2'], [1, 2], False, 'STRING, where the train split that passed last has INTEGER'),
    ],
)
def test_columns_that_cannot_be_compared(
    now: Columns, then: Columns, passed: bool, seen: str
) -> None:
    check = measured(now, then, 0.1)
    assert (check.passed, check.seen) == (passed, seen)
    assert check.measured is None


def test_a_column_that_is_new_or_gone() -> None:
    old, new = split(old=[1, 2]), split(new=[1, 2])
    checks = list(check_distances('drift', new, old, {'new': 0.1, 'old': 0.1}))
    assert [c.passed for c in checks] == [True, False]
    assert checks[1].seen == 'no such column'


def test_no_bounds_no_work() -> None:
    assert not list(check_distances('drift', split(x=[1]), split(x=[2]), {}))


def test_every_column_that_can_be_compared_is_measured() -> None:
    now = split(x=['a', 'b'], y=[1, 2], z=[1, 2], gone=[None, None])
    then = split(x=['a', 'a'], y=[1, 2], z=['p', 'q'], gone=[1, 2])
    assert distances(now, then) == {'x': 0.5, 'y': 0.0}
    assert distances(now, split(other=[1])) == {}

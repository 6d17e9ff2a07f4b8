import math
from datetime import date

import pytest

from pipeline.compare.words import better, interval_text, p_text, value_text


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (0.123456, '0.1235'),
        (math.nan, '-'),
        (True, 'true'),
        (None, 'null'),
        ('text', 'text'),
        ([[64, 32], 'log'], '[[64, 32], log]'),
        ({}, '{}'),
        (date(2026, 1, 2), '2026-01-02'),
    ],
)
def test_any_value_of_a_recipe_can_be_written(value, text):
    assert value_text(value) == text


def test_what_is_unlikely_by_chance_is_marked():
    assert [p_text(p) for p in (0.2, 0.05, 0.0123, 1e-9, math.nan)] == [
        '0.2',
        '0.05',
        '0.012*',
        '<0.0001*',
        '',
    ]


def test_what_is_undefined_is_neither_better_nor_an_interval():
    assert better(math.nan, True) is None
    assert better(-1.0, False) is True
    assert interval_text((math.nan, 1.0)) == ''

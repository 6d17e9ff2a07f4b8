import math

import pytest

from components.data_gate.class_counts import count_classes
from tests.components.data_gate.tables import Columns, batch


@pytest.mark.parametrize(
    ('values', 'counts'),
    [
        ([3, -1, 3, None], {'3': 2, '-1': 1}),
        ([1.0, 0.1, 0.1, math.nan, math.inf], {'1': 1, '0.1': 2}),
        (['a', 'é', 'a', ''], {'a': 2, 'é': 1}),
        ([None, None], {}),
    ],
)
def test_classes_of_every_type(values: Columns, counts: dict[str, int]) -> None:
    assert count_classes([batch(y=values)], 'y') == counts


def test_batches_add_up() -> None:
    batches = [batch(y=[1, 2]), batch(y=[None, None]), batch(x=[3]), batch(y=[2])]
    assert count_classes(batches, 'y') == {'1': 1, '2': 2}

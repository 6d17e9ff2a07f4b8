"""Encoded rows, as TensorFlow's own protobuf reads them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.core.example.example_pb2 import Example

from components.query_example_gen.examples import encode

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT32 = st.floats(width=32, allow_nan=False)
TEXT = st.text(max_size=200)


def decoded(batch: pa.RecordBatch) -> list[dict[str, list]]:
    rows = []
    for example in encode(batch).to_pylist():
        features = Example.FromString(example).features.feature
        rows.append({name: values(feature) for name, feature in features.items()})
    return rows


def values(feature: Example) -> list:
    kind = feature.WhichOneof('kind')
    found = list(getattr(feature, kind).value) if kind else []
    return [v.decode() if isinstance(v, bytes) else v for v in found]


@given(st.lists(st.tuples(st.none() | INT64, st.none() | FLOAT32, st.none() | TEXT), min_size=1))
def test_every_row_comes_back(rows: list[tuple[int | None, float | None, str | None]]) -> None:
    ints, floats, texts = (list(column) for column in zip(*rows, strict=True))
    batch = pa.record_batch(
        {
            'i': pa.array(ints, pa.int64()),
            'f': pa.array(floats, pa.float64()),
            's': pa.array(texts, pa.string()),
        }
    )
    expected = [
        {
            'i': [] if i is None else [i],
            'f': [] if f is None else [f],
            's': [] if s is None else [s],
        }
        for i, f, s in rows
    ]
    assert decoded(batch) == expected


def test_many_distinct_and_few_distinct_values_read_the_same() -> None:
    rng = np.random.default_rng(0)
    few = rng.integers(0, 3, 5000)
    many = rng.integers(-(2**63), 2**63 - 1, 5000)
    batch = pa.record_batch(
        {
            'few': few,
            'many': many,
            'few_texts': [f't{i}' for i in few],
            'many_texts': ['x' * (i % 300) + str(i) for i in range(5000)],
        }
    )
    rows = decoded(batch)
    assert [r['few'][0] for r in rows] == few.tolist()
    assert [r['many'][0] for r in rows] == many.tolist()
    assert [r['few_texts'][0] for r in rows] == batch['few_texts'].to_pylist()
    assert [r['many_texts'][0] for r in rows] == batch['many_texts'].to_pylist()


def test_booleans_and_lists() -> None:
    batch = pa.record_batch(
        {
            'b': [True, False, None],
            'ints': pa.array([[1, -1], [], None], pa.list_(pa.int64())),
            'texts': pa.array([['é', ''], None, ['z']], pa.list_(pa.string())),
            'floats': pa.array([[0.5], None, []], pa.list_(pa.float64())),
        }
    )
    assert decoded(batch) == [
        {'b': [1], 'ints': [1, -1], 'texts': ['é', ''], 'floats': [0.5]},
        {'b': [0], 'ints': [], 'texts': [], 'floats': []},
        {'b': [], 'ints': [], 'texts': ['z'], 'floats': []},
    ]


def test_same_row_same_bytes_whatever_the_order_of_columns() -> None:
    one = pa.record_batch({'a': [1], 'b': ['x']})
    other = pa.record_batch({'b': ['x', 'y'], 'a': [1, 2]})
    assert encode(one)[0] == encode(other)[0]


def test_a_type_that_examples_do_not_have() -> None:
    with pytest.raises(TypeError, match='date32'):
        encode(pa.record_batch({'d': pa.array([0], pa.date32())}))

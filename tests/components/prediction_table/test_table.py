from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.prediction_table.table import write_table


def test_examples_become_plain_columns(tmp_path: Path) -> None:
    first = pa.record_batch(
        {
            'age': pa.array([[1], None, []], pa.large_list(pa.int64())),
            'name': pa.array([[b'x'], ['Ω'.encode()], None], pa.large_list(pa.large_binary())),
            'shares': pa.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]], pa.large_list(pa.float32())),
            'empty': pa.nulls(3),
        }
    )
    second = pa.record_batch(
        {
            'age': pa.array([[4]], pa.large_list(pa.int64())),
            'name': pa.array([[b'y']], pa.large_list(pa.large_binary())),
            'shares': pa.array([[0.25, 0.75]], pa.large_list(pa.float32())),
            'empty': pa.array([[b'z']], pa.large_list(pa.large_binary())),
        }
    )
    assert write_table([first, second], str(tmp_path / 'table.parquet')) == 4
    assert pq.read_table(tmp_path / 'table.parquet').to_pydict() == {
        'age': [1, None, None, 4],
        'name': ['x', 'Ω', None, 'y'],
        'shares': [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0], [0.25, 0.75]],
        'empty': [None, None, None, 'z'],
    }

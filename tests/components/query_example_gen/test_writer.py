from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.query_example_gen.errors import QueryError
from components.query_example_gen.writer import FILE_NAME, SplitWriter

EXAMPLES = pa.array([b'one', b'', b'three' * 1000, b'four'], pa.binary())


def records(folder: Path, split: str) -> list[bytes]:
    file = str(folder / f'Split-{split}' / FILE_NAME)
    return list(tf.data.TFRecordDataset(file, 'GZIP').as_numpy_iterator())


def test_tensorflow_reads_what_was_written(tmp_path: Path) -> None:
    with SplitWriter(tmp_path, ['train', 'eval']) as writer:
        writer.write(EXAMPLES, np.array([0, 1, 0, 0]))
        writer.write(EXAMPLES, np.array([1, 1, 1, 0]))
    assert writer.rows == {'train': 4, 'eval': 4}
    assert records(tmp_path, 'train') == [b'one', b'three' * 1000, b'four', b'four']
    assert records(tmp_path, 'eval') == [b'', b'one', b'', b'three' * 1000]


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    for run in ('a', 'b'):
        with SplitWriter(tmp_path / run, ['train']) as writer:
            writer.write(EXAMPLES, np.zeros(4, int))
    files = [tmp_path / run / 'Split-train' / FILE_NAME for run in ('a', 'b')]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_empty_split_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    with (
        pytest.raises(QueryError, match=r'no rows in split test \(train 4, test 0\)'),
        SplitWriter(tmp_path, ['train', 'test']) as writer,
    ):
        writer.write(EXAMPLES, np.zeros(4, int))
    assert list(tmp_path.iterdir()) == []


def test_no_rows_at_all(tmp_path: Path) -> None:
    with (
        pytest.raises(QueryError, match='returned no rows'),
        SplitWriter(tmp_path, ['train', 'eval']),
    ):
        pass


def test_an_error_half_way_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        SplitWriter(tmp_path, ['train']) as writer,
    ):
        writer.write(EXAMPLES, np.zeros(4, int))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with (
        pytest.raises(QueryError, match='file/x: the examples cannot be written: Not a directory'),
        SplitWriter(tmp_path / 'file' / 'x', ['train']),
    ):
        pass

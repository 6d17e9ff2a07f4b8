import gzip
from itertools import chain
from pathlib import Path

import pytest
import tensorflow as tf

from components import tfrecords
from components.tfrecords import DamagedError, read_records

RECORDS = [b'', b'a', b'bc' * 500, *(b'%d' % i for i in range(40))]


def write(path: Path, records: list[bytes]) -> str:
    with tf.io.TFRecordWriter(str(path), 'GZIP' if path.suffix == '.gz' else '') as out:
        for record in records:
            out.write(record)
    return str(path)


@pytest.mark.parametrize('suffix', ['.gz', '.tfrecord'])
@pytest.mark.parametrize('chunk', [20, 1 << 20])
def test_records_are_those_that_tensorflow_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, chunk: int
) -> None:
    monkeypatch.setattr(tfrecords, '_CHUNK', chunk)
    files = [write(tmp_path / f'{i}{suffix}', RECORDS[i::2]) for i in (0, 1)]
    batches = list(read_records(files, 8))
    assert list(chain(*batches)) == RECORDS[0::2] + RECORDS[1::2]
    assert [len(b) for b in batches] == [8, 8, 6, 8, 8, 5]


def test_a_file_without_records(tmp_path: Path) -> None:
    assert list(read_records([write(tmp_path / 'none.gz', [])], 8)) == []


@pytest.mark.parametrize('fault', ['cut short', 'cut within', 'changed', 'no gzip'])
def test_a_damaged_file_is_named(tmp_path: Path, fault: str) -> None:
    path = tmp_path / 'data.gz'
    write(path, RECORDS)
    held = path.read_bytes()
    if fault == 'cut short':
        path.write_bytes(held[: len(held) // 2])
    elif fault == 'cut within':
        path.write_bytes(gzip.compress(gzip.decompress(held)[:-9]))
    elif fault == 'changed':
        path.write_bytes(held[:-8] + bytes([held[-8] ^ 1]) + held[-7:])
    else:
        path.write_bytes(b'text')
    with pytest.raises(DamagedError, match=r'data\.gz is damaged: '):
        list(read_records([str(path)], 8))


def test_reading_may_be_left_early(tmp_path: Path) -> None:
    batches = read_records([write(tmp_path / 'data.gz', RECORDS)], 8)
    assert next(batches) == RECORDS[:8]
    del batches  # which ends its reader

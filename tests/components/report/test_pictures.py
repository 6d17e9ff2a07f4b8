import base64
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from PIL import Image
from tfx.types.standard_artifacts import Examples

from components.evaluator.predictions import About
from components.report.numbers.rows import Rows
from components.report.pictures import SIDE, thumbnail, with_thumbnails


def _png(shade: int, width: int = 300, height: int = 150) -> bytes:
    out = io.BytesIO()
    Image.new('L', (width, height), shade).save(out, 'PNG')
    return out.getvalue()


def _opened(uri: str) -> Image.Image:
    kind, _, data = uri.partition(',')
    assert kind == 'data:image/jpeg;base64'
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    """Six pictures in two files, each of a shade of its own."""
    for part in range(2):
        file = tmp_path / f'Split-test/data-{part:05d}-of-00002.gz'
        file.parent.mkdir(exist_ok=True)
        with tf.io.TFRecordWriter(str(file), 'GZIP') as out:
            for i in range(3):
                value = tf.train.BytesList(value=[_png(40 * (3 * part + i))])
                feature = {'image': tf.train.Feature(bytes_list=value)}
                features = tf.train.Features(feature=feature)
                out.write(tf.train.Example(features=features).SerializeToString())
    made = Examples()
    made.uri, made.split_names = str(tmp_path), '["test"]'
    return made


def _rows(*left_out: str) -> Rows:
    about = About('multiclass', 'label', 'test', 6, 6, left_out=left_out)
    return Rows(about, np.arange(6), {}, pa.table({}))


def test_each_row_gets_its_own_picture(examples: Examples) -> None:
    shown = with_thumbnails([{'row': 4}, {'row': 1}, {'row': 99}], _rows('image'), examples, 'test')
    assert [s['row'] for s in shown] == [4, 1, 99]
    for own in shown[:2]:
        picture = _opened(own['picture'])
        assert picture.size == (SIDE, SIDE // 2)
        assert picture.convert('L').getpixel((5, 5)) == pytest.approx(40 * own['row'], abs=3)
    assert shown[2]['picture'] is None


def test_rows_of_a_table_have_none(examples: Examples) -> None:
    assert with_thumbnails([{'row': 4}], _rows(), examples, 'test') == [{'row': 4}]


def test_small_pictures_are_made_larger_and_bad_ones_left_out() -> None:
    uri = thumbnail(_png(200, 8, 8))
    assert uri
    assert _opened(uri).size == (SIDE, SIDE)
    assert thumbnail(b'no picture') is None

"""The in-process statistics against the stock executor's, proto for proto."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

ROWS = 3_000


@pytest.fixture(scope='module')
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two splits of examples with floats, ints, strings, missing values and a rare column."""
    folder = tmp_path_factory.mktemp('examples')
    rng = np.random.default_rng(0)
    for split in ('train', 'eval'):
        (folder / f'Split-{split}').mkdir()
        path = str(folder / f'Split-{split}' / 'data_tfrecord-00000-of-00001.gz')
        with tf.io.TFRecordWriter(path, 'GZIP') as out:
            for i in range(ROWS):
                out.write(example(i, rng).SerializeToString())
    return folder


def example(i: int, rng: np.random.Generator) -> tf.train.Example:
    features = {
        'weight': tf.train.Feature(float_list={'value': [rng.normal(7, 1)]}),
        'age': tf.train.Feature(int64_list={'value': [int(rng.integers(13, 50))]}),
        'state': tf.train.Feature(bytes_list={'value': [b'S%d' % rng.integers(0, 60)]}),
    }
    if i % 7 == 0:
        features['age'] = tf.train.Feature()
    if i > ROWS // 2 and i % 11 == 0:
        features['late'] = tf.train.Feature(float_list={'value': [float(i)]})
    return tf.train.Example(features={'feature': features})


def test_in_process_equals_beam(examples: Path, tmp_path: Path) -> None:
    from tfx.components.statistics_gen import executor as stock
    from tfx.types import standard_artifacts

    from components.statistics_gen.executor import Executor

    written = {}
    for name, executor in (('stock', stock.Executor), ('ours', Executor)):
        source = standard_artifacts.Examples()
        source.uri, source.split_names, source.span = str(examples), '["train", "eval"]', 3
        made = standard_artifacts.ExampleStatistics()
        made.uri = str(tmp_path / name)
        context = executor.Context(beam_pipeline_args=['--direct_running_mode=in_memory'])
        executor(context).Do({'examples': [source]}, {'statistics': [made]}, {})
        assert (made.split_names, made.span) == ('["train", "eval"]', 3)
        written[name] = {
            split: read(tmp_path / name / f'Split-{split}' / 'FeatureStats.pb')
            for split in ('train', 'eval')
        }
    for split in ('train', 'eval'):
        assert by_feature(written['ours'][split]) == by_feature(written['stock'][split])
        assert written['ours'][split].datasets[0].num_examples == ROWS


def read(path: Path) -> DatasetFeatureStatisticsList:
    return DatasetFeatureStatisticsList.FromString(path.read_bytes())


def by_feature(statistics: DatasetFeatureStatisticsList) -> dict[str, str]:
    """Text of each column's statistics, floats rounded: sums are taken in another order."""
    features = statistics.datasets[0].features
    return {f.path.step[0]: rounded(str(f)) for f in features}


def rounded(text: str) -> str:
    def word(w: str) -> str:
        try:
            return f'{float(w):.6g}'
        except ValueError:
            return w

    return '\n'.join(' '.join(map(word, line.split())) for line in text.splitlines())

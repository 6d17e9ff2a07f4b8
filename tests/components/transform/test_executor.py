"""The transform graph learnt in this process, against the stock executor's."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tests.transforms.analysis import raw_spec, serialized

ROWS = 2_000
TYPES = {'area': float, 'rooms': int, 'town': str, 'day': str, 'code': int, 'photo': str}
KINDS = {schema_pb2.FLOAT: float, schema_pb2.INT: int, schema_pb2.BYTES: str}
OWN = 'tests.components.transform.own_functions'
RECIPE = {
    'label': 'rooms',
    'task': 'multiclass',
    'features': {
        'area': {'kind': 'numeric', 'scale': 'log', 'buckets': 10},
        'code': {'kind': 'numeric', 'scale': 'minmax', 'boundaries': [10, 20], 'missing': 3},
        'town': {'kind': 'categorical', 'vocabulary': 4, 'min_count': 50, 'oov': 2},
        'day': {'kind': 'date', 'parts': ['days', 'year', 'month', 'day', 'weekday', 'hour']},
    },
    'crosses': [['town', 'area']],
}
Transformed = Callable[..., tft.TFTransformOutput]


def make_rows() -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    towns = ['Aalen', 'Brugge', 'Cork', 'Dax', 'Évora', '', 'New\nline', None]
    return [
        {
            'area': None if i % 13 == 0 else float(np.float32(rng.gamma(4, 25))),
            'rooms': int(rng.integers(1, 6)),
            'town': towns[int(rng.integers(0, 2) * rng.integers(0, len(towns)))],
            'day': f'20{rng.integers(10, 20)}-0{rng.integers(1, 10)}-15 07:00' if i % 5 else 'soon',
            'code': None if i % 3 == 0 else int(rng.integers(-5, 40)),
            'photo': f'picture {i} ' * 50,
        }
        for i in range(ROWS)
    ]


@pytest.fixture(scope='module')
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Examples and schema, as ExampleGen and SchemaGen leave them."""
    folder = tmp_path_factory.mktemp('inputs')
    for split, rows in (('train', make_rows()), ('eval', make_rows()[:1])):
        (folder / f'Split-{split}').mkdir()
        path = folder / f'Split-{split}' / 'data_tfrecord-00000-of-00001.gz'
        with tf.io.TFRecordWriter(str(path), 'GZIP') as out:
            for row in rows:
                out.write(serialized(row, TYPES))
    types = {python: schema for schema, python in KINDS.items()}
    schema = schema_pb2.Schema(
        feature=[schema_pb2.Feature(name=name, type=types[kind]) for name, kind in TYPES.items()]
    )
    (folder / 'schema').mkdir()
    (folder / 'schema' / 'schema.pbtxt').write_text(text_format.MessageToString(schema))
    return folder


@pytest.fixture
def run(inputs: Path, tmp_path: Path) -> Transformed:
    """Return a function that runs an executor, `stock` or `ours`."""

    def transformed(which: str, function: str, config: dict | None = None) -> Any:
        from tfx.components.transform import executor as stock
        from tfx.components.util import examples_utils
        from tfx.proto import example_gen_pb2
        from tfx.types import standard_artifacts

        from components.transform.executor import Executor

        examples, schema = standard_artifacts.Examples(), standard_artifacts.Schema()
        examples.uri, examples.split_names = str(inputs), '["train", "eval"]'
        examples.set_string_custom_property('file_format', 'tfrecords_gzip')
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        schema.uri = str(inputs / 'schema')
        made = standard_artifacts.TransformGraph()
        made.uri = str(tmp_path / which)
        executor = {'stock': stock.Executor, 'ours': Executor}[which]
        executor(executor.Context(beam_pipeline_args=['--direct_running_mode=in_memory'])).Do(
            {'examples': [examples], 'schema': [schema]},
            {'transform_graph': [made]},
            {
                'preprocessing_fn': function,
                'custom_config': json.dumps(config),
                'disable_statistics': 1,
                'force_tf_compat_v1': 0,
            },
        )
        return tft.TFTransformOutput(made.uri)

    return transformed


def assert_same(ours: tft.TFTransformOutput, stock: tft.TFTransformOutput) -> None:
    """Hold two transforms against each other: files, schemas, and what they make of rows."""
    ours_at, stock_at = Path(ours.transform_savedmodel_dir), Path(stock.transform_savedmodel_dir)
    assert files(ours_at.parent) == files(stock_at.parent)
    for asset in (stock_at / 'assets').glob('*'):
        assert contents(ours_at / 'assets' / asset.name) == contents(asset), asset.name
    assert ours.raw_metadata.schema == stock.raw_metadata.schema
    assert ours.transformed_metadata.schema == stock.transformed_metadata.schema
    examples = tf.constant([serialized(row, TYPES) for row in make_rows()])
    columns = tf.io.parse_example(examples, raw_spec(TYPES))
    one, other = (t.transform_features_layer()(columns) for t in (ours, stock))
    assert one.keys() == other.keys()
    for name in one:
        if one[name].dtype.is_floating:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-6, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob('*') if p.is_file()}


def contents(path: Path) -> bytes | list[bytes]:
    if path.suffix == '.gz':
        return list(tf.data.TFRecordDataset(str(path), 'GZIP').as_numpy_iterator())
    return path.read_bytes()


@pytest.mark.parametrize(
    ('function', 'config'),
    [
        ('transforms.tabular.preprocessing_fn', RECIPE),
        pytest.param(f'{OWN}.in_phases', None, marks=pytest.mark.slow),
        pytest.param(f'{OWN}.vocabularies', None, marks=pytest.mark.slow),
    ],
    ids=['recipe', 'phases', 'vocabularies'],
)
def test_it_learns_what_the_stock_step_learns(
    run: Transformed, caplog: pytest.LogCaptureFixture, function: str, config: dict | None
) -> None:
    with caplog.at_level(logging.INFO, 'components.engine'):
        ours = run('ours', function, config)
    assert 'in this process' in caplog.text
    assert_same(ours, run('stock', function, config))


@pytest.mark.slow
def test_what_only_beam_computes_is_done_there(
    run: Transformed, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, 'components.engine'):
        ours = run('ours', f'{OWN}.per_key')
    assert 'in Beam: only there is CacheableCombinePerKeyAccumulate done' in caplog.text
    assert [f.name for f in ours.transformed_metadata.schema.feature] == ['area']


def test_a_function_that_learns_nothing_reads_nothing(
    run: Transformed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: Any) -> None:
        raise AssertionError('rows were parsed')

    monkeypatch.setattr(tf.io, 'parse_example', unread)
    output = run('ours', f'{OWN}.nothing_learnt')
    assert [f.name for f in output.transformed_metadata.schema.feature] == ['area']


def test_pictures_are_not_read_to_learn_their_labels(
    run: Transformed, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = []
    parse = tf.io.parse_example

    def watched(examples: tf.Tensor, specs: dict) -> dict:
        parsed.append(set(specs))
        return parse(examples, specs)

    monkeypatch.setattr(tf.io, 'parse_example', watched)
    output = run('ours', f'{OWN}.with_photo')
    assert parsed == [{'town'}]
    assert output.vocabulary_by_name('label')[0] == b'Aalen'

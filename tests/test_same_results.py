"""Each step's results against those of the stock step, on one table from file to metrics.

The same is held step by step, on odder data, in the tests of each component.
"""

import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.natality import LABEL, SLICES, write_table

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

ROWS = 3_000
SPLITS = ('train', 'eval')
BEAM = ['--direct_running_mode=in_memory']
FEATURES = {
    'mother_age': {'kind': 'numeric', 'buckets': 20},
    'gestation_weeks': {'kind': 'numeric', 'buckets': 20},
    'is_male': 'categorical',
    'plurality': 'categorical',
}
TRANSFORM = {'label': LABEL, 'task': 'regression', 'features': FEATURES}
TRANSFORM_FN = 'transforms.tabular.preprocessing_fn'


@pytest.fixture(scope='module')
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of which some values are missing, once whole and once by split."""
    folder = tmp_path_factory.mktemp('same')
    write_table(folder / 'plain.csv', ROWS)
    head, *lines = (folder / 'plain.csv').read_text().splitlines()
    rows = [line.split(',') for line in lines]
    for i, row in enumerate(rows):
        if i % 17 == 0:
            row[3 + i % 4] = ''
    split_of = [SPLITS[i % 3 == 0] for i in range(ROWS)]
    whole = [f'{",".join(row)},{split}' for row, split in zip(rows, split_of, strict=True)]
    (folder / 'table.csv').write_text('\n'.join([f'{head},split', *whole]) + '\n')
    for split in SPLITS:
        (folder / 'csv' / split).mkdir(parents=True)
        own = [','.join(row) for row, of in zip(rows, split_of, strict=True) if of == split]
        (folder / 'csv' / split / 'part.csv').write_text('\n'.join([head, *own]) + '\n')
    return folder


@pytest.fixture(scope='module')
def examples(work: Path) -> dict[str, Any]:
    """What each side's ExampleGen makes of the table."""
    from tfx.components.example_gen.csv_example_gen.executor import Executor as Stock
    from tfx.proto import example_gen_pb2
    from tfx.types.standard_artifacts import Examples
    from tfx.utils import proto_utils

    from components.query_example_gen.executor import Executor
    from components.query_example_gen.settings import Data

    made = {name: Examples() for name in ('stock', 'ours')}
    for name, artifact in made.items():
        artifact.uri = str(work / name)
    splits = [{'name': split, 'pattern': f'{split}/*'} for split in SPLITS]
    Stock(Stock.Context(beam_pipeline_args=BEAM)).Do(
        {},
        {'examples': [made['stock']]},
        {
            'input_base': str(work / 'csv'),
            'input_config': json.dumps({'splits': splits}),
            'output_config': proto_utils.proto_to_json(example_gen_pb2.Output()),
            'output_data_format': example_gen_pb2.FORMAT_TF_EXAMPLE,
        },
    )
    data = Data.model_validate(
        {
            'query': 'SELECT * REPLACE (CAST(is_male AS STRING) AS is_male) FROM d.t',
            'local': {'d.t': str(work / 'table.csv')},
            'split': {'column': 'split', 'values': {s: [s] for s in SPLITS}},
        }
    )
    Executor().Do({}, {'examples': [made['ours']]}, {'data': data.model_dump_json(by_alias=True)})
    return made


@pytest.fixture(scope='module')
def graphs(work: Path, examples: dict[str, Any]) -> dict[str, Any]:
    """The transform graphs that each side learns from our examples."""
    import tensorflow_data_validation as tfdv
    from tfx.components.transform.executor import Executor as Stock
    from tfx.types.standard_artifacts import Schema, TransformGraph

    from components.statistics_gen.executor import statistics_of
    from components.transform.executor import Executor

    schema = Schema()
    schema.uri = str(work / 'schema')
    inferred = tfdv.infer_schema(
        statistics_of(files(examples['ours'].uri, 'train')), infer_feature_shape=False
    )
    tfdv.write_schema_text(inferred, str(make(work / 'schema') / 'schema.pbtxt'))
    properties = {
        'preprocessing_fn': TRANSFORM_FN,
        'custom_config': json.dumps(TRANSFORM),
        'disable_statistics': 1,
        'force_tf_compat_v1': 0,
    }
    made = {}
    for name, executor in (('stock', Stock), ('ours', Executor)):
        made[name] = TransformGraph()
        made[name].uri = str(work / f'graph-{name}')
        executor(executor.Context(beam_pipeline_args=BEAM)).Do(
            {'examples': [examples['ours']], 'schema': [schema]},
            {'transform_graph': [made[name]]},
            properties,
        )
    return made


def make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def files(uri: str, split: str) -> list[str]:
    return sorted(map(str, Path(uri, f'Split-{split}').iterdir()))


def records(uri: str, split: str) -> list[bytes]:
    return list(tf.data.TFRecordDataset(files(uri, split), 'GZIP').as_numpy_iterator())


def test_records_and_splits(examples: dict[str, Any]) -> None:
    def content(record: bytes) -> str:
        found = []
        for name, feature in sorted(tf.train.Example.FromString(record).features.feature.items()):
            kind = feature.WhichOneof('kind')
            # Without values it is missing, which the two write in different ways.
            if kind and (values := list(getattr(feature, kind).value)):
                found.append((name, kind, values))
        return str(found)

    for split in SPLITS:
        stock, ours = (Counter(map(content, records(e.uri, split))) for e in examples.values())
        assert ours == stock
        assert 0 < ours.total() < ROWS


def test_statistics(work: Path, examples: dict[str, Any]) -> None:
    from tfx.components.statistics_gen.executor import Executor as Stock
    from tfx.types.standard_artifacts import ExampleStatistics

    from components.statistics_gen.executor import Executor
    from tests.components.statistics_gen.test_executor import by_feature, read

    written = {}
    for name, executor in (('stock', Stock), ('ours', Executor)):
        made = ExampleStatistics()
        made.uri = str(work / f'statistics-{name}')
        executor(executor.Context(beam_pipeline_args=BEAM)).Do(
            {'examples': [examples['ours']]}, {'statistics': [made]}, {}
        )
        written[name] = [by_feature(read(Path(f))) for s in SPLITS for f in files(made.uri, s)]
    assert written['ours'] == written['stock']


def test_transformed_rows(examples: dict[str, Any], graphs: dict[str, Any]) -> None:
    import tensorflow_transform as tft

    serialized = tf.constant(records(examples['ours'].uri, 'eval'))
    rows = {}
    for name, graph in graphs.items():
        output = tft.TFTransformOutput(graph.uri)
        columns = tf.io.parse_example(serialized, output.raw_feature_spec())
        rows[name] = output.transform_features_layer()(columns)
    assert rows['ours'].keys() == rows['stock'].keys()
    for name, ours in rows['ours'].items():
        np.testing.assert_allclose(ours, rows['stock'][name], rtol=1e-6, atol=1e-6, err_msg=name)


def test_metrics_by_slice(work: Path, examples: dict[str, Any], graphs: dict[str, Any]) -> None:
    import apache_beam as beam
    import tensorflow_model_analysis as tfma
    from tfx_bsl.public import tfxio

    from components.evaluator.eval_config import make_eval_config
    from components.evaluator.evaluation import measure
    from components.evaluator.keeping import Kept
    from components.evaluator.settings import EvaluatorConfig
    from models.trainer import run_fn

    uri, model = examples['ours'].uri, str(work / 'model')
    settings = {'task': 'regression', 'label': LABEL, 'model': {}, 'train': {'epochs': 2}}
    run_fn(
        SimpleNamespace(
            train_files=files(uri, 'train'),
            eval_files=files(uri, 'eval'),
            transform_graph_path=graphs['ours'].uri,
            serving_model_dir=model,
            model_run_dir=str(make(work / 'run')),
            base_model=None,
            hyperparameters=None,
            custom_config={'trainer': settings | {'tune': {}}},
        )
    )
    gate = {'metrics': {'rmse': {'max': 9}}, 'slices': [{'by': by} for by in SLICES]}
    config = EvaluatorConfig.model_validate({'task': 'regression', 'label': LABEL, 'gate': gate})

    def pipeline() -> beam.Pipeline:
        return beam.Pipeline(argv=BEAM)

    ours = measure(
        config,
        Kept(str(work / 'ours-out'), 'eval', 0),
        files(uri, 'eval'),
        model,
        None,
        str(work / 'ours-out'),
        pipeline,
    )
    eval_config = make_eval_config(config, has_baseline=False)
    del eval_config.metrics_specs[:]
    names = {'rmse': 'RootMeanSquaredError', 'mae': 'MeanAbsoluteError', 'mse': 'MeanSquaredError'}
    for class_name in (*names.values(), 'ExampleCount'):
        eval_config.metrics_specs.add().metrics.add(class_name=class_name)
    out = str(work / 'stock-out')
    with pipeline() as running:
        source = tfxio.TFExampleRecord(
            files(uri, 'eval'), raw_record_column_name=tfma.ARROW_INPUT_COLUMN
        )
        _ = (
            running
            | source.BeamSource()
            | tfma.ExtractEvaluateAndWriteResults(
                eval_shared_model=tfma.default_eval_shared_model(model, eval_config=eval_config),
                eval_config=eval_config,
                output_path=out,
            )
        )
    results = tfma.load_eval_result(out).slicing_metrics
    stock = {key: values[''][''] for key, values in results}
    # TFMA leaves rows without a value out of a column's slices; for Sluice they are one.
    compared = [s for s in ours.slices if '(missing)' not in s.slice.values()]
    assert {tuple(s.slice.items()) for s in compared} == stock.keys()
    for found in compared:
        same = stock[tuple(found.slice.items())]
        assert found.examples == same['example_count']['doubleValue']
        for name, class_name in names.items():
            value = same[as_tfma_names_it(class_name)]['doubleValue']
            assert found.metrics[name].candidate == pytest.approx(value, rel=1e-6)


def as_tfma_names_it(metric: str) -> str:
    return re.sub(r'(?<!^)(?=[A-Z])', '_', metric).lower()

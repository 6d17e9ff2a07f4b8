"""Rows as tf.Examples, and transforms analysed over them without a pipeline."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam

from transforms.tabular import preprocessing_fn

Row = Mapping[str, int | float | str | None]
DTYPES = {int: tf.int64, float: tf.float32, str: tf.string}


def raw_spec(types: Mapping[str, type]) -> dict[str, tf.io.VarLenFeature]:
    """Return how a table's columns are parsed: each may be missing."""
    return {name: tf.io.VarLenFeature(DTYPES[kind]) for name, kind in types.items()}


def serialized(row: Row, types: Mapping[str, type]) -> bytes:
    """Write a row as the generators of examples do: None becomes a feature without values."""
    example = tf.train.Example()
    for name, kind in types.items():
        feature = example.features.feature[name]
        lists = {int: feature.int64_list, float: feature.float_list, str: feature.bytes_list}
        lists[kind].SetInParent()
        value = row.get(name)
        if value is not None:
            lists[kind].value.append(value.encode() if isinstance(value, str) else value)
    return example.SerializeToString()


def analyse(
    rows: Sequence[Row],
    types: Mapping[str, type],
    config: Mapping[str, Any],
    directory: Path,
    function: Callable = preprocessing_fn,
    batch_size: int = 1000,
) -> tft.TFTransformOutput:
    """Run TFT's analysis in memory, and write what the Transform component would."""
    metadata = tft.DatasetMetadata.from_feature_spec(raw_spec(types))
    columns = [
        {name: [] if row.get(name) is None else [row[name]] for name in types} for row in rows
    ]
    with (
        beam.Pipeline(argv=['--direct_running_mode=in_memory']) as pipeline,
        tft_beam.Context(temp_dir=tempfile.mkdtemp(), desired_batch_size=batch_size),
    ):
        data = (pipeline | beam.Create(columns), metadata)
        transform = data | tft_beam.AnalyzeDataset(lambda inputs: function(inputs, config))
        _ = transform | tft_beam.WriteTransformFn(str(directory))
        _ = metadata | tft_beam.WriteMetadata(str(directory / 'metadata'), pipeline=pipeline)
    return tft.TFTransformOutput(str(directory))


def transformed(
    output: tft.TFTransformOutput, rows: Sequence[Row], types: Mapping[str, type]
) -> dict[str, Any]:
    """Apply an analysed transform to rows."""
    examples = tf.constant([serialized(row, types) for row in rows])
    result = output.transform_features_layer()(tf.io.parse_example(examples, raw_spec(types)))
    return {name: tensor.numpy() for name, tensor in result.items()}

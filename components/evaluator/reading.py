"""Examples in large batches.

Beam's own TFRecord source hands every record on in Python, which took most of the time of an
evaluation; TensorFlow's reads a batch at a time, and the next one while this one is evaluated.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.errors import EvaluationError
from components.example_batches import read_records

BATCH_ROWS = 8192
"""Rows per batch: each costs Beam and TensorFlow the same, so few of them; more gain nothing."""


class ReadExamples(beam.PTransform):
    """Reads TFRecord files of tf.Examples as TFMA extracts, a batch of rows each.

    Extracts hold the serialized examples, [rows] bytes, under `tfma.INPUT_KEY`, and columns of
    the same decoded to Arrow lists under `tfma.ARROW_RECORD_BATCH_KEY`.

    Args:
        files: Paths; gzipped where they end in `.gz`.
        columns: Those to decode; where one of them is missing, all are kept, so that a message
            can name them.
    """

    def __init__(self, files: Sequence[str], columns: Collection[str]) -> None:
        super().__init__()
        self._files = list(files)
        self._columns = frozenset(columns)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        """Read the files, spread over the workers."""
        return (
            pipeline
            | beam.Create(self._files)
            | beam.Reshuffle()
            | beam.ParDo(_ReadBatches(self._columns)).with_output_types(dict[str, Any])
        )


class _ReadBatches(beam.DoFn):
    def __init__(self, columns: frozenset[str]) -> None:
        self._columns = columns

    def process(self, file: str) -> Iterator[dict[str, Any]]:
        decoder = ExamplesToRecordBatchDecoder()
        try:
            for batch in read_records([file], BATCH_ROWS):
                decoded = decoder.DecodeBatch(batch.tolist())
                if self._columns <= set(decoded.schema.names):
                    decoded = decoded.select(sorted(self._columns))
                yield {tfma.INPUT_KEY: batch, tfma.ARROW_RECORD_BATCH_KEY: decoded}
        except tf.errors.DataLossError as error:
            raise EvaluationError(f'examples {file} are damaged: {error.message}') from error

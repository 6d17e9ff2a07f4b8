"""Examples in large batches.

Beam's own TFRecord source hands every record on in Python, which took most of the time of an
evaluation; TensorFlow's reads a batch at a time, and the next one while this one is evaluated.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.errors import EvaluationError
from components.evaluator.keeping import POSITION_KEY
from components.example_batches import read_records

BATCH_ROWS = 8192
"""Rows per batch: each costs Beam and TensorFlow the same, so few of them; more gain nothing."""


class ReadExamples(beam.PTransform):
    """Reads TFRecord files of tf.Examples as TFMA extracts, a batch of rows each.

    Extracts hold the serialized examples, [rows] bytes, under `tfma.INPUT_KEY`, and the same
    decoded to Arrow list columns under `tfma.ARROW_RECORD_BATCH_KEY`. Under `POSITION_KEY` is
    where the batch begins: the file's place among the files, and the row's in the file.

    Args:
        files: Paths; gzipped where they end in `.gz`.
    """

    def __init__(self, files: Sequence[str]) -> None:
        super().__init__()
        self._files = list(files)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection:
        """Read the files, spread over the workers."""
        return (
            pipeline
            | beam.Create(list(enumerate(self._files)))
            | beam.Reshuffle()
            | beam.ParDo(_ReadBatches()).with_output_types(dict[str, Any])
        )


class _ReadBatches(beam.DoFn):
    def process(self, numbered: tuple[int, str]) -> Iterator[dict[str, Any]]:
        number, file = numbered
        decoder = ExamplesToRecordBatchDecoder()
        rows = 0
        try:
            for batch in read_records([file], BATCH_ROWS):
                yield {
                    tfma.INPUT_KEY: batch,
                    tfma.ARROW_RECORD_BATCH_KEY: decoder.DecodeBatch(batch.tolist()),
                    POSITION_KEY: (number, rows),
                }
                rows += len(batch)
        except tf.errors.DataLossError as error:
            raise EvaluationError(f'examples {file} are damaged: {error.message}') from error

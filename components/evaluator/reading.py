"""Examples in large batches.

Beam's own TFRecord source hands every record on in Python, which took most of the time of an
evaluation.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.evaluator.errors import EvaluationError
from components.evaluator.keeping import POSITION_KEY
from components.example_batches import rows_that_fit
from components.tfrecords import DamagedError, read_records

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
        position = 0
        try:
            rows = min(BATCH_ROWS, rows_that_fit([file]))
            for batch in read_records([file], rows):
                yield {
                    tfma.INPUT_KEY: np.array(batch, object),
                    tfma.ARROW_RECORD_BATCH_KEY: decoder.DecodeBatch(batch),
                    POSITION_KEY: (number, position),
                }
                position += len(batch)
        except DamagedError as error:
            raise EvaluationError(f'examples: {error}') from error

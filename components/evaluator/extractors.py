"""TFMA extractors that keep rows together.

TFMA's own take a batch apart into rows before slicing, and handle each in Python for every slice
and metric. Here each slice gets its rows of a batch as arrays.
"""

import logging
import time
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import tensorflow as tf
import tensorflow_model_analysis as tfma
from numpy.typing import NDArray
from tensorflow_model_analysis.extractors import slice_key_extractor

from components.evaluator.errors import EvaluationError
from components.evaluator.eval_config import BASELINE, slice_columns
from components.evaluator.keeping import POSITION_KEY, KeepPredictions, Kept
from components.evaluator.labels import check_labels
from components.evaluator.settings import EvaluatorConfig
from components.evaluator.signatures import (
    CLASSES_OUTPUT,
    LABEL_OUTPUT,
    LABELS,
    PREDICT,
    PREDICTION_OUTPUTS,
)
from components.evaluator.slices import check_slice_count, split_rows

_log = logging.getLogger(__name__)
_progress = logging.getLogger('sluice.progress')

_SECONDS_BETWEEN_REPORTS = 0.5


def make_extractors(
    config: EvaluatorConfig, models: list[tfma.types.EvalSharedModel], kept: Kept
) -> list[tfma.extractors.Extractor]:
    """Return the extractors that take Arrow batches to rows grouped by slice.

    Args:
        config: What to measure.
        models: Candidate and maybe baseline, named as in the evaluation's configuration.
        kept: Names the split, and where its predictions are kept.
    """
    predict = beam.ParDo(_Predict(config, models, kept.split))
    return [
        tfma.extractors.Extractor(stage_name='ExtractPredictions', ptransform=predict),
        tfma.extractors.Extractor(
            stage_name='KeepPredictions', ptransform=beam.ParDo(KeepPredictions(config, kept))
        ),
        # TFMA's evaluator runs after the stage of this name.
        tfma.extractors.Extractor(
            stage_name=slice_key_extractor.SLICE_KEY_EXTRACTOR_STAGE_NAME,
            ptransform=beam.ParDo(_GroupBySlice(slice_columns(config))),
        ),
    ]


class _Predict(beam.DoFn):
    """Adds each model's predictions, and the labels as that model sees them, to a batch."""

    def __init__(
        self, config: EvaluatorConfig, models: list[tfma.types.EvalSharedModel], split: str
    ) -> None:
        self._config = config
        self._models = models
        self._split = split
        self._output = PREDICTION_OUTPUTS[config.task]
        self._classes: dict[str, tuple[str, ...]] = {}
        self._rows = 0
        self._reported = 0.0
        self._warned = False

    def setup(self) -> None:
        self._loaded = {m.model_name: m.model_loader.load() for m in self._models}
        self._paths = {m.model_name: m.model_path for m in self._models}

    def process(self, extracts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        batch = extracts[tfma.ARROW_RECORD_BATCH_KEY]
        examples = extracts[tfma.INPUT_KEY]
        labels, predictions = {}, {}
        for name in self._loaded:
            predictions[name] = self._call(name, PREDICT, self._output, examples)
            labels[name] = self._call(name, LABELS, LABEL_OUTPUT, examples).reshape(-1)
            if name != BASELINE:
                self._check(labels[name], batch)
        self._report(batch.num_rows)
        yield {
            tfma.ARROW_RECORD_BATCH_KEY: batch,
            tfma.LABELS_KEY: _by_model(labels),
            tfma.PREDICTIONS_KEY: _by_model(predictions),
            POSITION_KEY: extracts[POSITION_KEY],
            CLASSES_OUTPUT: self._classes,
        }

    def _call(self, name: str, signature: str, output: str, examples: NDArray) -> NDArray:
        """Return an output of a model for a batch, a part of it at a time."""
        parts = []
        for start in range(0, len(examples), self._config.batch_rows):
            part = tf.constant(examples[start : start + self._config.batch_rows])
            try:
                found = self._loaded[name].signatures[signature](examples=part)
            except tf.errors.OpError as error:
                cause = (error.message or type(error).__name__).splitlines()[0]
                raise EvaluationError(
                    f'model {self._paths[name]} fails on split {self._split} in {signature}: '
                    f'{cause}'
                ) from error
            parts.append(found[output].numpy())
            if CLASSES_OUTPUT in found and name not in self._classes:
                self._classes[name] = tuple(c.decode() for c in found[CLASSES_OUTPUT][0].numpy())
        return np.concatenate(parts)

    def _check(self, labels: NDArray, batch: pa.RecordBatch) -> None:
        warning = check_labels(self._config, self._split, labels, batch)
        if warning and not self._warned:
            self._warned = True
            _log.warning(warning)

    def _report(self, rows: int) -> None:
        self._rows += rows
        now = time.monotonic()
        if now - self._reported < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported = now
        _progress.info(
            '%d rows of split %s',
            self._rows,
            self._split,
            extra={
                'progress': {
                    'done': self._rows,
                    'total': None,
                    'unit': 'rows',
                    'metrics': {},
                    'seconds_left': None,
                }
            },
        )


def _by_model(values: dict[str, NDArray]) -> NDArray | dict[str, NDArray]:
    """Return the values as TFMA keeps them: those of an only model without its name."""
    return next(iter(values.values())) if len(values) == 1 else values


class _GroupBySlice(beam.DoFn):
    """Takes a batch to one extract per slice that it has rows of."""

    def __init__(self, slicings: list[tuple[str, ...]]) -> None:
        self._slicings = slicings
        self._seen: dict[tuple[str, ...], set] = {s: set() for s in slicings}

    def process(self, extracts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        batch = extracts[tfma.ARROW_RECORD_BATCH_KEY]
        by_row = {key: extracts[key] for key in (tfma.LABELS_KEY, tfma.PREDICTIONS_KEY)}
        for columns in self._slicings:
            seen = self._seen[columns]
            for key, rows in split_rows(batch, columns):
                seen.add(key)
                check_slice_count(columns, len(seen))
                yield {name: _rows_of(values, rows) for name, values in by_row.items()} | {
                    CLASSES_OUTPUT: extracts[CLASSES_OUTPUT],
                    tfma.SLICE_KEY_TYPES_KEY: [key],
                }


def _rows_of(values: Any, rows: NDArray[np.intp]) -> Any:
    if isinstance(values, dict):
        return {name: v[rows] for name, v in values.items()}
    return values[rows]

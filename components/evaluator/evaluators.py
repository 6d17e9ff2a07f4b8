"""The TFMA evaluator for rows grouped by slice."""

from typing import Any

import apache_beam as beam
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors import slice_key_extractor
from tensorflow_model_analysis.metrics import metric_specs
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.metrics import CLASS_NAMES, CONFUSION_MATRIX


def make_evaluator(eval_config: config_pb2.EvalConfig) -> tfma.evaluators.Evaluator:
    """Return an evaluator that combines groups of rows by slice, and does nothing else.

    TFMA's default one also makes plots, attributions, validations, differences and counters. For
    a few thousand rows setting that up takes longer than all the rest of an evaluation.

    Args:
        eval_config: Names the metrics, whose computations must take their rows from the standard
            extracts and depend on no other metrics.
    """
    combiners = [
        computation.combiner
        for computation in metric_specs.to_computations(
            eval_config.metrics_specs, eval_config=eval_config
        )
    ]
    return tfma.evaluators.Evaluator(
        stage_name='EvaluateGroups',
        run_after=slice_key_extractor.SLICE_KEY_EXTRACTOR_STAGE_NAME,
        ptransform=_CombineBySlice(beam.combiners.SingleInputTupleCombineFn(*combiners)),
    )


class _CombineBySlice(beam.PTransform):
    def __init__(self, combine: beam.CombineFn) -> None:
        super().__init__()
        self._combine = combine

    def expand(self, extracts: beam.PCollection) -> Any:
        return {
            tfma.METRICS_KEY: extracts
            | 'BySlice' >> beam.Map(_by_slice)
            | 'Combine' >> beam.CombinePerKey(self._combine)
            | 'Join' >> beam.MapTuple(_join)
        }


def _by_slice(extracts: dict[str, Any]) -> tuple[tuple, tfma.metrics.StandardMetricInputs]:
    (key,) = extracts[tfma.SLICE_KEY_TYPES_KEY]
    return key, tfma.metrics.StandardMetricInputs(extracts)


def _join(key: tuple, outputs: tuple[dict, ...]) -> tuple[tuple, dict]:
    """Put a slice's metrics together; by class only those of the whole split are told."""
    return key, {
        name: value
        for values in outputs
        for name, value in values.items()
        if not key or name.name not in (CLASS_NAMES, CONFUSION_MATRIX)
    }

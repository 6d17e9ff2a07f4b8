"""The TFMA configuration that a gate asks for."""

import json

import tensorflow_model_analysis as tfma

# tfma itself has EvalConfig and its kin only after tfx was imported.
from tensorflow_model_analysis.proto import config_pb2

from components.evaluator.settings import EvaluatorConfig
from components.evaluator.signatures import LABEL_OUTPUT, LABELS, PREDICT, PREDICTION_OUTPUTS

CANDIDATE = tfma.CANDIDATE_KEY
BASELINE = tfma.BASELINE_KEY


def slice_columns(config: EvaluatorConfig) -> list[tuple[str, ...]]:
    """Return the columns of each slicing asked for, each once; () is the whole split."""
    return sorted({(), *(tuple(sorted(s.by)) for s in config.gate.slices)})


def make_eval_config(config: EvaluatorConfig, has_baseline: bool) -> config_pb2.EvalConfig:
    """Translate a gate to what TFMA measures.

    It holds no thresholds: TFMA's know neither a smallest count per slice nor a readable reason,
    so the verdict is made from the values that are reported (verdict.py).

    Args:
        config: What to measure.
        has_baseline: Whether there is a second model to measure.

    Returns:
        A configuration that also works with TFMA's own extractors.
    """
    # TFMA wants the name of an only model empty.
    names = [CANDIDATE, BASELINE] if has_baseline else ['']
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                name=name,
                is_baseline=name == BASELINE,
                model_type=tfma.TF_GENERIC,
                signature_name=PREDICT,
                preprocessing_function_names=[LABELS],
                prediction_key=PREDICTION_OUTPUTS[config.task],
                label_key=LABEL_OUTPUT,
            )
            for name in names
        ],
        slicing_specs=[config_pb2.SlicingSpec(feature_keys=by) for by in slice_columns(config)],
        metrics_specs=[
            config_pb2.MetricsSpec(
                model_names=names,
                metrics=[
                    config_pb2.MetricConfig(
                        class_name='TaskMetrics',
                        module='components.evaluator.metrics',
                        config=json.dumps({'task': config.task}),
                    )
                ],
            )
        ],
        options=config_pb2.Options(include_default_metrics={'value': False}),
    )

"""One split measured with one or two models, as a Beam pipeline."""

from collections.abc import Callable, Sequence

import apache_beam as beam
import tensorflow_model_analysis as tfma

from components.evaluator.errors import EvaluationError, find_evaluation_error
from components.evaluator.eval_config import BASELINE, make_eval_config, needed_columns
from components.evaluator.evaluators import make_evaluator
from components.evaluator.extractors import make_extractors
from components.evaluator.measured import Measured
from components.evaluator.reading import ReadExamples
from components.evaluator.results import read_results
from components.evaluator.settings import EvaluatorConfig


def measure(
    config: EvaluatorConfig,
    split: str,
    files: Sequence[str],
    candidate: str,
    baseline: str | None,
    output_path: str,
    make_pipeline: Callable[[], beam.Pipeline],
) -> Measured:
    """Measure the models on one split, and write TFMA's results.

    Args:
        config: What to measure.
        split: Name of the split, for messages.
        files: Its TFRecord files of tf.Examples.
        candidate: Folder of the candidate's SavedModel.
        baseline: Folder of the baseline's, if there is one.
        output_path: Folder for TFMA's results.
        make_pipeline: Makes the pipeline to run.

    Returns:
        What was measured.

    Raises:
        EvaluationError: If the split is empty, or examples, models and gate don't fit together.
    """
    eval_config = make_eval_config(config, has_baseline=baseline is not None)
    models = [
        tfma.default_eval_shared_model(
            eval_saved_model_path=baseline if spec.name == BASELINE else candidate,
            model_name=spec.name,
            eval_config=eval_config,
        )
        for spec in eval_config.model_specs
    ]
    try:
        with make_pipeline() as pipeline:
            (
                pipeline
                | ReadExamples(files, needed_columns(config))
                | tfma.ExtractEvaluateAndWriteResults(
                    eval_shared_model=models if baseline else models[0],
                    eval_config=eval_config,
                    extractors=make_extractors(config, models, split),
                    evaluators=[make_evaluator(eval_config)],
                    output_path=output_path,
                )
            )
    except Exception as error:
        if found := find_evaluation_error(error):
            raise found from error
        raise
    measured = read_results(output_path, config.task)
    if not measured.examples:
        raise EvaluationError(f'split {split} has no rows to evaluate; change data.split')
    return measured

"""One split measured with one or two models, as a Beam pipeline."""

from collections.abc import Callable, Sequence

import apache_beam as beam
import tensorflow_model_analysis as tfma

from components.evaluator.errors import EvaluationError, find_evaluation_error
from components.evaluator.eval_config import BASELINE, make_eval_config
from components.evaluator.evaluators import make_evaluator
from components.evaluator.extractors import make_extractors
from components.evaluator.keeping import Kept, collect
from components.evaluator.measured import Measured
from components.evaluator.reading import ReadExamples
from components.evaluator.results import read_results
from components.evaluator.settings import EvaluatorConfig


def measure(
    config: EvaluatorConfig,
    kept: Kept,
    files: Sequence[str],
    candidate: str,
    baseline: str | None,
    output_path: str,
    make_pipeline: Callable[[], beam.Pipeline],
) -> Measured:
    """Measure the models on one split, write TFMA's results, and keep predictions.

    Args:
        config: What to measure.
        kept: Names the split, and says how many of its rows are kept and where.
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
                | ReadExamples(files)
                | tfma.ExtractEvaluateAndWriteResults(
                    eval_shared_model=models if baseline else models[0],
                    eval_config=eval_config,
                    extractors=make_extractors(config, models, kept),
                    evaluators=[make_evaluator(eval_config)],
                    output_path=output_path,
                )
            )
    except Exception as error:
        if found := find_evaluation_error(error):
            raise found from error
        raise
    collect(config, kept)
    measured = read_results(output_path, config.task)
    if not measured.examples:
        raise EvaluationError(f'split {kept.split} has no rows to evaluate; change data.split')
    return measured

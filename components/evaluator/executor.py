"""Measures a model, judges it and blesses it or not."""

import logging
from typing import Any

import pyarrow as pa
from tfx import types
from tfx.components.evaluator import executor as stock
from tfx.components.example_gen.utils import SPAN_PROPERTY_NAME
from tfx.components.util import examples_utils
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as keys
from tfx.utils import io_utils, path_utils

from components.evaluator.blessing import write_blessing
from components.evaluator.errors import EvaluationError
from components.evaluator.evaluation import measure
from components.evaluator.fairness import Gap, measure_gaps
from components.evaluator.keeping import Kept
from components.evaluator.measured import Measured
from components.evaluator.predictions import file_name, read
from components.evaluator.settings import EvaluatorConfig, headline
from components.evaluator.signatures import find_problem
from components.evaluator.verdict import FILE_NAME, Verdict, judge

CONFIG_KEY = 'config'

_log = logging.getLogger(__name__)
_progress = logging.getLogger('sluice.progress')


class Executor(stock.Executor):
    """Executor of the Evaluator.

    It is the stock one's child, for by that TFX's entry point on Vertex knows whose blessings need
    the models' resource names for their ids; without those no later run finds the blessed model.
    """

    def Do(  # noqa: N802 (TFX's name)
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Measure, judge and bless.

        Args:
            input_dict: `examples`, `model`, and `baseline_model` where there is one.
            output_dict: `evaluation` gets TFMA's results (those of splits that are only shown in
                a folder each), verdict.json, and predictions by row (predictions.py says how);
                `blessing` the verdict as stock TFX writes it.
            exec_properties: `config`, an EvaluatorConfig as JSON.

        Raises:
            EvaluationError: If model, examples and gate don't fit together.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = EvaluatorConfig.model_validate_json(exec_properties[CONFIG_KEY])
        candidate = artifact_utils.get_single_instance(input_dict[keys.MODEL_KEY])
        if problem := find_problem(_model_path(candidate), config.task):
            raise EvaluationError(f'model {_model_path(candidate)} {problem}')
        notes: list[str] = []
        baseline = _usable(input_dict.get(keys.BASELINE_MODEL_KEY), config.task, notes)
        evaluation = artifact_utils.get_single_instance(output_dict[keys.EVALUATION_KEY])
        evaluation_uri = evaluation.uri
        # NewDataGate reads it: up to when there is a model that has seen the data.
        span = max(e.span for e in input_dict[keys.EXAMPLES_KEY])
        evaluation.set_int_custom_property(SPAN_PROPERTY_NAME, span)

        measured = {
            split: measure(
                config,
                Kept(evaluation_uri, split, config.evaluation.keep_predictions),
                _files(input_dict[keys.EXAMPLES_KEY], split),
                _model_path(candidate),
                _model_path(baseline) if baseline else None,
                evaluation_uri if i == 0 else f'{evaluation_uri}/Split-{split}',
                self._make_beam_pipeline,
            )
            for i, split in enumerate(config.splits)
        }
        notes += _unknown_labels(measured)
        gaps = _gaps(config, evaluation_uri)
        verdict = judge(config, measured, notes, gaps)
        for line in verdict.notes:
            _log.warning(line)
        for reason in verdict.reasons:
            _log.info('Not blessed: %s', reason.text)

        io_utils.write_string_file(f'{evaluation_uri}/{FILE_NAME}', verdict.to_json())
        write_blessing(
            artifact_utils.get_single_instance(output_dict[keys.BLESSING_KEY]),
            verdict.blessed,
            candidate,
            baseline,
            exec_properties.get('current_component_id'),
        )
        _report(config, verdict)


def _report(config: EvaluatorConfig, verdict: Verdict) -> None:
    """Tell in a line how the whole of the judged split came out, by the task's first metric."""
    whole = verdict.metrics[config.splits[0]][0]
    metric = headline(config.task).name
    values = whole.metrics[metric]
    _progress.info(
        '%sblessed, %s %s on %d rows of split %s (baseline %s)',
        '' if verdict.blessed else 'not ',
        metric,
        _number(values.candidate),
        whole.examples,
        config.splits[0],
        _number(values.baseline),
        extra={
            'progress': {
                'done': whole.examples,
                'total': whole.examples,
                'unit': 'rows',
                'metrics': {} if values.candidate is None else {metric: values.candidate},
                'seconds_left': 0.0,
            }
        },
    )


def _number(value: float | None) -> str:
    return 'none' if value is None else f'{value:.4g}'


def _model_path(model: types.Artifact) -> str:
    return path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))


def _usable(
    baselines: list[types.Artifact] | None, task: str, notes: list[str]
) -> types.Artifact | None:
    """Return the baseline; none, and a note, if it was deleted or can't be evaluated any more."""
    if not baselines:
        return None
    baseline = artifact_utils.get_single_instance(baselines)
    if problem := find_problem(_model_path(baseline), task):
        notes.append(f'baseline model {_model_path(baseline)} {problem}: compared to none')
        return None
    return baseline


def _unknown_labels(measured: dict[str, Measured]) -> list[str]:
    return [
        f'{m.unknown_labels:,} of {m.examples:,} rows of split {split} are of a class that '
        'the model does not know; they count as wrong'
        for split, m in measured.items()
        if m.unknown_labels
    ]


def _gaps(config: EvaluatorConfig, folder: str) -> dict[str, tuple[Gap, ...]]:
    """Measure how far groups are apart, on the rows that were kept."""
    gates = config.gate.fairness
    if not gates:
        return {}
    gaps = {}
    for split in config.splits:
        with fileio.open(f'{folder}/{file_name(split)}', 'rb') as file:
            content = pa.py_buffer(file.read())
        try:
            gaps[split] = measure_gaps(gates, *read(content))
        except ValueError as error:
            raise EvaluationError(f'gate.fairness: {error}') from error
    return gaps


def _files(examples: list[types.Artifact], split: str) -> list[str]:
    known = sorted({s for e in examples for s in artifact_utils.decode_split_names(e.split_names)})
    if split not in known:
        raise EvaluationError(f'the examples have no split {split}; they have {", ".join(known)}')
    if any(examples_utils.get_payload_format_string(e) != 'FORMAT_TF_EXAMPLE' for e in examples):
        raise EvaluationError('the examples are no tf.Examples, which is all that can be evaluated')
    uris = artifact_utils.get_split_uris(examples, split)
    return [str(f) for u in uris for f in sorted(fileio.glob(io_utils.all_files_pattern(u)))]

"""The Evaluator component."""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types import standard_component_specs as keys
from tfx.types.component_spec import ComponentSpec, ExecutionParameter

from components.evaluator.executor import CONFIG_KEY, Executor
from components.evaluator.settings import EvaluatorConfig


class EvaluatorSpec(ComponentSpec):
    """Inputs, outputs and properties of the Evaluator; the artifacts are those of the stock one."""

    PARAMETERS = {CONFIG_KEY: ExecutionParameter(type=str)}  # noqa: RUF012 (TFX's interface)
    INPUTS = {  # noqa: RUF012
        key: standard_component_specs.EvaluatorSpec.INPUTS[key]
        for key in (keys.EXAMPLES_KEY, keys.MODEL_KEY, keys.BASELINE_MODEL_KEY)
    }
    OUTPUTS = standard_component_specs.EvaluatorSpec.OUTPUTS
    TYPE_ANNOTATION = standard_component_specs.EvaluatorSpec.TYPE_ANNOTATION


class Evaluator(base_beam_component.BaseBeamComponent):
    """Measures a model by slice, beside the last blessed one, and blesses it if the gate allows.

    It takes the place of `tfx.components.Evaluator`: same artifacts, TFMA's results, same
    blessing. It differs in being fast (rows go through TFMA in groups by slice), in metrics that
    are right under every Beam runner, and in a verdict with reasons (`verdict.json`).

    Outputs:
        evaluation: ModelEvaluation.
        blessing: ModelBlessing.
    """

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        model: types.BaseChannel,
        config: EvaluatorConfig,
        baseline_model: types.BaseChannel | None = None,
    ) -> None:
        """Create the component.

        Args:
            examples: Examples that the model's `serving_examples` and `labels` signatures read.
            model: Model to judge.
            config: What to measure, on which splits, and the gate.
            baseline_model: Model to compare to; usually the last blessed one.
        """
        super().__init__(
            EvaluatorSpec(
                examples=examples,
                model=model,
                baseline_model=baseline_model,
                config=config.model_dump_json(),
                evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
                blessing=types.Channel(type=standard_artifacts.ModelBlessing),
            )
        )

"""TFX's Trainer, with the number of epochs as a property of its own."""

from typing import Any

from tfx.dsl.components.base import base_component
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts, standard_component_specs
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ExecutionParameter
from tfx.utils import json_utils

from components.trainer.executor import EPOCHS, Executor


class TrainerSpec(standard_component_specs.TrainerSpec):
    """As TFX's, and epochs, so that a run may be started with others than the recipe's."""

    PARAMETERS = {  # noqa: RUF012 # as TFX declares it
        **standard_component_specs.TrainerSpec.PARAMETERS,
        EPOCHS: ExecutionParameter(type=int, optional=True),
    }


class Trainer(base_component.BaseComponent):
    """Trains a model; on Vertex perhaps in a CustomJob."""

    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        transform_graph: BaseChannel,
        schema: BaseChannel,
        run_fn: str,
        train_args: trainer_pb2.TrainArgs,
        eval_args: trainer_pb2.EvalArgs,
        custom_config: dict[str, Any],
        epochs: int | RuntimeParameter,
        hyperparameters: BaseChannel | None = None,
        base_model: BaseChannel | None = None,
        in_job: bool = False,
    ) -> None:
        """Connect the component.

        Args:
          examples: What is learnt from.
          transform_graph: Makes inputs of them.
          schema: Of the examples.
          run_fn: Dotted path of the function that trains.
          train_args: Splits to learn from.
          eval_args: Splits to validate on.
          custom_config: What the function is told beside; for a job also
            `ai_platform_training_args`.
          epochs: Passes over the data, at most.
          hyperparameters: What a Tuner has found.
          base_model: Where a warm start goes on from.
          in_job: Whether training runs in a CustomJob of Vertex.
        """
        spec = TrainerSpec(
            examples=examples,
            transform_graph=transform_graph,
            schema=schema,
            base_model=base_model,
            hyperparameters=hyperparameters,
            train_args=train_args,
            eval_args=eval_args,
            run_fn=run_fn,
            custom_config=json_utils.dumps(custom_config),
            epochs=epochs,
            model=Channel(type=standard_artifacts.Model),
            model_run=Channel(type=standard_artifacts.ModelRun),
        )
        super().__init__(spec=spec, custom_executor_spec=_in_job() if in_job else None)


def _in_job() -> ExecutorClassSpec:
    from components.trainer.vertex import VertexExecutor

    return ExecutorClassSpec(VertexExecutor)

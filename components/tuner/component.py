"""TFX's Tuner, with trials at the same time on one machine too."""

from typing import Any

from tfx.components.tuner import component as stock
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto import trainer_pb2, tuner_pb2
from tfx.types.channel import BaseChannel

from components.tuner.executor import Executor


class Tuner(stock.Tuner):
    """Searches hyperparameters; on Vertex perhaps in a CustomJob."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        *,
        examples: BaseChannel,
        transform_graph: BaseChannel,
        schema: BaseChannel,
        tuner_fn: str,
        train_args: trainer_pb2.TrainArgs,
        eval_args: trainer_pb2.EvalArgs,
        custom_config: dict[str, Any],
        parallel: int = 1,
        in_job: bool = False,
    ) -> None:
        """Connect the component.

        Args:
          examples: What is learnt from.
          transform_graph: Makes inputs of them.
          schema: Of the examples.
          tuner_fn: Dotted path of the function that prepares the search.
          train_args: Splits to learn from.
          eval_args: Splits to validate on.
          custom_config: What the function is told beside; for a job also
            `ai_platform_tuning_args`.
          parallel: Trials at the same time: processes, or machines of a job.
          in_job: Whether the search runs in a CustomJob of Vertex.
        """
        super().__init__(
            examples=examples,
            transform_graph=transform_graph,
            schema=schema,
            tuner_fn=tuner_fn,
            train_args=train_args,
            eval_args=eval_args,
            tune_args=tuner_pb2.TuneArgs(num_parallel_trials=parallel) if parallel > 1 else None,
            custom_config=custom_config,
        )
        if in_job:
            # Google's libraries, which it needs, take seconds to import.
            from tfx.extensions.google_cloud_ai_platform.tuner import executor as vertex

            self.executor_spec = ExecutorClassSpec(vertex.Executor)

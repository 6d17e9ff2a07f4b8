"""Pusher: a blessed model to a versioned directory, in one piece or not at all."""

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types import standard_component_specs as keys
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter
from tfx.types.standard_artifacts import ModelEvaluation, PushedModel

from components.pusher.driver import Driver
from components.pusher.executor import Executor


class PusherSpec(keys.PusherSpec):
    """Inputs, output and properties of the stock Pusher, and the evaluation beside."""

    INPUTS = keys.PusherSpec.INPUTS | {
        keys.EVALUATION_KEY: ChannelParameter(type=ModelEvaluation, optional=True)
    }


class Pusher(BaseComponent):
    """Copies a blessed model to `<folder>/<version>/`; the output is the stock component's."""

    SPEC_CLASS = PusherSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(
        self,
        model: BaseChannel,
        model_blessing: BaseChannel,
        push_to: str,
        infra_blessing: BaseChannel | None = None,
        evaluation: BaseChannel | None = None,
    ) -> None:
        """Make the component.

        Args:
            model: the candidate.
            model_blessing: the Evaluator's verdict on it.
            push_to: folder that gets the versions.
            infra_blessing: ServingGate's verdict.
            evaluation: what the Evaluator measured; its headline goes with the model.
        """
        filesystem = PushDestination.Filesystem(base_directory=push_to)
        super().__init__(
            PusherSpec(
                model=model,
                model_blessing=model_blessing,
                infra_blessing=infra_blessing,
                evaluation=evaluation,
                push_destination=PushDestination(filesystem=filesystem),
                custom_config='null',
                pushed_model=Channel(type=PushedModel),
            )
        )

"""Pusher: a blessed model to a versioned directory, in one piece or not at all."""

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types import standard_component_specs as keys
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import ModelEvaluation, PushedModel

from components.pusher.driver import Driver
from components.pusher.executor import CARD_KEY, Executor
from components.pusher.settings import CardTerms


class PusherSpec(keys.PusherSpec):
    """Inputs, output and properties of the stock Pusher, the evaluation, and the card's terms."""

    PARAMETERS = keys.PusherSpec.PARAMETERS | {
        CARD_KEY: ExecutionParameter(type=str, optional=True)
    }
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
        card: CardTerms | None = None,
    ) -> None:
        """Make the component.

        Args:
            model: the candidate.
            model_blessing: the Evaluator's verdict on it.
            push_to: folder that gets the versions.
            infra_blessing: ServingGate's verdict.
            evaluation: what the Evaluator measured; its headline goes with the model.
            card: what the model's card takes from the recipe; None: it gets no card.
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
                card=card.model_dump_json() if card else None,
                pushed_model=Channel(type=PushedModel),
            )
        )

"""Pusher: a blessed model to a versioned directory, in one piece or not at all."""

from tfx.components.pusher.component import Pusher as StockPusher
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto.pusher_pb2 import PushDestination
from tfx.types.channel import BaseChannel

from components.pusher.driver import Driver
from components.pusher.executor import Executor


class Pusher(StockPusher):
    """Copies a blessed model to `<folder>/<version>/`; the output is the stock component's."""

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)
    DRIVER_CLASS = Driver

    def __init__(self, model: BaseChannel, model_blessing: BaseChannel, push_to: str) -> None:
        """Make the component.

        Args:
            model: the candidate.
            model_blessing: the Evaluator's verdict on it.
            push_to: folder that gets the versions.
        """
        filesystem = PushDestination.Filesystem(base_directory=push_to)
        super().__init__(
            model=model,
            model_blessing=model_blessing,
            push_destination=PushDestination(filesystem=filesystem),
        )

"""Transform with an executor that analyses in this process."""

from typing import Any

from tfx.components.transform.component import Transform as StockTransform
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types.channel import Channel

from components.transform.executor import Executor


class Transform(StockTransform):
    """Learn what a preprocessing function asks of the `train` split, as part of a graph.

    The output `transform_graph` is the stock component's. Examples are not transformed here but
    where they are read, and neither statistics nor a cache of what was learnt are written.
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: Channel,
        schema: Channel,
        preprocessing_fn: str,
        custom_config: dict[str, Any],
    ) -> None:
        """Make the component.

        Args:
            examples: Examples with a split `train`.
            schema: Their schema.
            preprocessing_fn: Dotted path of the function.
            custom_config: Its second argument, if it takes one.
        """
        super().__init__(
            examples=examples,
            schema=schema,
            preprocessing_fn=preprocessing_fn,
            custom_config=custom_config,
            materialize=False,
            disable_statistics=True,
            disable_analyzer_cache=True,
        )

"""StatisticsGen with an executor that reads Arrow batches in this process."""

from tfx.components.statistics_gen.component import StatisticsGen as StockStatisticsGen
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types.channel import Channel

from components.statistics_gen.executor import Executor


class StatisticsGen(StockStatisticsGen):
    """Compute TFDV's default statistics of every split.

    Input `examples` and output `statistics` are the stock component's.
    """

    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, examples: Channel) -> None:
        super().__init__(examples=examples)

"""SchemaGen for pictures."""

from tfx.components.schema_gen.component import SchemaGen as StockSchemaGen
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import BaseChannel

from components.schema_gen.executor import Executor


class SchemaGen(StockSchemaGen):
    """Infer the schema of pictures from their statistics.

    Input `statistics` and output `schema` are the stock component's. The columns that every
    picture has are dense in it, and `image` is said to hold encoded pictures.
    """

    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, statistics: BaseChannel) -> None:
        super().__init__(statistics=statistics, infer_feature_shape=False)

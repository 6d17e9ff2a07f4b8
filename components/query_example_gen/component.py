"""QueryExampleGen: the rows of a query as tf.Examples, by split."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples

from components.query_example_gen.executor import Executor
from components.query_example_gen.settings import Data


class QueryExampleGenSpec(ComponentSpec):
    """Output and settings of QueryExampleGen; plain strings, so that it compiles for Vertex."""

    PARAMETERS = {'data': ExecutionParameter(type=str)}  # noqa: RUF012 (TFX's interface)
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {}
    OUTPUTS = {'examples': ChannelParameter(type=Examples)}  # noqa: RUF012


class QueryExampleGen(BaseComponent):
    """Runs BigQuery SQL and writes each row as a tf.Example to one of the splits.

    The output `examples` is what TFX's own ExampleGens make: gzipped TFRecords of tf.Examples,
    `Split-<name>`, with the number of rows by split in the custom property `rows` (JSON).
    """

    SPEC_CLASS = QueryExampleGenSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, data: Data) -> None:
        """Make the component.

        Args:
            data: the query, the local files that stand for its tables, and the split.
        """
        super().__init__(
            QueryExampleGenSpec(
                data=data.model_dump_json(by_alias=True, exclude_defaults=True),
                examples=Channel(type=Examples),
            )
        )

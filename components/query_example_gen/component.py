"""QueryExampleGen: the rows of a query as tf.Examples, by split."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec, ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types.channel import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples

from components.query_example_gen.executor import Executor
from components.query_example_gen.settings import Data


class QueryExampleGenSpec(ComponentSpec):
    """Output and settings of QueryExampleGen; plain strings, so that it compiles for Vertex."""

    PARAMETERS = {  # noqa: RUF012 (TFX's interface)
        'data': ExecutionParameter(type=str),
        'date': ExecutionParameter(type=str),
        'scheduled': ExecutionParameter(type=str),
        'time_zone': ExecutionParameter(type=str),
        'parameters': ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {}
    OUTPUTS = {'examples': ChannelParameter(type=Examples)}  # noqa: RUF012


class QueryExampleGen(BaseComponent):
    """Runs BigQuery SQL and writes each row as a tf.Example to one of the splits.

    The output `examples` is what TFX's own ExampleGens make: gzipped TFRecords of tf.Examples,
    `Split-<name>`, with the number of rows by split in the custom property `rows` (JSON). With a
    window its span is the date of the run, in days since 1970-01-01.
    """

    SPEC_CLASS = QueryExampleGenSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        data: Data,
        date: str | RuntimeParameter = '',
        scheduled: str = '',
        time_zone: str | RuntimeParameter = '',
        parameters: str | RuntimeParameter = '',
    ) -> None:
        """Make the component.

        Args:
            data: the query, the local files that stand for its tables, and the split.
            date: date of the run, `2026-01-31`, that a window ends at; '' if there is no window,
                or the schedule decides.
            scheduled: when the run was to start, in UTC; counts where there is no date.
            time_zone: IANA name of the zone whose date that is; '' for UTC.
            parameters: JSON object of other values for some query parameters; '' for none.
        """
        stock = None
        if data.engine == 'stock' and not data.local:
            # Beam's BigQuery source takes seconds to import.
            from components.query_example_gen.stock import StockExecutor

            stock = BeamExecutorSpec(StockExecutor)
        super().__init__(
            QueryExampleGenSpec(
                data=data.model_dump_json(by_alias=True, exclude_defaults=True),
                date=date,
                scheduled=scheduled,
                time_zone=time_zone,
                parameters=parameters,
                examples=Channel(type=Examples),
            ),
            custom_executor_spec=stock,
        )

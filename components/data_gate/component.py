"""DataGate: stops a run whose data is not fit to train on."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from components.data_gate.executor import Executor
from components.data_gate.settings import DataGateTerms


class DataGateSpec(ComponentSpec):
    """Inputs, output and settings of DataGate.

    The blessing is of a standard type, because Vertex can't load other ones; it holds
    `data_gate.json`.
    """

    PARAMETERS: ClassVar = {'config': ExecutionParameter(type=str)}
    INPUTS: ClassVar = {
        'examples': ChannelParameter(type=Examples),
        'statistics': ChannelParameter(type=ExampleStatistics),
        'schema': ChannelParameter(type=Schema),
        'anomalies': ChannelParameter(type=ExampleAnomalies),
        'previous_statistics': ChannelParameter(
            type=ExampleStatistics, optional=True, allow_empty=True
        ),
    }
    OUTPUTS: ClassVar = {'blessing': ChannelParameter(type=ExampleAnomalies)}


class DataGate(BaseComponent):
    """Checks data before anything is learnt from it, and stops the run if a check fails.

    What comes after must wait for it: `transform.add_upstream_node(data_gate)`.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        statistics: BaseChannel,
        schema: BaseChannel,
        anomalies: BaseChannel,
        config: DataGateTerms,
        previous_statistics: BaseChannel | None = None,
    ) -> None:
        """Make the component.

        Args:
            examples: the examples (tf.Example); read only to count classes that are numbers.
            statistics: their statistics.
            schema: their schema.
            anomalies: what ExampleValidator found.
            config: what to check.
            previous_statistics: statistics of the data that passed last, for drift; may be empty.
        """
        super().__init__(
            DataGateSpec(
                config=config.model_dump_json(),
                examples=examples,
                statistics=statistics,
                schema=schema,
                anomalies=anomalies,
                previous_statistics=previous_statistics,
                blessing=Channel(type=ExampleAnomalies),
            )
        )

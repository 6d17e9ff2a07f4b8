"""PredictionTable: what BulkInferrer predicted, as one Parquet file."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples, InferenceResult

from components.prediction_table.executor import Executor


class PredictionTableSpec(ComponentSpec):
    """Input, output and settings of PredictionTable."""

    PARAMETERS: ClassVar = {'output': ExecutionParameter(type=str)}
    INPUTS: ClassVar = {'examples': ChannelParameter(type=Examples)}
    OUTPUTS: ClassVar = {'predictions': ChannelParameter(type=InferenceResult)}


class PredictionTable(BaseComponent):
    """Writes tf.Examples with predictions in them as a table, to a file that people know."""

    SPEC_CLASS = PredictionTableSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, examples: BaseChannel, output: str) -> None:
        """Make the component.

        Args:
            examples: what BulkInferrer made; nothing is in it if the model was not blessed.
            output: Parquet file to write.
        """
        super().__init__(
            PredictionTableSpec(
                examples=examples, output=output, predictions=Channel(type=InferenceResult)
            )
        )

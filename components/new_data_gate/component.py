"""NewDataGate: whether the days that came into a window have rows."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec
from tfx.types.standard_artifacts import Integer, ModelEvaluation

from components.new_data_gate.executor import Executor
from components.query_example_gen.component import QueryExampleGenSpec
from components.query_example_gen.settings import Data


class NewDataGateSpec(ComponentSpec):
    """Input, output and settings of NewDataGate; those of QueryExampleGen, which may come after."""

    PARAMETERS: ClassVar = QueryExampleGenSpec.PARAMETERS
    INPUTS: ClassVar = {
        'last_evaluation': ChannelParameter(type=ModelEvaluation, optional=True, allow_empty=True)
    }
    OUTPUTS: ClassVar = {'news': ChannelParameter(type=Integer)}


class NewDataGate(BaseComponent):
    """Asks for rows of days that are in this run's window, and were not in that of the last model.

    The output `news` has the custom property `new`, 1 or 0, for a condition on it:
    `Cond(gate.outputs['news'].future()[0].custom_property(NEW) == 1)`.
    """

    SPEC_CLASS = NewDataGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        data: Data,
        last_evaluation: BaseChannel,
        date: str | RuntimeParameter,
        scheduled: str,
        time_zone: str | RuntimeParameter,
        parameters: str | RuntimeParameter = '',
    ) -> None:
        """Make the component.

        Args:
            data: the query; it has a window.
            last_evaluation: of the last model that was trained, maybe none.
            date: date of the run; '' if the schedule decides.
            scheduled: when the run was to start, in UTC.
            time_zone: IANA name of the zone whose date that is.
            parameters: JSON object of other values for some query parameters; '' for none.
        """
        super().__init__(
            NewDataGateSpec(
                data=data.model_dump_json(by_alias=True, exclude_defaults=True),
                last_evaluation=last_evaluation,
                date=date,
                scheduled=scheduled,
                time_zone=time_zone,
                parameters=parameters,
                news=Channel(type=Integer),
            )
        )

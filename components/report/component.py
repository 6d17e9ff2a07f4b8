"""The Report component."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import (
    ExampleAnomalies,
    Examples,
    ExampleStatistics,
    Model,
    ModelEvaluation,
    ModelRun,
    Schema,
    TransformGraph,
    TunerResults,
)

from components.report.artifact import Html
from components.report.executor import Executor
from components.report.settings import ReportTerms


class ReportSpec(ComponentSpec):
    """Inputs, output and settings of the Report."""

    PARAMETERS: ClassVar = {'config': ExecutionParameter(type=str)}
    INPUTS: ClassVar = {
        'evaluation': ChannelParameter(type=ModelEvaluation),
        'model': ChannelParameter(type=Model),
        'baseline_model': ChannelParameter(type=Model, optional=True, allow_empty=True),
        'model_run': ChannelParameter(type=ModelRun),
        'tuner_results': ChannelParameter(type=TunerResults, optional=True),
        'examples': ChannelParameter(type=Examples),
        'statistics': ChannelParameter(type=ExampleStatistics),
        'previous_statistics': ChannelParameter(
            type=ExampleStatistics, optional=True, allow_empty=True
        ),
        'schema': ChannelParameter(type=Schema),
        'anomalies': ChannelParameter(type=ExampleAnomalies),
        'transform_graph': ChannelParameter(type=TransformGraph),
    }
    OUTPUTS: ClassVar = {'report': ChannelParameter(type=Html)}


class Report(BaseComponent):
    """Writes all that a run has found out as a page, and as the numbers that the page shows.

    Nothing depends on it: it delays no push, and whether it can be made blesses nothing.
    """

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        evaluation: BaseChannel,
        model: BaseChannel,
        model_run: BaseChannel,
        examples: BaseChannel,
        statistics: BaseChannel,
        schema: BaseChannel,
        anomalies: BaseChannel,
        transform_graph: BaseChannel,
        config: ReportTerms,
        baseline_model: BaseChannel | None = None,
        previous_statistics: BaseChannel | None = None,
        tuner_results: BaseChannel | None = None,
    ) -> None:
        """Make the component.

        Args:
            evaluation: the Evaluator's verdict and the rows it kept.
            model: the candidate, which is asked again for permutation importance.
            model_run: training by epoch.
            examples: the examples; read only for pictures that the model is wrong about.
            statistics: statistics of each split.
            schema: the schema.
            anomalies: what ExampleValidator found.
            transform_graph: what preprocessing has learnt.
            config: what to show.
            baseline_model: the model that was blessed last; may be empty.
            previous_statistics: statistics of the data that passed last; may be empty.
            tuner_results: trials of a search.
        """
        super().__init__(
            ReportSpec(
                config=config.model_dump_json(),
                evaluation=evaluation,
                model=model,
                baseline_model=baseline_model,
                model_run=model_run,
                tuner_results=tuner_results,
                examples=examples,
                statistics=statistics,
                previous_statistics=previous_statistics,
                schema=schema,
                anomalies=anomalies,
                transform_graph=transform_graph,
                report=Channel(type=Html),
            )
        )

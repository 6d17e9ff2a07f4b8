"""EndpointPusher: a blessed model onto a Vertex endpoint, by canary and smoke test."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import (
    Examples,
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    PushedModel,
)

from components.endpoint_pusher.executor import Executor
from components.endpoint_pusher.settings import EndpointTerms


class EndpointPusherSpec(ComponentSpec):
    """Inputs, output and settings; the output is what the stock Pusher's is."""

    PARAMETERS: ClassVar = {
        'config': ExecutionParameter(type=str),
        'endpoint': ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {
        'model': ChannelParameter(type=Model),
        'model_blessing': ChannelParameter(type=ModelBlessing),
        'infra_blessing': ChannelParameter(type=InfraBlessing),
        'examples': ChannelParameter(type=Examples),
        'evaluation': ChannelParameter(type=ModelEvaluation),
    }
    OUTPUTS: ClassVar = {'pushed_model': ChannelParameter(type=PushedModel)}


class EndpointPusher(BaseComponent):
    """Deploys a model beside the one that serves, asks it, and lets it take over or go.

    Outputs:
        pushed_model: PushedModel: the copy that Vertex fetched.
    """

    SPEC_CLASS = EndpointPusherSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        model_blessing: BaseChannel,
        infra_blessing: BaseChannel,
        examples: BaseChannel,
        evaluation: BaseChannel,
        config: EndpointTerms,
        endpoint: str | RuntimeParameter,
    ) -> None:
        """Make the component.

        Args:
            model: the candidate.
            model_blessing: the Evaluator's verdict on it.
            infra_blessing: ServingGate's verdict.
            examples: rows that the deployed model is asked for.
            evaluation: what it answered to them when it was evaluated.
            config: how the model gets there.
            endpoint: id or display name of the endpoint.
        """
        super().__init__(
            EndpointPusherSpec(
                config=config.model_dump_json(),
                endpoint=endpoint,
                model=model,
                model_blessing=model_blessing,
                infra_blessing=infra_blessing,
                examples=examples,
                evaluation=evaluation,
                pushed_model=Channel(type=PushedModel),
            )
        )

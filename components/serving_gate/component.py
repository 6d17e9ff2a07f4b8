"""ServingGate: keeps a model that the server can't serve as it was evaluated from being pushed."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples, InfraBlessing, Model, ModelBlessing

from components.serving_gate.executor import Executor
from components.serving_gate.settings import ServingGateConfig


class ServingGateSpec(ComponentSpec):
    """Inputs, output and settings of ServingGate; the blessing is what InfraValidator's is."""

    PARAMETERS: ClassVar = {'config': ExecutionParameter(type=str)}
    INPUTS: ClassVar = {
        'examples': ChannelParameter(type=Examples),
        'model': ChannelParameter(type=Model),
        'model_blessing': ChannelParameter(type=ModelBlessing, optional=True),
    }
    OUTPUTS: ClassVar = {'blessing': ChannelParameter(type=InfraBlessing)}


class ServingGate(BaseComponent):
    """Loads the model in a server of its own, and holds its answers against the Evaluator's.

    Outputs:
        blessing: InfraBlessing, which Pusher honours, with `serving_gate.json`.
    """

    SPEC_CLASS = ServingGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        model: BaseChannel,
        config: ServingGateConfig,
        model_blessing: BaseChannel | None = None,
    ) -> None:
        """Make the component.

        Args:
            examples: rows to ask for (tf.Example).
            model: the candidate.
            config: what to ask, and how exact the answers must be.
            model_blessing: the Evaluator's verdict; a model that it refused is not served.
        """
        super().__init__(
            ServingGateSpec(
                config=config.model_dump_json(),
                examples=examples,
                model=model,
                model_blessing=model_blessing,
                blessing=Channel(type=InfraBlessing),
            )
        )

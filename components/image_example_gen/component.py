"""ImageExampleGen: labelled pictures as tf.Examples, by split."""

from typing import ClassVar

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import Examples

from components.image_example_gen.executor import Executor
from components.image_example_gen.settings import ImageData


class ImageExampleGenSpec(ComponentSpec):
    """Output and settings of ImageExampleGen; plain strings, so that it compiles for Vertex."""

    PARAMETERS = {'data': ExecutionParameter(type=str)}  # noqa: RUF012 (TFX's interface)
    INPUTS: ClassVar[dict[str, ChannelParameter]] = {}
    OUTPUTS = {'examples': ChannelParameter(type=Examples)}  # noqa: RUF012


class ImageExampleGen(BaseComponent):
    """Reads every picture once, and writes those that can be read to one of the splits.

    The output `examples` is what TFX's own ExampleGens make: gzipped TFRecords of tf.Examples,
    `Split-<name>`. Each holds `image` (JPEG or PNG bytes), `label`, `uri`, `height` and `width` of
    the upright picture, and further columns of a manifest or query. Beside the splits,
    `refused.jsonl` lists the pictures that can't be read. Custom properties: `rows` by split
    (JSON), `refused` (JSON: the first of them), `notes` (JSON), and `of_pictures`.
    """

    SPEC_CLASS = ImageExampleGenSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, data: ImageData) -> None:
        """Make the component.

        Args:
            data: where the pictures are, and how they are split.
        """
        super().__init__(
            ImageExampleGenSpec(
                data=data.model_dump_json(exclude_defaults=True),
                examples=Channel(type=Examples),
            )
        )

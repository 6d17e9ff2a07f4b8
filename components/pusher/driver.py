"""Pusher's driver: notices that a model which was pushed is no longer what is served."""

from pathlib import Path

from tfx.dsl.components.base import base_driver as base
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput
from tfx.types.standard_component_specs import MODEL_KEY

from components.pusher.executor import REPLACES, WITHDRAWN, base_directory
from components.pusher.pushes import destination, model_of, pushes, rolled_back, served


class Driver(base.BaseDriver, base_driver.BaseDriver):
    """Adds to the execution properties, so to the cache's key, what became of earlier pushes.

    A push is reused as long as its version is there and the newest. Once it is not, the key is
    a new one, the id of that push; and it stays that as long as what replaced it stands.
    A model whose last push was rolled back is not to be pushed again by itself.

    TFX's own runners call the driver; Vertex does not.
    """

    def __init__(self, metadata: Metadata) -> None:
        base.BaseDriver.__init__(self, metadata)
        base_driver.BaseDriver.__init__(self, metadata)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Look for the model's pushes in the metadata store, and for their versions."""
        model = execution_info.input_dict[MODEL_KEY][0].id
        folder = Path(base_directory(execution_info.exec_properties))
        with self._mlmd_connection as metadata:
            made = pushes(metadata.store)
        mine = [p for p in made if model_of(p) == model and destination(p).parent == folder]
        at = served(folder)
        standing = [p.custom_properties[REPLACES].int_value for p in mine if destination(p) == at]
        last = mine[-1].id if mine else 0
        aside = None if standing else rolled_back(mine)
        output = DriverOutput()
        output.exec_properties[REPLACES].int_value = standing[0] if standing else last
        output.exec_properties[WITHDRAWN].string_value = aside.name if aside else ''
        return output

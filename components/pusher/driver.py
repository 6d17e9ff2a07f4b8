"""Pusher's driver: notices that a model which was pushed is no longer what is served."""

from pathlib import PurePath

from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.dsl.components.base import base_driver as base
from tfx.dsl.io import fileio
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.driver_output_pb2 import DriverOutput
from tfx.types.standard_artifacts import PushedModel
from tfx.types.standard_component_specs import MODEL_KEY

from components.pusher.executor import MODEL_ID, REPLACES, base_directory


class Driver(base.BaseDriver, base_driver.BaseDriver):
    """Adds to the execution properties, so to the cache's key, what a push is to replace.

    A push is reused as long as its version is there and the newest. Once it is not, the key is
    a new one, the id of that push; and it stays that as long as what replaced it stands.
    TFX's own runners call the driver; Vertex does not.
    """

    def __init__(self, metadata: Metadata) -> None:
        base.BaseDriver.__init__(self, metadata)
        base_driver.BaseDriver.__init__(self, metadata)

    def run(self, execution_info: ExecutionInfo) -> DriverOutput:
        """Look for the model's pushes in the metadata store, and for their versions."""
        model = execution_info.input_dict[MODEL_KEY][0].id
        folder = base_directory(execution_info.exec_properties)
        with self._mlmd_connection as metadata:
            pushes = metadata.store.get_artifacts_by_type(PushedModel.TYPE_NAME)
        mine = [p for p in pushes if _is_of(p, model) and _at(p).parent == PurePath(folder)]
        served = PurePath(folder) / _newest(folder)
        standing = [p.custom_properties[REPLACES].int_value for p in mine if _at(p) == served]
        last = max((p.id for p in mine), default=0)
        output = DriverOutput()
        output.exec_properties[REPLACES].int_value = standing[0] if standing else last
        return output


def _newest(folder: str) -> str:
    names = fileio.listdir(folder) if fileio.isdir(folder) else []
    versions = [name.strip('/') for name in names]
    return max((v for v in versions if v.isdecimal()), key=int, default='')


def _is_of(push: mlmd.Artifact, model: int) -> bool:
    properties = push.custom_properties
    return properties[MODEL_ID].int_value == model and properties['pushed'].int_value == 1


def _at(push: mlmd.Artifact) -> PurePath:
    return PurePath(push.custom_properties['pushed_destination'].string_value)

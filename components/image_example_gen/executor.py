"""Reads the pictures and writes them as examples; all the work is in the modules beside."""

import json
from typing import Any

from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components.image_example_gen.columns import OF_PICTURES
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.ingest import REFUSED_FILE, Written, write_examples
from components.image_example_gen.settings import ImageData
from components.staging import is_remote, staged


class Executor(BaseExecutor):
    """Executor of ImageExampleGen."""

    def Do(  # noqa: N802 (TFX's interface)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `Split-<name>/data_tfrecord-00000-of-00001.gz` for every split.

        Raises:
            PicturesError: There are none, or too many can't be read; nothing is left of what was
                written but the list of those.
        """
        data = ImageData.model_validate_json(exec_properties['data'])
        examples = artifact_utils.get_single_instance(output_dict['examples'])
        written = _write(data, examples.uri)
        examples.split_names = artifact_utils.encode_split_names(list(written.rows))
        examples.span = 0
        examples.set_int_custom_property(OF_PICTURES, 1)
        for name, value in written.summary().items():
            examples.set_string_custom_property(name, json.dumps(value, ensure_ascii=False))
        examples.set_string_custom_property(utils.FILE_FORMAT_PROPERTY_NAME, 'tfrecords_gzip')
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)


def _write(data: ImageData, uri: str) -> Written:
    """Write the examples to an artifact, here or on Cloud Storage.

    If the run stops, the list of the refused lies beside the artifacts, which are removed then.
    """
    with staged(uri) as folder:
        remote = is_remote(uri)
        stopped = (folder if remote else folder.parents[1]) / REFUSED_FILE
        try:
            return write_examples(data, folder, stopped)
        except PicturesError as error:
            if not remote or not stopped.exists():
                raise
            fileio.copy(str(stopped), f'{uri}/{REFUSED_FILE}', overwrite=True)
            raise PicturesError(str(error).replace(str(folder), uri)) from None

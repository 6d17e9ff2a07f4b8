"""Runs the query and writes its rows; all the work is in the modules beside."""

import json
from typing import Any

from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components.query_example_gen.ingest import write_examples
from components.query_example_gen.settings import Data
from components.staging import staged


class Executor(BaseExecutor):
    """Executor of QueryExampleGen."""

    def Do(  # noqa: N802 (TFX's interface)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `Split-<name>/data_tfrecord-00000-of-00001.gz` for every split.

        Raises:
            QueryError: The query or its data is not usable; nothing is left of what was written.
        """
        data = Data.model_validate_json(exec_properties['data'])
        examples = artifact_utils.get_single_instance(output_dict['examples'])
        with staged(examples.uri) as folder:
            rows = write_examples(data, folder)
        examples.split_names = artifact_utils.encode_split_names(list(rows))
        examples.span = 0
        examples.set_string_custom_property('rows', json.dumps(rows))
        examples.set_string_custom_property(utils.FILE_FORMAT_PROPERTY_NAME, 'tfrecords_gzip')
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)

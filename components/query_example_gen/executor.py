"""Runs the query and writes its rows; all the work is in the modules beside."""

import json
from typing import Any

from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components.query_example_gen.ingest import write_examples
from components.query_example_gen.request import asked_for
from components.staging import staged

Artifacts = dict[str, list[Artifact]]


class Executor(BaseExecutor):
    """Executor of QueryExampleGen."""

    def Do(  # noqa: N802 (TFX's interface)
        self,
        input_dict: Artifacts,
        output_dict: Artifacts,
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `Split-<name>/data_tfrecord-00000-of-00001.gz` for every split.

        Raises:
            QueryError: The query or its data is not usable; nothing is left of what was written.
            NoNewDataError: There are no rows in the window.
        """
        data, span = asked_for(exec_properties)
        with staged(artifact_utils.get_single_instance(output_dict['examples']).uri) as folder:
            rows = write_examples(data, folder)
        describe(output_dict, rows, span)


def describe(output_dict: Artifacts, rows: dict[str, int], span: int) -> None:
    """Say of the artifact what it holds, as TFX's own ExampleGens do.

    Args:
        output_dict: has `examples`.
        rows: number of rows by split.
        span: number of the span.
    """
    examples = artifact_utils.get_single_instance(output_dict['examples'])
    examples.split_names = artifact_utils.encode_split_names(list(rows))
    examples.span = span
    examples.set_string_custom_property('rows', json.dumps(rows))
    examples.set_string_custom_property(utils.FILE_FORMAT_PROPERTY_NAME, 'tfrecords_gzip')
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)

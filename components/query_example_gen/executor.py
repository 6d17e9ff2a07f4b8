"""Runs the query and writes its rows; all the work is in the modules beside."""

import json
import logging
import time
from pathlib import Path
from typing import Any

from tfx.components.example_gen import utils
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from components.query_example_gen.errors import QueryError
from components.query_example_gen.examples import encode
from components.query_example_gen.reader import open_query
from components.query_example_gen.settings import Data
from components.query_example_gen.splits import assign
from components.query_example_gen.writer import SplitWriter

PROGRESS_SECONDS = 0.25
"""Shortest time between two reports."""

progress = logging.getLogger('sluice.progress')


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
        rows = write_examples(data, Path(examples.uri))
        examples.split_names = artifact_utils.encode_split_names(list(rows))
        examples.span = 0
        examples.set_string_custom_property('rows', json.dumps(rows))
        examples.set_string_custom_property(utils.FILE_FORMAT_PROPERTY_NAME, 'tfrecords_gzip')
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)


def write_examples(data: Data, folder: Path) -> dict[str, int]:
    """Run a query over local files, and return the number of rows in each split.

    Memory is bounded by a batch of rows.

    Raises:
        QueryError: The query or its data is not usable; nothing is left of what was written.
    """
    if not data.local:
        raise QueryError(
            'data.local: no local file stands for the tables of the query; BigQuery itself is '
            'not asked yet'
        )
    reported = time.monotonic()
    with open_query(data) as query, SplitWriter(folder, data.split.names) as writer:
        for batch in query.batches():
            writer.write(encode(batch), assign(batch, data.split))
            if (now := time.monotonic()) - reported > PROGRESS_SECONDS:
                reported = now
                _report(sum(writer.rows.values()))
    _report(sum(writer.rows.values()))
    return dict(writer.rows)


def _report(rows: int) -> None:
    counted = {'done': rows, 'total': None, 'unit': 'rows'}
    progress.info('%s rows', f'{rows:,}', extra={'progress': counted})

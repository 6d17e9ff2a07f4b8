"""PredictionTable's executor."""

import logging
from typing import Any

from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact

from components.example_batches import example_files, read_batches
from components.prediction_table.table import write_table
from components.query_example_gen.settings import UNLABELLED
from components.staging import staged

FILE = 'predictions.parquet'
_progress = logging.getLogger('sluice.progress')

Artifacts = dict[str, list[Artifact]]


class Executor(BaseExecutor):
    """Writes the table into its artifact, and a copy of it to where people look for it."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Write the table; nothing if there are no predictions.

        Args:
            input_dict: `examples`.
            output_dict: `predictions`: gets the file, and as properties the number of `rows` and
                where else they were `written_to`.
            exec_properties: `output`, the file to write.
        """
        examples = artifact_utils.get_single_instance(input_dict['examples'])
        predictions = artifact_utils.get_single_instance(output_dict['predictions'])
        splits = artifact_utils.decode_split_names(examples.split_names or '[]')
        rows = 0
        if splits:
            made = f'{predictions.uri}/{FILE}'
            batches = read_batches(example_files(examples, UNLABELLED))
            with staged(predictions.uri) as folder:
                rows = write_table(batches, str(folder / FILE))
            _publish(made, exec_properties['output'])
        predictions.set_int_custom_property('rows', rows)
        predictions.set_string_custom_property('written_to', exec_properties['output'])
        counted = {'done': rows, 'total': None, 'unit': 'rows'}
        _progress.info('%d rows', rows, extra={'progress': counted})


def _publish(made: str, output: str) -> None:
    """Copy a file in one piece."""
    folder = output.rpartition('/')[0]
    if folder:
        fileio.makedirs(folder)
    part = f'{output}.part'
    fileio.copy(made, part, overwrite=True)
    fileio.rename(part, output, overwrite=True)

"""Transform without Beam where that only adds cost."""

import tempfile
from pathlib import Path
from typing import Any

import tensorflow_transform as tft
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tensorflow_transform.tf_metadata import metadata_io
from tfx.components.transform import executor as stock
from tfx.components.transform import executor_utils, labels
from tfx.components.util import examples_utils
from tfx.types import Artifact, artifact_utils
from tfx.types import standard_component_specs as keys
from tfx.utils import io_utils

from components.engine import works_in_process
from components.example_batches import bytes_on_disk, example_files
from components.transform.analysis import Analysis
from components.transform.columns import ColumnReader, type_specs

_BEAM_ONLY_OUTPUTS = (
    keys.TRANSFORMED_EXAMPLES_KEY,
    keys.PRE_TRANSFORM_STATS_KEY,
    keys.UPDATED_ANALYZER_CACHE_KEY,
)
_BEAM_ONLY_PROPERTIES = (keys.MODULE_FILE_KEY, keys.MODULE_PATH_KEY, keys.FORCE_TF_COMPAT_V1_KEY)


class Executor(stock.Executor):
    """Writes what the stock executor writes; in Beam, it is the stock executor."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `metadata`, `transform_fn` and `transformed_metadata` to the transform graph."""
        examples = input_dict[keys.EXAMPLES_KEY]
        splits = executor_utils.ResolveSplitsConfig(
            exec_properties.get(keys.SPLITS_CONFIG_KEY), examples
        ).analyze
        files = [f for e in examples for split in splits for f in example_files(e, split)]
        size = bytes_on_disk(files)
        schema = _schema(input_dict[keys.SCHEMA_KEY])
        with tempfile.TemporaryDirectory(prefix='sluice-transform-') as temp:
            analysis = None
            beam_only = _beam_only(examples, output_dict, exec_properties)
            if not beam_only:
                analysis = self._traced(schema, exec_properties, Path(temp))
                beam_only = analysis.unknown
            if not works_in_process(self._beam_pipeline_args or (), size, beam_only):
                super().Do(input_dict, output_dict, exec_properties)
                return
            assert analysis is not None
            made = Path(temp) / 'transform_graph'
            analysis.write(ColumnReader(files, schema), made)
            metadata_io.write_metadata(
                tft.DatasetMetadata(schema), str(made / tft.TFTransformOutput.RAW_METADATA_DIR)
            )
            graph = artifact_utils.get_single_uri(output_dict[keys.TRANSFORM_GRAPH_KEY])
            io_utils.copy_dir(str(made), graph)

    def _traced(self, schema: Schema, exec_properties: dict[str, Any], temp: Path) -> Analysis:
        settings = {
            labels.PREPROCESSING_FN: exec_properties[keys.PREPROCESSING_FN_KEY],
            labels.CUSTOM_CONFIG: exec_properties.get(keys.CUSTOM_CONFIG_KEY),
        }
        return Analysis(self._GetPreprocessingFn(settings, {}), type_specs(schema), temp)


def _schema(artifacts: list[Artifact]) -> Schema:
    file = io_utils.get_only_uri_in_dir(artifact_utils.get_single_uri(artifacts))
    return io_utils.SchemaReader().read(file)


def _beam_only(
    examples: list[Artifact],
    output_dict: dict[str, list[Artifact]],
    exec_properties: dict[str, Any],
) -> str | None:
    """Say what is asked for that only the stock executor does, if anything."""
    asked = [key for key in _BEAM_ONLY_OUTPUTS if output_dict.get(key)]
    asked += [key for key in _BEAM_ONLY_PROPERTIES if exec_properties.get(key)]
    asked += [
        form
        for form in map(examples_utils.get_payload_format_string, examples)
        if form != 'FORMAT_TF_EXAMPLE'
    ]
    return asked[0] if asked else None

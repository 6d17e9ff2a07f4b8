"""Statistics by TFDV's own generators over Arrow batches, without Beam where it only adds cost."""

from typing import Any

from tensorflow_data_validation import StatsOptions
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList
from tfx.components.statistics_gen import executor as stock
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_component_specs import EXAMPLES_KEY, STATISTICS_KEY

from components.engine import works_in_process
from components.example_batches import bytes_on_disk, example_files, read_batches
from components.image_example_gen.columns import OF_PICTURES, without_pictures

FILE_NAME = 'FeatureStats.pb'
"""Where TFX's readers of statistics look."""


class Executor(stock.Executor):
    """Writes what the stock executor writes; in Beam, it is the stock executor."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `Split-<name>/FeatureStats.pb` for every split."""
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES_KEY])
        splits = artifact_utils.decode_split_names(examples.split_names)
        files = {split: example_files(examples, split) for split in splits}
        size = sum(map(bytes_on_disk, files.values()))
        # Of pictures little is counted, so that reading them is all there is to do.
        pictures = examples.get_int_custom_property(OF_PICTURES) == 1
        if not pictures and not works_in_process(self._beam_pipeline_args or (), size):
            super().Do(input_dict, output_dict, exec_properties)
            return
        statistics = artifact_utils.get_single_instance(output_dict[STATISTICS_KEY])
        statistics.split_names = artifact_utils.encode_split_names(splits)
        statistics.span = examples.span
        for split in splits:
            folder = artifact_utils.get_split_uri([statistics], split)
            fileio.makedirs(folder)
            with fileio.open(f'{folder}/{FILE_NAME}', 'wb') as out:
                out.write(statistics_of(files[split], pictures).SerializeToString())


def statistics_of(files: list[str], pictures: bool = False) -> DatasetFeatureStatisticsList:
    """Return TFDV's default statistics of the examples in TFRecord files.

    Of pictures, only the format is counted.

    Batches are added to the generators' accumulators one at a time, so memory is bounded by
    a batch and by the distinct values of the string columns.
    """
    generators = stats_impl.get_generators(StatsOptions(), in_memory=True)
    sums = [generator.create_accumulator() for generator in generators]
    for batch in read_batches(files):
        batch = without_pictures(batch) if pictures else batch
        sums = [g.add_input(s, batch) for g, s in zip(generators, sums, strict=True)]
    return stats_impl.extract_statistics_output(sums, generators)

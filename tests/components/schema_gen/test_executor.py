"""The schema of pictures, from their examples by way of their statistics."""

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0.anomalies_pb2 import Anomalies
from tensorflow_metadata.proto.v0.schema_pb2 import Feature, FeatureType, Schema
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList

from components.image_example_gen.ingest import write_examples
from components.image_example_gen.settings import ImageData
from tests.components.image_example_gen.samples import class_folders, jpeg


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples, statistics, schema and anomalies of a manifest's pictures."""
    from tfx.components.example_validator.executor import Executor as ExampleValidator
    from tfx.types import standard_artifacts

    from components.schema_gen.executor import Executor as SchemaGen
    from components.statistics_gen.executor import Executor as StatisticsGen

    folder = tmp_path_factory.mktemp('pictures')
    class_folders(folder, {'0': 40, '1': 40})
    (folder / '0' / 'j.jpg').write_bytes(jpeg())
    lines = [
        f'{file},{file.parent.name},{i},{"" if i % 3 else "dark"}'
        for i, file in enumerate(sorted(folder.glob('*/*')))
    ]
    (folder / 'm.csv').write_text('\n'.join(['uri,label,n,light', *lines]))
    data = ImageData.model_validate(
        {'images': str(folder / 'm.csv'), 'split': {'into': {'train': 1, 'eval': 1}}}
    )
    write_examples(data, folder / 'examples', folder / 'stopped')

    def artifact(kind: Callable, name: str):
        found = kind()
        found.uri = str(folder / name)
        if hasattr(found, 'split_names'):
            found.split_names = '["train", "eval"]'
        return found

    examples = artifact(standard_artifacts.Examples, 'examples')
    examples.set_int_custom_property('of_pictures', 1)
    statistics = artifact(standard_artifacts.ExampleStatistics, 'statistics')
    schema = artifact(standard_artifacts.Schema, 'schema')
    anomalies = artifact(standard_artifacts.ExampleAnomalies, 'anomalies')
    StatisticsGen().Do({'examples': [examples]}, {'statistics': [statistics]}, {})
    SchemaGen().Do({'statistics': [statistics]}, {'schema': [schema]}, {})
    inputs = {'statistics': [statistics], 'schema': [schema]}
    ExampleValidator().Do(inputs, {'anomalies': [anomalies]}, {})
    return folder


@pytest.fixture(scope='module')
def features(made: Path) -> dict[str, Feature]:
    schema = text_format.Parse((made / 'schema' / 'schema.pbtxt').read_text(), Schema())
    return {feature.name: feature for feature in schema.feature}


def test_statistics_hold_the_format_in_place_of_the_picture(made: Path) -> None:
    file = made / 'statistics' / 'Split-train' / 'FeatureStats.pb'
    assert file.stat().st_size < 100_000
    statistics = DatasetFeatureStatisticsList.FromString(file.read_bytes())
    found = {f.path.step[0]: f for f in statistics.datasets[0].features}
    assert set(found) == {'image', 'label', 'uri', 'height', 'width', 'n', 'light'}
    buckets = found['image'].string_stats.rank_histogram.buckets
    formats = {bucket.label: bucket.sample_count for bucket in buckets}
    assert set(formats) <= {'png', 'jpeg'}
    assert sum(formats.values()) == statistics.datasets[0].num_examples


def test_what_every_picture_has_is_dense(features: dict[str, Feature]) -> None:
    for name in ('image', 'label', 'uri', 'height', 'width'):
        assert features[name].presence.min_fraction == 1
        assert [dim.size for dim in features[name].shape.dim] == [1]
    assert not features['light'].HasField('shape')


def test_the_image_is_said_to_be_one(features: dict[str, Feature]) -> None:
    assert features['image'].type == FeatureType.BYTES
    assert features['image'].WhichOneof('domain_info') == 'image_domain'


def test_names_are_not_held_against_those_seen(features: dict[str, Feature], made: Path) -> None:
    for name in ('label', 'uri'):
        assert features[name].WhichOneof('domain_info') is None
    schema = text_format.Parse((made / 'schema' / 'schema.pbtxt').read_text(), Schema())
    assert [domain.name for domain in schema.string_domain] in ([], ['light'])


def test_the_pictures_do_not_contradict_their_schema(made: Path) -> None:
    for split in ('train', 'eval'):
        file = made / 'anomalies' / f'Split-{split}' / 'SchemaDiff.pb'
        assert not Anomalies.FromString(file.read_bytes()).anomaly_info

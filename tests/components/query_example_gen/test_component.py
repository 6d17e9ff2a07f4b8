"""What TFX sees: the component, and the artifact that its executor fills."""

import json
from pathlib import Path

import pytest

from components.query_example_gen.settings import Data

pytestmark = pytest.mark.slow  # TFX takes its time to load


@pytest.fixture
def data(tmp_path: Path) -> Data:
    (tmp_path / 't.csv').write_text('\n'.join(['x,s', *(f'{i},{i % 3}' for i in range(100))]))
    query = 'SELECT x, CAST(s AS STRING) AS s FROM d.t'
    split = {'by': 'x', 'into': {'train': 3, 'eval': 1, 'holdout': 1}}
    return Data.model_validate(
        {'query': query, 'local': {'d.t': str(tmp_path / 't.csv')}, 'split': split}
    )


def test_the_artifact_is_like_that_of_tfx_own(data: Data, tmp_path: Path) -> None:
    from tfx.components.util import tfxio_utils
    from tfx.types.artifact_utils import decode_split_names
    from tfx.types.standard_artifacts import Examples

    from components.query_example_gen.executor import Executor

    examples = Examples()
    examples.uri = str(tmp_path / 'examples')
    Executor().Do({}, {'examples': [examples]}, {'data': data.model_dump_json(by_alias=True)})
    assert decode_split_names(examples.split_names) == ['train', 'eval', 'holdout']
    assert examples.span == 0
    assert examples.get_string_custom_property('file_format') == 'tfrecords_gzip'
    assert examples.get_string_custom_property('payload_format') == 'FORMAT_TF_EXAMPLE'
    rows = json.loads(examples.get_string_custom_property('rows'))
    assert sum(rows.values()) == 100
    # What StatisticsGen and Transform make of it, without a schema.
    tfxio = tfxio_utils.get_tfxio_factory_from_artifact([examples], ['test'])(
        [f'{examples.uri}/Split-holdout/*']
    )
    import apache_beam as beam

    with beam.Pipeline(
        options=beam.options.pipeline_options.PipelineOptions(['--direct_running_mode=in_memory'])
    ) as pipeline:
        counted = pipeline | tfxio.BeamSource() | beam.Map(lambda batch: batch.num_rows)
        total = counted | beam.CombineGlobally(sum)
        _ = total | beam.Map(lambda n: (tmp_path / 'rows').write_text(str(n)))
    assert int((tmp_path / 'rows').read_text()) == rows['holdout']


def test_the_component_carries_all_its_settings(data: Data) -> None:
    from components.query_example_gen.component import QueryExampleGen

    component = QueryExampleGen(data)
    assert Data.model_validate_json(component.exec_properties['data']) == data
    assert list(component.outputs) == ['examples']

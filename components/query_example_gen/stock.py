"""TFX's own BigQuery source, in Beam: for tables that need more than one machine.

Reading and conversion are those of TFX's BigQueryExampleGen. Which split a row goes to is decided
as everywhere here, by BigQuery itself: the query runs once, with one more column.
"""

import json
from typing import Any

import apache_beam as beam
import tensorflow as tf
from apache_beam.metrics import Metrics, MetricsFilter
from tfx.components.example_gen.write_split import WriteSplit
from tfx.extensions.google_cloud_big_query import utils as big_query
from tfx.extensions.google_cloud_big_query.example_gen import executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.query_example_gen.bigquery import prepared
from components.query_example_gen.errors import QueryError
from components.query_example_gen.executor import Artifacts, describe
from components.query_example_gen.ingest import check_new, check_split_columns
from components.query_example_gen.reader import query_text
from components.query_example_gen.request import asked_for
from components.query_example_gen.settings import Data
from components.query_example_gen.split_sql import SPLIT_COLUMN, with_split
from components.query_example_gen.sql.named import checked, inlined
from components.query_example_gen.writer import check_rows

ROWS = 'rows'
"""Namespace of the counters of rows, by split."""


class StockExecutor(executor.Executor):
    """Executor of QueryExampleGen in Beam, with the source of TFX's BigQueryExampleGen."""

    def Do(  # noqa: N802 (TFX's interface)
        self,
        input_dict: Artifacts,
        output_dict: Artifacts,
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the records of every split to `Split-<name>`, as many files as there are workers.

        Raises:
            QueryError: The query or its data is not usable.
            NoNewDataError: There are no rows in the window.
        """
        data, span = asked_for(exec_properties)
        examples = artifact_utils.get_single_instance(output_dict['examples'])
        query = self._query(data)
        examples.split_names = artifact_utils.encode_split_names(list(data.split.names))
        asked = {
            '_beam_pipeline_args': self._arguments(data),
            'custom_config': json.dumps(_source(data, examples.uri)),
            'output_data_format': example_gen_pb2.FORMAT_TF_EXAMPLE,
        }
        pipeline = self._make_beam_pipeline()
        rows = pipeline | 'Read' >> self.GetInputSourceToExamplePTransform()(asked, query)
        tagged = rows | 'Split' >> beam.ParDo(_Split(data.split.names)).with_outputs(
            *data.split.names
        )
        for name in data.split.names:
            uri = artifact_utils.get_split_uri([examples], name)
            format_ = example_gen_pb2.FORMAT_TFRECORDS_GZIP
            _ = tagged[name] | f'Write {name}' >> WriteSplit(uri, format_, asked)
        result = pipeline.run()
        result.wait_until_finish()
        counted = _counted(result, data.split.names)
        check_new(data, sum(counted.values()))
        check_rows(counted)
        describe(output_dict, counted, span)

    def _query(self, data: Data) -> str:
        """Have BigQuery check the query, and return it as Beam can pass it on.

        Raises:
            QueryError: BigQuery refuses it, it would scan too much, or has no column that the
                split needs.
        """
        text = query_text(data)
        checked(text, data.parameters)
        columns = prepared(text, data, patient=True).columns
        check_split_columns(data, columns)
        return with_split(inlined(text, data.parameters), data.split, columns)

    def _arguments(self, data: Data) -> list[str]:
        """Return the arguments of Beam, and the project that pays if they don't name one."""
        arguments = self._beam_pipeline_args
        if data.project and not big_query.parse_gcp_project(arguments):
            arguments.append(f'--project={data.project}')
        return arguments


class _Split(beam.DoFn):
    """Takes the split of a row out of it, and counts."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def process(self, example: tf.train.Example) -> Any:
        features = example.features.feature
        index = features[SPLIT_COLUMN].int64_list.value[0]
        if index < 0:
            raise QueryError('data.split.column: a row holds a value that names no split')
        del features[SPLIT_COLUMN]
        name = self._names[index]
        Metrics.counter(ROWS, name).inc()
        yield beam.pvalue.TaggedOutput(name, example)


def _source(data: Data, uri: str) -> dict[str, str]:
    """Return how Beam's source reads.

    Args:
        data: How BigQuery is asked.
        uri: Artifact, beside whose examples exported files are for a while.
    """
    if data.read_mode == 'EXPORT' and '://' in uri:
        return {'method': data.read_mode, 'gcs_location': f'{uri.rstrip("/")}/exported'}
    return {'method': data.read_mode}


def _counted(result: Any, names: tuple[str, ...]) -> dict[str, int]:
    """Return the number of rows by split."""
    found = result.metrics().query(MetricsFilter().with_namespace(ROWS))['counters']
    counts = {metric.key.metric.name: int(metric.result) for metric in found}
    return {name: counts.get(name, 0) for name in names}

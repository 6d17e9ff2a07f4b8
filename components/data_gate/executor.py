"""DataGate's executor: statistics and anomalies in, a blessing or an error out."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from google.protobuf.message import Message
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME as ANOMALIES_FILE
from tfx.components.statistics_gen.executor import DEFAULT_FILE_NAME as STATISTICS_FILE
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils

from components.data_gate.anomalies import check_schema
from components.data_gate.check import Check, DataGateError
from components.data_gate.checks import check_features, check_label, check_rows
from components.data_gate.class_counts import count_classes
from components.data_gate.column_stats import Split, read_split
from components.data_gate.distances import check_distances
from components.data_gate.settings import DataGateTerms
from components.example_batches import example_files, read_batches

REPORT_FILE = 'data_gate.json'
"""Name of the report within the blessing: `passed`, `rows` by split, `compared_with`, `checks`."""

BLESSED = 'blessed'
STATISTICS_ID = 'statistics_id'
"""Custom properties of the blessing: whether the data passed, and the statistics that did."""

Artifacts = dict[str, list[Artifact]]
T = TypeVar('T', bound=Message)


class Executor(BaseExecutor):
    """Checks the data, and stops the run if it is not fit to train on."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Check the data, write the report, and raise if a check failed.

        Args:
            input_dict: `examples`, `statistics`, `schema`, `anomalies`, and
                `previous_statistics`, which may be empty.
            output_dict: `blessing`.
            exec_properties: `config`: `DataGateTerms` as JSON.

        Raises:
            DataGateError: The data is not fit to train on.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        terms = DataGateTerms.model_validate_json(exec_properties['config'])
        blessing = artifact_utils.get_single_instance(output_dict['blessing'])
        statistics = artifact_utils.get_single_instance(input_dict['statistics'])
        previous = next(iter(input_dict.get('previous_statistics', [])), None)
        splits = _splits(statistics)
        checks = list(_checks(input_dict, terms, splits, _splits(previous) if previous else {}))
        faults = [check for check in checks if not check.passed]
        report = {
            'passed': not faults,
            'rows': {split.name: split.rows for split in splits.values()},
            'compared_with': previous.uri if previous else None,
            'checks': [dataclasses.asdict(check) for check in checks],
        }
        io_utils.write_string_file(
            f'{blessing.uri}/{REPORT_FILE}', json.dumps(report, indent=2, ensure_ascii=False)
        )
        blessing.set_int_custom_property(BLESSED, int(not faults))
        blessing.set_int_custom_property(STATISTICS_ID, statistics.id)
        if faults:
            raise DataGateError(faults)


def _checks(
    inputs: Artifacts, terms: DataGateTerms, splits: dict[str, Split], earlier: dict[str, Split]
) -> Iterator[Check]:
    """Run all checks; a fault of a column is told once, by the check that knows most of it."""
    yield from check_rows(splits, terms.splits)
    filled = {name: split for name, split in splits.items() if split.rows}
    own = list(check_label(filled, terms, _classes(inputs, filled, terms)))
    if 'train' in filled:
        own += check_features(filled['train'], terms.features)
    yield from own
    told = {(check.split, check.column) for check in own if not check.passed}
    for check in _compared(inputs, terms, filled, earlier):
        if check.measured is not None or (check.split, check.column) not in told:
            yield check


def _compared(
    inputs: Artifacts, terms: DataGateTerms, splits: dict[str, Split], earlier: dict[str, Split]
) -> Iterator[Check]:
    """Compare with the schema, the train split, and the data that passed last."""
    folder = artifact_utils.get_single_uri(inputs['schema'])
    schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(folder))
    anomalies = artifact_utils.get_single_instance(inputs['anomalies'])
    for name, split in splits.items():
        found = _read(anomalies_pb2.Anomalies, anomalies, name, ANOMALIES_FILE)
        yield from check_schema(split, found, schema)
    train, bounds = splits.get('train'), terms.bounds
    if train and 'eval' in splits:
        yield from check_distances('skew', splits['eval'], train, bounds.skew)
    if train and 'train' in earlier:
        yield from check_distances('drift', train, earlier['train'], bounds.drift)


def _splits(statistics: Artifact) -> dict[str, Split]:
    names = artifact_utils.decode_split_names(statistics.split_names)
    kind = statistics_pb2.DatasetFeatureStatisticsList
    return {
        name: read_split(name, _read(kind, statistics, name, STATISTICS_FILE)) for name in names
    }


def _classes(
    inputs: Artifacts, splits: Mapping[str, Split], terms: DataGateTerms
) -> dict[str, dict[str, int]]:
    """Return rows by split and class: from the statistics, if they hold them, or the examples."""
    if terms.task == 'regression':
        return {}
    classes = {}
    for name, split in splits.items():
        column = split.columns.get(terms.label)
        counts = column.counts if column else {}
        if counts is None:
            examples = artifact_utils.get_single_instance(inputs['examples'])
            counts = count_classes(read_batches(example_files(examples, name)), terms.label)
        classes[name] = {value: n for value, n in counts.items() if value}
    return classes


def _read(kind: type[T], artifact: Artifact, split: str, name: str) -> T:
    folder = artifact_utils.get_split_uri([artifact], split)
    with fileio.open(f'{folder}/{name}', 'rb') as file:
        return kind.FromString(file.read())

"""What a report is made from: the artifacts of a run, read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa
from google.protobuf.message import Message
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx.components.example_validator.executor import DEFAULT_FILE_NAME as ANOMALIES_FILE
from tfx.components.statistics_gen.executor import DEFAULT_FILE_NAME as STATISTICS_FILE
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils
from tfx.utils import io_utils, path_utils

from components.data_gate.column_stats import Split, read_split
from components.evaluator.predictions import file_name
from components.evaluator.verdict import FILE_NAME as VERDICT_FILE
from components.report.numbers.rows import Rows, read_rows
from components.report.settings import ReportTerms

HISTORY_FILE = 'history.json'
TRIALS_FILE = 'tuner_results.json'
PROVENANCE_FILE = 'assets.extra/training.json'
"""Beside an exported model: how it was trained (models/provenance.py)."""

Artifacts = Mapping[str, list[Artifact]]
T = TypeVar('T', bound=Message)


@dataclass(frozen=True)
class Sources:
    """The artifacts of a run.

    Attributes:
        verdict: verdict.json.
        rows: Kept predictions of the judged split; None if there are none.
        statistics: By split.
        previous: Statistics of the train split that passed last, if any.
        schema: The schema.
        anomalies: By split.
        history: Training by epoch; empty if there is none.
        trials: What a search tried.
        provenance: How each model was trained, by `candidate` and `baseline`.
        models: Folder of each SavedModel.
        transform_graph: Folder of the transform graph.
        examples: Examples artifact.
        lineage: Path of each artifact, by input.
    """

    verdict: dict[str, Any]
    rows: Rows | None
    statistics: dict[str, Split]
    previous: Split | None
    schema: schema_pb2.Schema
    anomalies: dict[str, anomalies_pb2.Anomalies]
    history: dict[str, Any]
    trials: list[dict[str, Any]]
    provenance: dict[str, dict[str, Any]]
    models: dict[str, str]
    transform_graph: str
    examples: Artifact
    lineage: dict[str, str] = field(default_factory=dict)


def read_sources(inputs: Artifacts, terms: ReportTerms) -> Sources:
    """Read what the steps before have left.

    Args:
        inputs: As the executor gets them; those that are optional may be absent or empty.
        terms: Names the judged split.
    """
    evaluation = _uri(inputs, 'evaluation')
    models = {
        name: path_utils.serving_model_path(found.uri, path_utils.is_old_model_artifact(found))
        for name, key in (('candidate', 'model'), ('baseline', 'baseline_model'))
        if (found := _only(inputs, key))
    }
    previous = _only(inputs, 'previous_statistics')
    tuned = _only(inputs, 'tuner_results')
    return Sources(
        verdict=json.loads(_text(f'{evaluation}/{VERDICT_FILE}')),
        rows=_rows(f'{evaluation}/{file_name(terms.split)}'),
        statistics=_splits(_only(inputs, 'statistics')),
        previous=_splits(previous).get('train') if previous else None,
        schema=io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(_uri(inputs, 'schema'))),
        anomalies={
            name: _read(anomalies_pb2.Anomalies, inputs['anomalies'][0], name, ANOMALIES_FILE)
            for name in artifact_utils.decode_split_names(inputs['anomalies'][0].split_names)
        },
        history=_json(f'{_uri(inputs, "model_run")}/{HISTORY_FILE}', {}),
        trials=_json(f'{tuned.uri}/{TRIALS_FILE}', []) if tuned else [],
        provenance={
            name: found
            for name, path in models.items()
            if (found := _json(f'{path}/{PROVENANCE_FILE}', {}))
        },
        models=models,
        transform_graph=_uri(inputs, 'transform_graph'),
        examples=inputs['examples'][0],
        lineage={key: found[0].uri for key, found in sorted(inputs.items()) if found},
    )


def _only(inputs: Artifacts, key: str) -> Artifact | None:
    return next(iter(inputs.get(key) or ()), None)


def _uri(inputs: Artifacts, key: str) -> str:
    return artifact_utils.get_single_uri(inputs[key])


def _text(path: str) -> str:
    with fileio.open(path, 'rb') as file:
        return file.read().decode()


def _json(path: str, otherwise: Any) -> Any:
    return json.loads(_text(path)) if fileio.exists(path) else otherwise


def _rows(path: str) -> Rows | None:
    if not fileio.exists(path):
        return None
    if '://' not in path:
        return read_rows(path)
    with fileio.open(path, 'rb') as file:
        return read_rows(pa.BufferReader(file.read()))


def _splits(statistics: Artifact | None) -> dict[str, Split]:
    if statistics is None:
        return {}
    kind = statistics_pb2.DatasetFeatureStatisticsList
    return {
        name: read_split(name, _read(kind, statistics, name, STATISTICS_FILE))
        for name in artifact_utils.decode_split_names(statistics.split_names)
    }


def _read(kind: type[T], artifact: Artifact, split: str, name: str) -> T:
    folder = artifact_utils.get_split_uri([artifact], split)
    with fileio.open(f'{folder}/{name}', 'rb') as file:
        return kind.FromString(file.read())

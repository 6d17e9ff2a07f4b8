"""What the metadata store (MLMD) knows of a pipeline's steps."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_metadata import ListOptions, MetadataStore, OrderByField
from ml_metadata.proto import metadata_store_pb2 as mlmd

from pipeline.outcomes import Output

ABANDONED_WITHIN = 100
"""Executions to look back over; more than a run has, and every run clears the one before."""


@dataclass(frozen=True)
class Execution:
    """The last execution of a step."""

    cached: bool
    outputs: dict[str, list[Output]]


def last_execution(store: MetadataStore, pipeline: str, step: str) -> Execution:
    """Return what a step's last execution made, or took from the cache."""
    context = store.get_context_by_type_and_name('node', f'{pipeline}.{step}')
    execution = store.get_executions_by_context(context.id, _newest(1))[0]
    events = store.get_events_by_execution_ids([execution.id])
    made = [e for e in events if e.type == mlmd.Event.OUTPUT]
    artifacts = {a.id: a for a in store.get_artifacts_by_id([e.artifact_id for e in made])}
    outputs: dict[str, list[Output]] = {}
    for event in made:
        artifact = artifacts[event.artifact_id]
        properties = {**dict(artifact.properties), **dict(artifact.custom_properties)}
        outputs.setdefault(event.path.steps[0].key, []).append(
            Output(artifact.uri, {k: _value(v) for k, v in properties.items()})
        )
    return Execution(execution.last_known_state == mlmd.Execution.CACHED, outputs)


def clear_abandoned(store: MetadataStore, root: Path) -> None:
    """Mark what a killed run left running as failed, and remove its half-made artifacts.

    Only for a caller that holds the store's lock.
    """
    recent = store.get_executions(_newest(ABANDONED_WITHIN))
    left = [e for e in recent if e.last_known_state == mlmd.Execution.RUNNING]
    for execution in left:
        for part in root.glob(f'*/*/*/{execution.id}'):
            shutil.rmtree(part, ignore_errors=True)
        execution.last_known_state = mlmd.Execution.FAILED
    if left:
        store.put_executions(left)


def _newest(n: int) -> ListOptions:
    return ListOptions(limit=n, order_by=OrderByField.ID, is_asc=False)


def _value(value: mlmd.Value) -> Any:
    return getattr(value, value.WhichOneof('value'))

"""Resolvers in a real metadata store: LocalDagRunner, components that only make artifacts."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import (
    ExampleAnomalies,
    ExampleStatistics,
    Model,
    ModelBlessing,
)

from components.data_gate.executor import BLESSED, STATISTICS_ID
from components.pusher.executor import MODEL_ID
from components.pusher.versions import roll_back
from components.resolvers import baseline_resolver, previous_statistics_resolver

STEPS = ('MakeStatistics', 'GateData', 'Train', 'Evaluate')


@component
def MakeStatistics(  # noqa: N802
    data: Parameter[str], statistics: OutputArtifact[ExampleStatistics]
) -> None:
    Path(statistics.uri, 'data').write_text(data)


@component
def GateData(  # noqa: N802
    statistics: InputArtifact[ExampleStatistics],
    fit: Parameter[int],
    blessing: OutputArtifact[ExampleAnomalies],
    previous: InputArtifact[ExampleStatistics] = None,
) -> None:
    blessing.set_int_custom_property(BLESSED, fit)
    blessing.set_int_custom_property(STATISTICS_ID, statistics.id)


@component
def Train(settings: Parameter[str], model: OutputArtifact[Model]) -> None:  # noqa: N802
    Path(model.uri, 'Format-Serving').mkdir()
    Path(model.uri, 'Format-Serving', 'saved_model.pb').write_text(settings)


@component
def Evaluate(  # noqa: N802
    model: InputArtifact[Model],
    good: Parameter[int],
    blessing: OutputArtifact[ModelBlessing],
    baseline: InputArtifact[Model] = None,
) -> None:
    blessing.set_int_custom_property('blessed', good)
    blessing.set_int_custom_property('current_model_id', model.id)


class Outcome(NamedTuple):
    """Artifacts of a run, 0 where there is none, and the steps that did not come from the cache."""

    statistics: int
    previous: int
    model: int
    baseline: int
    ran: list[str]


class Runs:
    """Runs of tiny pipelines in one metadata store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = sqlite_metadata_connection_config(str(folder / 'metadata.db'))
        self.store = MetadataStore(self.connection)

    def run(
        self, settings: str, data: str = 'd', good: int = 1, fit: int = 1, name: str = 'tiny'
    ) -> Outcome:
        """Run a pipeline; `good` blesses its model, `fit` its data."""
        make = MakeStatistics(data=data)
        statistics = make.outputs['statistics']
        previous = previous_statistics_resolver(statistics, on_vertex=False)
        gate = GateData(statistics=statistics, previous=previous.outputs['statistics'], fit=fit)
        train = Train(settings=settings)
        train.add_upstream_node(gate)
        model = train.outputs['model']
        baseline = baseline_resolver(model, on_vertex=False)
        evaluate = Evaluate(model=model, baseline=baseline.outputs['model'], good=good)
        nodes = [make, previous, gate, train, baseline, evaluate]
        before = {execution.id for execution in self.store.get_executions()}
        root = str(self.folder / name)
        LocalDagRunner().run(
            Pipeline(name, root, self.connection, components=nodes, enable_cache=True)
        )
        return self._outcome([e for e in self.store.get_executions() if e.id not in before])

    def path(self, artifact: int) -> Path:
        return Path(self.store.get_artifacts_by_id([artifact])[0].uri)

    def _outcome(self, executions: list[mlmd.Execution]) -> Outcome:
        by_step = {self._step(e): e for e in executions}
        assert {*STEPS, 'Resolver'} == set(by_step)
        ids = {}
        for step in ('GateData', 'Evaluate'):
            for event in self.store.get_events_by_execution_ids([by_step[step].id]):
                ids[event.path.steps[0].key] = event.artifact_id
        return Outcome(
            ids['statistics'],
            ids.get('previous', 0),
            ids['model'],
            ids.get('baseline', 0),
            [s for s in STEPS if by_step[s].last_known_state != mlmd.Execution.CACHED],
        )

    def _step(self, execution: mlmd.Execution) -> str:
        (type_,) = self.store.get_execution_types_by_id([execution.type_id])
        return type_.name.rpartition('.')[2]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_unchanged_run_is_all_cached_and_a_changed_one_meets_the_last(runs: Runs) -> None:
    first = runs.run('a')
    assert (first.baseline, first.previous) == (0, 0)
    assert first.ran == list(STEPS)
    again = runs.run('a')
    assert again == first._replace(ran=[])
    changed = runs.run('b')
    assert changed.baseline == first.model
    assert changed.ran == ['Train', 'Evaluate']
    assert runs.run('b') == changed._replace(ran=[])


def test_going_back_to_earlier_settings_is_judged_by_what_came_since(runs: Runs) -> None:
    first = runs.run('a')
    second = runs.run('b')
    back = runs.run('a')
    assert (back.model, back.baseline) == (first.model, second.model)
    assert back.ran == ['Evaluate']
    assert runs.run('a') == back._replace(ran=[])


def test_a_model_that_is_not_blessed_is_no_baseline(runs: Runs) -> None:
    first = runs.run('a')
    worse = runs.run('b', good=0)
    assert worse.baseline == first.model
    assert runs.run('b', good=0) == worse._replace(ran=[])
    assert runs.run('c').baseline == first.model


@pytest.mark.parametrize('gone', ['.', 'Format-Serving'])
def test_a_blessed_model_deleted_from_disk_is_passed_over(runs: Runs, gone: str) -> None:
    first, second = runs.run('a'), runs.run('b')
    shutil.rmtree(runs.path(second.model) / gone)
    assert runs.run('c', good=0).baseline == first.model
    shutil.rmtree(runs.path(first.model) / gone)
    assert runs.run('d', good=0).baseline == 0


def test_pipelines_in_one_store_do_not_see_each_other(runs: Runs) -> None:
    runs.run('a', name='other')
    alone = runs.run('b', data='e')
    assert (alone.baseline, alone.previous) == (0, 0)


def test_drift_is_measured_from_the_data_that_passed_last(runs: Runs) -> None:
    monday = runs.run('a', data='monday')
    broken = runs.run('a', data='broken', fit=0)
    assert broken.previous == monday.statistics
    mended = runs.run('a', data='mended')
    assert mended.previous == monday.statistics
    assert runs.run('a', data='mended') == mended._replace(ran=[])
    back = runs.run('a', data='monday')
    assert (back.statistics, back.previous) == (monday.statistics, mended.statistics)


def test_statistics_deleted_from_disk_are_passed_over(runs: Runs) -> None:
    shutil.rmtree(runs.path(runs.run('a', data='monday').statistics))
    assert runs.run('a', data='tuesday').previous == 0


def test_on_vertex_only_what_compiles_there() -> None:
    make, train = MakeStatistics(data='d'), Train(settings='a')
    baseline = baseline_resolver(train.outputs['model'], on_vertex=True)
    previous = previous_statistics_resolver(make.outputs['statistics'], on_vertex=True)
    assert baseline.exec_properties['resolver_class'] is LatestBlessedModelStrategy
    assert previous.exec_properties['resolver_class'] is LatestArtifactStrategy
    assert set(baseline.outputs) == {'model', 'model_blessing'}
    assert previous in make.upstream_nodes


def test_a_model_that_was_rolled_back_is_passed_over(runs: Runs) -> None:
    first, second = runs.run('a'), runs.run('b')
    served = runs.folder / 'served'
    for version, outcome in (('1', first), ('2', second)):
        shutil.copytree(runs.path(outcome.model) / 'Format-Serving', served / version)
        record_push(runs.store, outcome.model, served / version)
    assert runs.run('c', good=0).baseline == second.model
    roll_back(served)
    assert runs.run('d', good=0).baseline == first.model
    roll_back(served, 2)
    assert runs.run('e', good=0).baseline == second.model


def record_push(store: MetadataStore, model: int, version: Path) -> None:
    push = mlmd.Artifact(type_id=store.put_artifact_type(mlmd.ArtifactType(name='PushedModel')))
    push.custom_properties['pushed'].int_value = 1
    push.custom_properties[MODEL_ID].int_value = model
    push.custom_properties['pushed_destination'].string_value = str(version)
    store.put_artifacts([push])

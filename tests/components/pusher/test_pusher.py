"""Pusher's executor with artifacts on disk, and the component in a real metadata store."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from ml_metadata import MetadataStore
from tfx.components.pusher import executor as stock
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types.standard_artifacts import (
    InfraBlessing,
    Model,
    ModelBlessing,
    ModelEvaluation,
    PushedModel,
)

from components.pusher import versions
from components.pusher.component import Pusher
from components.pusher.executor import Executor
from components.pusher.versions import PushError


def pushed(folder: Path, push_to: str, blessed: bool = True, **inputs: Any) -> Any:
    """Run the executor on a model, with more inputs if given; return its output artifact."""
    model, blessing, output = Model(), ModelBlessing(), PushedModel()
    model.uri, blessing.uri, output.uri = (str(folder / x) for x in ('model', 'blessing', 'pushed'))
    model.id = 5
    serving = Path(model.uri, 'Format-Serving')
    serving.mkdir(parents=True)
    (serving / 'saved_model.pb').write_bytes(b'graph')
    Path(blessing.uri).mkdir()
    Path(blessing.uri, 'BLESSED' if blessed else 'NOT_BLESSED').touch()
    blessing.set_int_custom_property('blessed', int(blessed))
    Path(output.uri).mkdir()
    destination = pusher_pb2.PushDestination(filesystem={'base_directory': push_to})
    Executor().Do(
        {'model': [model], 'model_blessing': [blessing], **inputs},
        {'pushed_model': [output]},
        {'push_destination': json_format.MessageToJson(destination)},
    )
    return output


def test_a_blessed_model_is_pushed_and_recorded(tmp_path: Path) -> None:
    output = pushed(tmp_path, str(tmp_path / 'served'))
    (version,) = (tmp_path / 'served').iterdir()
    assert (version / 'saved_model.pb').read_bytes() == b'graph'
    assert output.get_int_custom_property('pushed') == 1
    assert output.get_string_custom_property('pushed_destination') == str(version)
    assert output.get_string_custom_property('pushed_version') == version.name
    assert output.get_int_custom_property('pushed_model_id') == 5
    assert Path(output.uri, 'saved_model.pb').read_bytes() == b'graph'


def test_a_model_that_is_not_blessed_is_not_pushed(tmp_path: Path) -> None:
    output = pushed(tmp_path, str(tmp_path / 'served'), blessed=False)
    assert output.get_int_custom_property('pushed') == 0
    assert not (tmp_path / 'served').exists()
    assert not list(Path(output.uri).iterdir())


def test_the_error_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / 'served').write_text('')
    with pytest.raises(PushError, match=f'^{tmp_path}/served: cannot push .* a file is in its way'):
        pushed(tmp_path, str(tmp_path / 'served'))


def test_remote_folders_are_left_to_the_stock_executor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = []
    monkeypatch.setattr(stock.Executor, 'Do', lambda self, *arguments: left.append(arguments))
    pushed(tmp_path, 'gs://bucket/served')
    assert len(left) == 1


@component
def Train(settings: Parameter[str], model: OutputArtifact[Model]) -> None:  # noqa: N802
    Path(model.uri, 'Format-Serving').mkdir()
    Path(model.uri, 'Format-Serving', 'saved_model.pb').write_text(settings)


@component
def Bless(blessing: OutputArtifact[ModelBlessing]) -> None:  # noqa: N802
    Path(blessing.uri, 'BLESSED').touch()
    blessing.set_int_custom_property('blessed', 1)


class Runs:
    """Runs of a tiny pipeline in one metadata store; each run returns what is served, and where."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.served = folder, folder / 'served'
        self.connection = sqlite_metadata_connection_config(str(folder / 'metadata.db'))

    def run(self, settings: str, served: Path | None = None) -> tuple[str, Path]:
        """Return the settings of the newest version, and where this run says it pushed to."""
        folder = served or self.served
        train, bless = Train(settings=settings), Bless()
        pusher = Pusher(train.outputs['model'], bless.outputs['blessing'], push_to=str(folder))
        LocalDagRunner().run(
            Pipeline(
                'tiny', str(self.folder / 'root'), self.connection,
                components=[train, bless, pusher], enable_cache=True,
            )
        )  # fmt: skip
        newest = folder / str(versions.newest(folder))
        return (newest / 'saved_model.pb').read_text(), self._recorded()

    def versions(self) -> int:
        return len(list(self.served.iterdir()))

    def last_push(self) -> Any:
        """Return the custom properties of what the last run has for its push."""
        store = MetadataStore(self.connection)
        last = max(store.get_executions_by_type(f'{Pusher.__module__}.Pusher'), key=lambda e: e.id)
        outputs = [e for e in store.get_events_by_execution_ids([last.id]) if e.type == e.OUTPUT]
        (artifact,) = store.get_artifacts_by_id([outputs[0].artifact_id])
        return artifact.custom_properties

    def _recorded(self) -> Path:
        return Path(self.last_push()['pushed_destination'].string_value)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_a_push_that_stands_is_reused(runs: Runs) -> None:
    first = runs.run('a')
    assert runs.run('a') == first
    assert runs.versions() == 1


@pytest.mark.parametrize('all_of_it', [True, False])
def test_a_push_that_was_deleted_is_made_again_once(runs: Runs, all_of_it: bool) -> None:
    _, version = runs.run('a')
    shutil.rmtree(version.parent if all_of_it else version)
    (runs.served / '7').mkdir(parents=True)
    (runs.served / '7/saved_model.pb').write_text('another')
    again = runs.run('a')
    assert again[0] == 'a'
    assert again[1].is_dir()
    assert runs.run('a') == again
    assert runs.versions() == 2


def test_the_model_of_the_last_run_is_the_newest_version(runs: Runs) -> None:
    first, second, third = (runs.run(settings) for settings in 'aba')
    assert [settings for settings, _ in (first, second, third)] == ['a', 'b', 'a']
    assert len({version for _, version in (first, second, third)}) == 3
    assert runs.run('a') == third
    shutil.rmtree(third[1])
    shutil.rmtree(second[1])
    assert runs.run('a') == first


def test_a_model_that_was_rolled_back_is_not_pushed_again_by_itself(runs: Runs) -> None:
    runs.run('a')
    _, second = runs.run('b')
    versions.roll_back(runs.served)
    for _ in range(2):  # the second time it comes from the cache
        assert runs.run('b')[0] == 'a'
        assert runs.last_push()['pushed'].int_value == 0
        why = runs.last_push()['not_pushed_because'].string_value
        assert why == (
            f'this model is version {second.name}, which was rolled back; to have it again: '
            f'sluice rollback served --to {second.name}'
        )
    versions.roll_back(runs.served, int(second.name))
    assert runs.run('b') == ('b', second)
    assert versions.newest(runs.served) == int(second.name)
    assert runs.run('a')[0] == 'a'


def test_the_push_after_a_rollback_is_above_all_versions(runs: Runs) -> None:
    runs.run('a')
    _, second = runs.run('b')
    versions.roll_back(runs.served)
    settings, third = runs.run('c')
    assert settings == 'c'
    assert int(third.name) > int(second.name)
    assert runs.run('b')[0] == 'c'
    assert runs.run('a')[0] == 'a'


def test_another_folder_is_another_push(runs: Runs, tmp_path: Path) -> None:
    first = runs.run('a')
    elsewhere = runs.run('a', tmp_path / 'elsewhere')
    assert elsewhere[1].parent == tmp_path / 'elsewhere'
    assert runs.run('a') == first
    assert runs.versions() == 1


def test_the_error_comes_out_of_the_runner_as_it_is(runs: Runs) -> None:
    runs.served.write_text('')
    with pytest.raises(PushError, match='a file is in its way'):
        runs.run('a')


VERDICT = {
    'blessed': True,
    'reasons': [],
    'notes': [],
    'metrics': {
        'test': [
            {'slice': {'town': 'Cork'}, 'examples': 3, 'metrics': {'rmse': {'candidate': 9.0}}},
            {
                'slice': {},
                'examples': 20,
                'metrics': {
                    'rmse': {'candidate': 1.5, 'baseline': 2.0},
                    'mae': {'candidate': 1.0, 'baseline': None},
                },
            },
        ]
    },
}


def test_the_headline_of_the_evaluation_goes_with_the_model(tmp_path: Path) -> None:
    evaluation = ModelEvaluation()
    evaluation.uri = str(tmp_path / 'evaluation')
    Path(evaluation.uri).mkdir()
    verdict = Path(evaluation.uri, 'verdict.json')
    verdict.write_text(json.dumps(VERDICT))
    os.utime(verdict, (1.7e9, 1.7e9))
    pushed(tmp_path, str(tmp_path / 'served'), evaluation=[evaluation])
    (version,) = (tmp_path / 'served').glob('[0-9]*')
    assert json.loads((version / 'assets.extra' / 'evaluation.json').read_text()) == {
        'metric': 'rmse',
        'value': 1.5,
        'baseline': 2.0,
        'split': 'test',
        'rows': 20,
        'blessed_at': '2023-11-14T22:13:20+00:00',
    }
    assert not (tmp_path / 'model' / 'Format-Serving' / 'assets.extra').exists()


@pytest.mark.parametrize('served', [True, False])
def test_a_model_that_cannot_be_served_is_not_pushed(tmp_path: Path, served: bool) -> None:
    blessing = InfraBlessing()
    blessing.uri = str(tmp_path / 'infra')
    Path(blessing.uri).mkdir()
    Path(blessing.uri, 'INFRA_BLESSED' if served else 'INFRA_NOT_BLESSED').touch()
    blessing.set_int_custom_property('blessed', int(served))
    output = pushed(tmp_path, str(tmp_path / 'served'), infra_blessing=[blessing])
    assert output.get_int_custom_property('pushed') == int(served)
    assert (tmp_path / 'served').exists() == served

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.records import Run, RunRecords, Step

NO_SUCH_PID = 2**22 + 1
"""Above Linux' largest process id."""


def run(name: str, recipe: str = 'births', minute: int = 0, **more: object) -> Run:
    started = datetime(2026, 1, 1, 12, minute, tzinfo=UTC)
    return Run.model_validate(
        {'run': name, 'recipe': recipe, 'recipe_file': 'r.yaml', 'task': 'regression'}
        | {'started': started}
        | more
    )


@pytest.fixture
def records(tmp_path: Path) -> RunRecords:
    records = RunRecords(tmp_path / 'runs')
    records.save(run('births-2', minute=2, state='done'))
    records.save(run('births-1', minute=1, state='done'))
    records.save(run('census-1', recipe='census', minute=3, state='failed', error='no'))
    return records


def test_runs_come_oldest_first(records: RunRecords) -> None:
    assert [r.run for r in records.all()] == ['births-1', 'births-2', 'census-1']


@pytest.mark.parametrize(
    ('asked', 'found'),
    [
        (None, 'census-1'),
        ('births-1', 'births-1'),
        ('births', 'births-2'),
        ('cens', 'census-1'),
    ],
)
def test_find_takes_an_id_its_beginning_or_a_recipe(
    records: RunRecords, asked: str | None, found: str
) -> None:
    assert records.find(asked).run == found


def test_find_says_what_there_is(records: RunRecords, tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"did you mean 'births-2'.*known: census-1, births-2"):
        records.find('birth-2')
    with pytest.raises(LookupError, match='could be births-1, births-2'):
        records.find('birth')
    with pytest.raises(LookupError, match='no runs in'):
        RunRecords(tmp_path / 'none').find(None)


def test_a_running_record_of_a_dead_process_was_interrupted(records: RunRecords) -> None:
    records.save(run('births-3', minute=9, state='running', pid=NO_SUCH_PID))
    records.save(run('births-4', minute=9, state='running'))
    assert records.find('births-3').state == 'interrupted'
    assert records.find('births-4').state == 'running'


def test_ids_of_one_second_differ(records: RunRecords) -> None:
    first = records.new_id('births')
    records.save(run(first))
    assert records.new_id('births') != first


def test_saving_again_replaces(records: RunRecords) -> None:
    again = records.find('births-1')
    again.steps.append(Step(name='Trainer', state='done', seconds=1.5))
    records.save(again)
    assert records.find('births-1').step('Trainer').seconds == 1.5
    assert not list(records.folder.glob('*.part'))

import json
import os
import time
from pathlib import Path

import pytest

from components.pusher import rollback
from components.pusher.rollback import RollbackError
from components.pusher.versions import newest_ever, push, roll_back


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder of versions 1, 2 and 3, each with its number as its graph."""
    for number in (1, 2, 3):
        (tmp_path / f'served/{number}').mkdir(parents=True)
        (tmp_path / f'served/{number}/saved_model.pb').write_text(str(number))
    return tmp_path / 'served'


def graph(folder: Path) -> str:
    return (folder / 'saved_model.pb').read_text()


def test_the_version_before_is_served_again(served: Path) -> None:
    done = roll_back(served)
    assert (done.was, done.now, done.withdrawn, done.restored) == (3, 2, (3,), False)
    assert rollback.live(served) == [1, 2]
    assert rollback.withdrawn(served) == [3]
    assert graph(served / 'withdrawn/3') == '3'


def test_to_a_version_and_back(served: Path) -> None:
    assert roll_back(served, 1).withdrawn == (2, 3)
    assert rollback.live(served) == [1]
    undone = roll_back(served, 3)
    assert (undone.was, undone.now, undone.withdrawn, undone.restored) == (1, 3, (), True)
    assert rollback.live(served) == [1, 3]
    assert rollback.withdrawn(served) == [2]
    between = roll_back(served, 2)
    assert (between.withdrawn, between.restored) == ((3,), True)
    assert rollback.live(served) == [1, 2]


def test_each_is_recorded(served: Path) -> None:
    roll_back(served)
    roll_back(served)
    lines = (served / 'rollbacks.jsonl').read_text().splitlines()
    first = json.loads(lines[0])
    assert first.pop('at').endswith('Z')
    assert first.pop('by')
    assert first == {'was': 3, 'now': 2, 'withdrawn': [3], 'restored': False}
    assert [(r.was, r.now) for r in rollback.rollbacks(served)] == [(3, 2), (2, 1)]


@pytest.mark.parametrize('deleted', [False, True])
def test_the_next_push_is_above_all_that_ever_were(
    served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deleted: bool
) -> None:
    roll_back(served, 1)
    if deleted:
        for number in (2, 3):
            (served / f'withdrawn/{number}/saved_model.pb').unlink()
            (served / f'withdrawn/{number}').rmdir()
    assert newest_ever(served) == 3
    (tmp_path / 'model').mkdir()
    (tmp_path / 'model/saved_model.pb').write_text('new')
    monkeypatch.setattr(time, 'time', lambda: 1.0)
    assert push(tmp_path / 'model', served).name == '4'
    assert rollback.live(served) == [1, 4]
    assert roll_back(served).now == 1


def test_what_cannot_be_rolled_back(served: Path, tmp_path: Path) -> None:
    with pytest.raises(RollbackError, match=r'no version 7; versions: 1, 2, 3$'):
        roll_back(served, 7)
    with pytest.raises(RollbackError, match='version 3 is what is served already'):
        roll_back(served, 3)
    roll_back(served, 1)
    with pytest.raises(RollbackError, match=r'version 1 is the only one.*; withdrawn: 2, 3 \(--to'):
        roll_back(served)
    with pytest.raises(RollbackError, match=r'no version 7; versions: 1; withdrawn: 2, 3$'):
        roll_back(served, 7)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(RollbackError, match='no version in it'):
        roll_back(tmp_path / 'empty')
    with pytest.raises(RollbackError, match='no such folder'):
        roll_back(tmp_path / 'gone')
    assert len(rollback.rollbacks(served)) == 1


def test_what_is_served_changes_once_and_last(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    rename = Path.rename

    def watched(self: Path, target: Path) -> Path:
        seen.append(rollback.live(served)[-1])
        return rename(self, target)

    monkeypatch.setattr(Path, 'rename', watched)
    roll_back(served, 1)
    assert seen == [3, 3]
    seen.clear()
    (served / '4').mkdir()
    roll_back(served, 2)
    assert seen == [4, 4]
    assert rollback.live(served) == [1, 2]


def test_one_that_fails_changes_nothing_that_is_served(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Path, target: Path) -> Path:
        raise PermissionError(13, 'Permission denied', str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, 'rename', fails)
        with pytest.raises(PermissionError):
            roll_back(served)
    assert rollback.live(served) == [1, 2, 3]
    assert rollback.rollbacks(served) == []
    assert roll_back(served).now == 2


def test_one_that_was_killed_is_finished_by_the_same_command(
    served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename
    calls = 0

    def killed_before_the_second(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, 'rename', killed_before_the_second)
        with pytest.raises(KeyboardInterrupt):
            roll_back(served, 1)
    assert rollback.live(served) == [1, 3]
    roll_back(served, 1)
    assert rollback.live(served) == [1]
    assert rollback.withdrawn(served) == [2, 3]


def test_lines_that_are_none_are_passed_over(served: Path) -> None:
    roll_back(served)
    with (served / 'rollbacks.jsonl').open('a') as record:
        record.write('{"half a li\n[]\n{}\n')
    assert len(rollback.rollbacks(served)) == 1
    assert rollback.withdrawn(served) == [3]


def test_a_push_waits_for_a_rollback(served: Path) -> None:
    import fcntl

    roll_back(served)
    descriptor = os.open(served, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the lock was given back
    os.close(descriptor)

import errno
import multiprocessing
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from components.pusher import versions
from components.pusher.versions import PushError, push


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / 'model'
    (folder / 'variables').mkdir(parents=True)
    (folder / 'assets.extra').mkdir()
    (folder / 'saved_model.pb').write_bytes(b'graph')
    (folder / 'variables/variables.index').write_bytes(b'weights')
    return folder


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None
        for p in folder.rglob('*')
    }


def test_a_version_is_the_whole_model_and_nothing_beside_it(model: Path, tmp_path: Path) -> None:
    before = int(time.time())
    version = push(model, tmp_path / 'served/births')
    assert before <= int(version.name) <= time.time()
    assert contents(version) == contents(model)
    assert names(tmp_path / 'served/births') == [version.name]


def test_versions_within_a_second_or_with_the_clock_set_back_go_up(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = tmp_path / 'served'
    pushed = []
    for clock in (1000.2, 1000.9, 1000.9, 400.0, 2000.0):
        monkeypatch.setattr(time, 'time', lambda clock=clock: clock)
        pushed.append(push(model, served).name)
    assert pushed == ['1000', '1001', '1002', '1003', '2000']


def test_only_numbers_are_versions(model: Path, tmp_path: Path) -> None:
    served = tmp_path / 'served'
    (served / 'not-a-version').mkdir(parents=True)
    (served / '9999999999').mkdir()
    assert push(model, served).name == '10000000000'
    assert 'not-a-version' in names(served)


def test_the_version_appears_only_when_it_is_whole(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    copyfile = shutil.copyfile

    def watched(source: Path, target: Path) -> None:
        copyfile(source, target)
        seen.extend(names(tmp_path / 'served'))

    monkeypatch.setattr(shutil, 'copyfile', watched)
    version = push(model, tmp_path / 'served')
    assert set(seen) == {f'.{version.name}.partial'}


def test_leftovers_of_a_killed_push_are_removed(model: Path, tmp_path: Path) -> None:
    leftover = tmp_path / 'served/.1700000000.partial/variables'
    leftover.mkdir(parents=True)
    (leftover / 'variables.index').write_bytes(b'half')
    version = push(model, tmp_path / 'served')
    assert names(tmp_path / 'served') == [version.name]


@pytest.mark.parametrize(
    ('code', 'says'),
    [
        (errno.ENOSPC, 'no space left on the device; free some, or set push.local'),
        (errno.EROFS, 'it is read-only; make it writable, or set push.local'),
        (errno.EIO, 'Input/output error: variables.index; mend that, or set push.local'),
    ],
)
def test_nothing_is_left_of_a_push_that_fails(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, says: str
) -> None:
    served = tmp_path / 'served'
    standing = push(model, served)
    copyfile = shutil.copyfile

    def fails_at_the_weights(source: Path, target: Path) -> None:
        if source.name == 'variables.index':
            raise OSError(code, 'Input/output error', source.name)
        copyfile(source, target)

    monkeypatch.setattr(shutil, 'copyfile', fails_at_the_weights)
    with pytest.raises(PushError) as caught:
        push(model, served)
    message = str(caught.value)
    assert message.startswith(f'{served}: cannot push the model here, {says}')
    assert '\n' not in message
    assert names(served) == [standing.name]
    assert contents(standing) == contents(model)


def test_an_interrupted_push_leaves_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, 'copyfile', interrupted)
    with pytest.raises(KeyboardInterrupt):
        push(model, tmp_path / 'served')
    assert names(tmp_path / 'served') == []


@pytest.mark.parametrize('folder', ['file', 'file/births'])
def test_a_file_in_the_way(model: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(PushError, match=r'a file is in its way; remove it, or set push\.local'):
        push(model, tmp_path / folder)
    assert (tmp_path / 'file').read_text() == ''


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PushError, match=f'No such file or directory: {tmp_path}/gone'):
        push(tmp_path / 'gone', tmp_path / 'served')


def push_many(model: Path, served: Path) -> None:
    for _ in range(10):
        push(model, served)


def test_pushes_at_once_get_versions_of_their_own(model: Path, tmp_path: Path) -> None:
    fork = multiprocessing.get_context('fork')
    pushers = [fork.Process(target=push_many, args=(model, tmp_path / 'served')) for _ in range(4)]
    for pusher in pushers:
        pusher.start()
    for pusher in pushers:
        pusher.join(60)
        assert pusher.exitcode == 0
    pushed = names(tmp_path / 'served')
    assert len(pushed) == 40
    assert all(contents(tmp_path / 'served' / name) == contents(model) for name in pushed)
    assert versions.newest(tmp_path / 'served') == max(map(int, pushed))

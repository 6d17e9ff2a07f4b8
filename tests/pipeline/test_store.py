import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from pipeline.store import Store, StoreError


def hold(folder: Path, name: str, pipe: Connection) -> None:
    with Store(folder).locked(name, lambda holder: pipe.send(f'waits for {holder}')):
        pipe.send('has it')
        pipe.recv()


def test_second_run_waits_and_is_told_for_whom(tmp_path: Path) -> None:
    Store(tmp_path).prepare()
    spawn = multiprocessing.get_context('spawn')
    mine, theirs = spawn.Pipe()
    with Store(tmp_path).locked('run-1', lambda holder: None):
        second = spawn.Process(target=hold, args=(tmp_path, 'run-2', theirs))
        second.start()
        assert mine.recv() == f'waits for run-1 (process {os.getpid()})'
        assert not mine.poll(0.2)
    assert mine.recv() == 'has it'
    mine.send('done')
    second.join(10)
    assert second.exitcode == 0


def test_lock_goes_with_a_killed_process(tmp_path: Path) -> None:
    Store(tmp_path).prepare()
    spawn = multiprocessing.get_context('spawn')
    mine, theirs = spawn.Pipe()
    first = spawn.Process(target=hold, args=(tmp_path, 'run-1', theirs))
    first.start()
    assert mine.recv() == 'has it'
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    first.join(10)
    told: list[str] = []
    with Store(tmp_path).locked('run-2', told.append):
        assert not told


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / 'file'
    in_the_way.write_text('')
    with pytest.raises(StoreError, match=r'file/store: cannot write .* --store'):
        Store(in_the_way / 'store').prepare()

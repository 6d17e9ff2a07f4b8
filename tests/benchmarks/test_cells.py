import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.cells import CellError, machine, run, save


def python(code: str) -> list[str]:
    return [sys.executable, '-c', code]


def no_watch(seconds: float, used: int) -> None:
    pass


def test_time_and_memory_of_all_processes(tmp_path: Path) -> None:
    child = "import time; held = b'x' * 50_000_000; time.sleep(1)"
    code = f'import subprocess, sys; subprocess.run([sys.executable, "-c", "{child}"]); print("hi")'
    seen = []
    measured = run(python(code), tmp_path / 'log', 60, lambda s, used: seen.append(used))
    assert measured['seconds'] >= 1
    assert measured['peak_bytes'] == max(seen) > 50_000_000
    assert (tmp_path / 'log').read_text() == 'hi\n'


def ends(pid: int) -> bool:
    """Say whether a process is gone, or is within seconds: one that was killed takes a moment."""
    for _ in range(100):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False


def test_what_takes_too_long_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    code = (
        'import subprocess, sys, time;'
        'child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]);'
        f'open({str(tmp_path / "pid")!r}, "w").write(str(child.pid));'
        'time.sleep(60)'
    )
    with pytest.raises(CellError, match='stopped after 2 s') as raised:
        run(python(code), tmp_path / 'log', 2, no_watch)
    assert raised.value.log == tmp_path / 'log'
    child = int((tmp_path / 'pid').read_text())
    assert ends(child)


def test_a_failure_is_told(tmp_path: Path) -> None:
    with pytest.raises(CellError, match='ended with 3'):
        run(python('raise SystemExit(3)'), tmp_path / 'log', 60, no_watch)


def test_a_result_is_kept_whole(tmp_path: Path) -> None:
    save(tmp_path / 'results' / 'one.json', {'machine': machine()})
    assert [p.name for p in (tmp_path / 'results').iterdir()] == ['one.json']

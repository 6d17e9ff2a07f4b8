import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, sys
from pathlib import Path
from pipeline.terminal import quiet
with quiet(Path(sys.argv[1]), verbose='verbose' in sys.argv, to_stderr='stderr' in sys.argv) as c:
    os.write(1, b'from C to stdout\\n')
    os.write(2, b'from C to stderr\\n')
    print('from python')
    c.print('for people')
print('after')
"""


@pytest.mark.parametrize(
    ('flags', 'out', 'err'),
    [
        ([], 'for people\nafter\n', ''),
        (['stderr'], 'after\n', 'for people\n'),
    ],
)
def test_only_the_console_reaches_the_terminal(
    tmp_path: Path, flags: list[str], out: str, err: str
) -> None:
    log = tmp_path / 'logs' / 'run.log'
    done = run(log, *flags)
    assert (done.stdout, done.stderr) == (out, err)
    assert sorted(log.read_text().splitlines()) == [
        'from C to stderr',
        'from C to stdout',
        'from python',
    ]


def test_verbose_shows_and_logs(tmp_path: Path) -> None:
    log = tmp_path / 'run.log'
    shown = run(log, 'verbose').stdout
    for line in ('from C to stdout', 'from C to stderr', 'from python', 'for people', 'after'):
        assert line in shown
    assert 'from python' in log.read_text()


def run(log: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-c', SCRIPT, str(log), *flags],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ | {'PYTHONPATH': str(Path(__file__).parents[2])},
    )

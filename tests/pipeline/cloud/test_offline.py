"""Without a network: every command ends soon, in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cloud.errors import CloudError
from pipeline.cloud.reach import check_reachable, within

SECONDS = 30
"""For a command that must not hang; it takes about one, and this machine may be busy."""

COMMANDS = [
    ['submit', 'babyweight'],
    ['schedule', 'create', 'babyweight', '--cron', '0 3 * * *'],
    ['schedule', 'list'],
    ['schedule', 'pause', 'x'],
    ['schedule', 'resume', 'x'],
    ['schedule', 'delete', 'x'],
    ['runs', '--vertex'],
    ['logs', 'x'],
    ['cancel', 'x'],
]


@pytest.mark.parametrize('command', COMMANDS, ids=' '.join)
def test_commands_end_in_a_sentence(command: list[str], tmp_path: Path) -> None:
    nowhere = {'https_proxy': 'http://127.0.0.1:9', 'no_proxy': '', 'NO_PROXY': ''}
    done = subprocess.run(
        [Path(sys.executable).with_name('sluice'), *command],
        cwd=Path(__file__).parents[3], env=os.environ | nowhere, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert 'cannot be reached: Connection refused; check the network' in done.stderr
    assert done.stderr.count('\n') == 1


def test_no_answer_is_waited_for_in_vain() -> None:
    import threading

    never = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.05, never.wait)
    never.set()


def test_a_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')
    monkeypatch.setenv('no_proxy', '')
    with pytest.raises(CloudError, match=r'the proxy 127\.0\.0\.1:9 \(https_proxy\)'):
        check_reachable('us-central1-aiplatform.googleapis.com')

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.rehearsal.containers import HostedContainers, environment
from pipeline.rehearsal.engine import ContainerError
from pipeline.rehearsal.standins import HERE

STEP = """
import logging, os, subprocess, sys, time
if sys.argv[1] == 'work':
    log = logging.getLogger('sluice.progress')
    log.info('half', extra={'progress': {'done': 1, 'total': 2}})
    print('worked in', os.getcwd(), 'with', os.environ['A'])
elif sys.argv[1] == 'fail':
    raise ValueError('rows: there are none; give some')
elif sys.argv[1] == 'exit':
    sys.exit(3)
elif sys.argv[1] == 'wait':
    helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
    print(helper.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=[False, True], ids=['forked', 'strict'])
def hosted(request: pytest.FixtureRequest, tmp_path: Path):
    (tmp_path / 'a_step.py').write_text(STEP)
    variables = environment({}, [HERE, tmp_path], tmp_path)
    with HostedContainers(
        variables, tmp_path / 'home', tmp_path / 'logs', strict=request.param
    ) as hosted:
        yield hosted


def command(what: str) -> list[str]:
    return ['python', '-m', 'a_step', what]


def test_a_container_runs_with_its_own_variables_and_log(hosted: HostedContainers) -> None:
    hosted.run('step', command('work'), {'A': 'b'})
    assert hosted.log_of('step').read_text().endswith('home with b\n')


def test_others_than_python_are_run_too(hosted: HostedContainers) -> None:
    hosted.run('step', ['sh', '-c', 'echo done'], {})
    assert hosted.log_of('step').read_text() == 'done\n'
    with pytest.raises(ContainerError, match='no-such-program: cannot be started: No such file'):
        hosted.run('other', ['no-such-program'], {})


def test_a_failure_is_told_in_one_line_and_the_next_container_runs(
    hosted: HostedContainers,
) -> None:
    with pytest.raises(ContainerError, match=r'^rows: there are none; give some$'):
        hosted.run('step', command('fail'), {})
    assert 'Traceback' in hosted.log_of('step').read_text()
    with pytest.raises(ContainerError, match=r'^it ended with code 3: it said nothing$'):
        hosted.run('other', command('exit'), {})
    hosted.run('last', command('work'), {'A': ''})


def test_what_a_forked_one_reports_is_passed_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / 'a_step.py').write_text(STEP)
    variables = environment({}, [HERE, tmp_path], tmp_path)
    with (
        caplog.at_level('INFO', 'sluice.progress'),
        HostedContainers(variables, tmp_path, tmp_path, strict=False) as hosted,
    ):
        hosted.run('step', command('work'), {'A': ''})
    (report,) = caplog.records
    assert report.progress == {'done': 1, 'total': 2}  # type: ignore[attr-defined]


RUN_ONE = """
import sys
from pathlib import Path
from pipeline.rehearsal.containers import HostedContainers, environment
here = Path(sys.argv[1])
variables = environment({}, [Path(sys.argv[2]), here], here)
with HostedContainers(variables, here, here / 'logs', strict=sys.argv[3] == 'True') as hosted:
    hosted.run('step', ['python', '-m', 'a_step', 'wait'], {})
"""


@pytest.mark.parametrize('strict', [False, True])
def test_nothing_is_left_when_whoever_asked_is_killed(tmp_path: Path, strict: bool) -> None:
    (tmp_path / 'a_step.py').write_text(STEP)
    asking = subprocess.Popen(
        [sys.executable, '-c', RUN_ONE, str(tmp_path), str(HERE), str(strict)], cwd=HERE
    )
    log = tmp_path / 'logs' / 'step.log'
    wait_for(lambda: log.exists() and log.read_text().endswith('\n'))
    helper = int(log.read_text())
    assert alive(helper)
    asking.kill()
    asking.wait()
    wait_for(lambda: not alive(helper))


def alive(pid: int) -> bool:
    try:
        status = Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(')')[2].split()[0] != 'Z'


def wait_for(holds, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_containers_have_nothing_of_the_users_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('MY_SECRET', 'x')
    made = environment({'A': 'b', 'C': ''}, [HERE], tmp_path)
    assert 'MY_SECRET' not in made
    assert made['A'] == 'b'
    assert 'C' not in made
    assert made['HOME'] == str(tmp_path) != os.environ.get('HOME')

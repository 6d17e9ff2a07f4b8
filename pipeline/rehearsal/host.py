"""The process that runs containers: forked from itself with TFX loaded, or as commands.

It is told what to do in lines of JSON on stdin, and answers in such lines on stdout. It ends when
stdin does, and takes with it whatever still runs. It has one thread, as it forks.
"""

import json
import os
import runpy
import selectors
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from pipeline.errors import one_line
from pipeline.imports import importing
from pipeline.rehearsal.reporting import Reporting

STOP_SECONDS = 5.0
_PYTHON = ('python', 'python3', sys.executable)


def main() -> None:
    """Do what stdin says until it ends."""
    told, answers = os.fdopen(os.dup(0), 'rb', buffering=0), os.fdopen(os.dup(1), 'wb', buffering=0)
    # What libraries print is no answer.
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; who asked decides
    host = _Host(told, answers)
    while request := host.next_request():
        host.answer(request)


class _Host:
    def __init__(self, told: IO[bytes], answers: IO[bytes]) -> None:
        self._told, self._answers = told, answers
        self._rest = b''

    def next_request(self) -> dict[str, Any] | None:
        """Wait for a line; None once there will be none."""
        while b'\n' not in self._rest:
            part = self._told.read(65536)
            if not part:
                return None
            self._rest += part
        line, _, self._rest = self._rest.partition(b'\n')
        request: dict[str, Any] = json.loads(line)
        return request

    def answer(self, request: dict[str, Any]) -> None:
        """Import modules, or run a container."""
        if 'load' in request:
            self._say({'ended': 0, 'error': _load(request['load'])})
            return
        module = _module(request['command'])
        if request['forked'] and module:
            self._fork(request, module)
        else:
            self._spawn(request)

    def _say(self, message: Mapping[str, Any]) -> None:
        self._answers.write(json.dumps(message).encode() + b'\n')

    def _fork(self, request: dict[str, Any], module: str) -> None:
        reports, reporting = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(reports)
            self._told.close()
            self._answers.close()
            _be_container(module, request, reporting)
        os.close(reporting)
        self._wait(pid, reports)

    def _spawn(self, request: dict[str, Any]) -> None:
        command = request['command']
        if command[0] in _PYTHON:
            command = [sys.executable, *command[1:]]
        reports, reporting = os.pipe()
        os.close(reporting)
        with Path(request['log']).open('ab') as log:
            try:
                process = subprocess.Popen(
                    command,
                    cwd=request['folder'],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | request['variables'],
                    process_group=0,
                )
            except OSError as error:
                why = f'{command[0]}: cannot be started: {error.strerror}'
                self._say({'ended': 127, 'error': why})
                return
        process.returncode = self._wait(process.pid, reports)

    def _wait(self, pid: int, reports: int) -> int:
        """Pass on what a container reports until it ends, and say how; return its exit code.

        If this process is told to end, so is the container.
        """
        handle = os.pidfd_open(pid)
        error, rest, ended = '', b'', False
        with selectors.DefaultSelector() as selector:
            for source in (reports, handle, self._told.fileno()):
                selector.register(source, selectors.EVENT_READ)
            while not ended:
                ready = {key.fd for key, _ in selector.select()}
                if self._told.fileno() in ready and not self._more():
                    _end(pid)
                    sys.exit(1)
                ended = handle in ready
                if reports in ready:
                    rest += os.read(reports, 1 << 20)
                    if b'\n' not in rest:
                        selector.unregister(reports)
                        continue
                    *lines, rest = rest.split(b'\n')
                    for report in map(json.loads, lines):
                        if 'error' in report:
                            error = report['error']
                        else:
                            self._say(report)
        os.close(handle)
        os.close(reports)
        code = _end(pid)
        self._say({'ended': code, 'error': error})
        return code

    def _more(self) -> bool:
        """Take what more stdin says; False: it has ended."""
        part = self._told.read(65536)
        self._rest += part
        return bool(part)


def _load(modules: list[str]) -> str:
    """Import modules, and return what is wrong with forking after that, if anything is."""
    import importlib

    with importing():
        for name in modules:
            try:
                importlib.import_module(name)
            except Exception:  # its container will say the same, to its own log
                traceback.print_exc()
    tensorflow = sys.modules.get('tensorflow.python.eager.context')
    if tensorflow is not None and tensorflow.context()._context_handle is not None:
        return 'importing the steps has started TensorFlow, after which no process can be forked'
    return ''


def _module(command: list[str]) -> str | None:
    """Return the module that a command runs: `python -m module …`."""
    runs_module = len(command) > 2 and command[0] in _PYTHON and command[1] == '-m'
    return command[2] if runs_module else None


def _be_container(module: str, request: dict[str, Any], reporting: int) -> None:
    """Do what `python -m module …` does, in a process that was forked; doesn't return."""
    code, error = 1, ''
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        log = os.open(request['log'], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.update(request['variables'])
        os.chdir(request['folder'])
        sys.argv = [module, *request['command'][3:]]
        with Reporting(reporting):
            runpy.run_module(module, run_name='__main__', alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException as raised:
        traceback.print_exc()
        error = one_line(raised)
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
            if error:
                os.write(reporting, json.dumps({'error': error}).encode() + b'\n')
        finally:
            os._exit(code)


def _end(pid: int) -> int:
    """End a container and all that it has started, and return its exit code."""
    code: int | None = None
    for sent, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if code is None and (found := os.waitpid(pid, os.WNOHANG))[0]:
                code = os.waitstatus_to_exitcode(found[1])
            try:
                os.killpg(pid, sent)
            except ProcessLookupError:
                return 0 if code is None else code
            time.sleep(0.02)
    return -signal.SIGKILL if code is None else code


if __name__ == '__main__':
    main()

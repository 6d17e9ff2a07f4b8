"""Containers as processes of this machine, run by a host process (host.py)."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pipeline.errors import LONGEST
from pipeline.options import BAD_USAGE
from pipeline.rehearsal.engine import ContainerError
from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.processes import end
from pipeline.rehearsal.reporting import LOGGER

TAIL_BYTES = 1 << 16
_RAISED = re.compile(
    r'^(?P<kind>[A-Za-z_][\w.]*(?:Error|Exception|Exit|Warning|Interrupt)): (?P<text>.+)'
)

_log = logging.getLogger(LOGGER)


class HostedContainers:
    """Runs containers in an environment that has nothing of the user's but their code.

    A context manager: at the end, nothing of it runs any more.
    """

    def __init__(
        self, environment: Mapping[str, str], folder: Path, logs: Path, *, strict: bool
    ) -> None:
        """Start the host.

        Args:
          environment: All variables that containers have.
          folder: Where they start; anything may be written there.
          logs: Gets `<task>.log`.
          strict: Whether each is a process from its first instruction on; if not, those that are
            Python modules are forked from one that has loaded TFX.
        """
        self._folder, self._logs, self._strict = folder, logs, strict
        for made in (folder, logs):
            made.mkdir(parents=True, exist_ok=True)
        with (logs / 'host.log').open('ab') as log:
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'pipeline.rehearsal.host'],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=dict(environment),
                cwd=folder,
                process_group=0,
            )

    def load(self, modules: Sequence[str]) -> None:
        """Import modules that containers are about to import; strict ones each do it themselves.

        Raises:
          RehearsalError: After that no process could be forked.
        """
        if self._strict:
            return
        if why := self._ask({'load': list(modules)})['error']:
            raise RehearsalError(f'{why}; rehearse with --strict')

    def run(
        self,
        task: str,
        command: list[str],
        variables: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        """Run a container to its end.

        Raises:
          ContainerError: It failed; says why, and where its log is.
        """
        log = self.log_of(task)
        ended = self._ask(
            {
                'command': command,
                'variables': dict(variables),
                'forked': not self._strict,
                'log': str(log),
                'folder': str(folder or self._folder),
            }
        )
        if ended['ended'] != 0:
            raise ContainerError(ended['error'] or _why(log, ended['ended']))

    def log_of(self, task: str) -> Path:
        """Return the log of a task."""
        return (self._logs / f'{task}.log').absolute()

    def close(self) -> None:
        """End the host, which ends what it runs."""
        end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the host, and pass on what is reported until it says that it is done."""
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request).encode() + b'\n')
            self._process.stdin.flush()
            while line := self._process.stdout.readline():
                answer: dict[str, Any] = json.loads(line)
                if 'ended' in answer:
                    return answer
                _log.info(answer['message'], extra={'progress': answer['progress']})
        except BrokenPipeError:
            pass
        code = self._process.wait()
        raise ContainerError(f'the process that runs containers ended with code {code}')


def environment(standins: Mapping[str, str], code: Sequence[Path], home: Path) -> dict[str, str]:
    """Return the variables of containers: of this machine's only what every image has, too.

    Args:
      standins: What leads clients to the stand-ins.
      code: Folders that Python finds modules in.
      home: Their home, and where they put temporary files.
    """
    kept = {name: os.environ[name] for name in ('PATH', 'KERAS_HOME', 'TZ') if name in os.environ}
    return {
        **kept,
        'HOME': str(home),
        'LANG': 'C.UTF-8',
        'PYTHONPATH': os.pathsep.join(map(str, code)),
        'PYTHONUNBUFFERED': '1',
        'TF_CPP_MIN_LOG_LEVEL': '2',
        **{name: value for name, value in standins.items() if value},
    }


def _why(log: Path, code: int) -> str:
    """Return why a container failed: the last exception in its log, or its last line."""
    with log.open('rb') as file:
        file.seek(max(log.stat().st_size - TAIL_BYTES, 0))
        lines = [line.strip() for line in file.read().decode(errors='replace').splitlines()]
    raised = next((m for line in reversed(lines) if (m := _RAISED.match(line))), None)
    if raised:
        spoken = raised['kind'] in ('ValueError', 'KeyError', 'LookupError', 'OSError')
        return (raised['text'] if spoken else raised[0])[:LONGEST]
    said = next((line for line in reversed(lines) if line), 'it said nothing')
    if code == BAD_USAGE:
        return said[:LONGEST]
    return f'it ended with code {code}: {said[:LONGEST]}'

"""Where local runs keep what they make, and the lock that keeps two from mixing."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.records import RunRecords

FOLDERS = ('logs', 'recipes', 'runs')


class StoreError(OSError):
    """The store's folder can't be used; one line that says why."""


class Store:
    """A folder with metadata, artifacts, logs and run records.

    Layout: `metadata.sqlite` (MLMD), `pipelines/<name>/<step>/<output>/<execution>`,
    `logs/<run>.log`, `recipes/<run>.yaml`, `reports/<run>.html`, `runs/<run>.json`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata = folder / 'metadata.sqlite'
        self.runs = RunRecords(folder / 'runs')

    def pipeline_root(self, name: str) -> Path:
        """Return the folder of a pipeline's artifacts."""
        return self.folder / 'pipelines' / name

    def log(self, run: str) -> Path:
        """Return the log file of a run."""
        return self.folder / 'logs' / f'{run}.log'

    def report(self, run: str) -> Path:
        """Return the file of a run's report."""
        return self.folder / 'reports' / f'{run}.html'

    def recipe(self, run: str) -> Path:
        """Return the file of a run's recipe, as it was run: overrides and defaults filled in."""
        return self.folder / 'recipes' / f'{run}.yaml'

    def prepare(self) -> None:
        """Make the folder and see that it can be written to.

        Raises:
          StoreError: It can't.
        """
        try:
            for folder in (self.folder, *(self.folder / name for name in FOLDERS)):
                folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / '.probe'
            probe.write_bytes(b'\0' * 4096)
            probe.unlink()
        except OSError as error:
            raise StoreError(
                f'{self.folder}: cannot write the run store here: {error.strerror}; '
                'choose another place with --store'
            ) from None

    @contextmanager
    def locked(self, run: str, waiting: Callable[[str], None]) -> Iterator[None]:
        """Hold the store for one run; another waits, after `waiting` was told for whom.

        The lock is the kernel's, so that it goes with a process that is killed.
        """
        path = self.folder / 'lock'
        with path.open('a+', encoding='utf-8') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting(_holder(path))
                fcntl.flock(lock, fcntl.LOCK_EX)
            lock.truncate(0)
            lock.write(json.dumps({'run': run, 'pid': os.getpid()}))
            lock.flush()
            try:
                yield
            finally:
                lock.truncate(0)


def _holder(lock: Path) -> str:
    try:
        held = json.loads(lock.read_text(encoding='utf-8'))
    except ValueError:
        return 'another run'
    return f'{held["run"]} (process {held["pid"]})'

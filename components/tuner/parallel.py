"""Trials at the same time on one machine: processes that ask this one what to try next.

KerasTuner's own chief waits for ever for a worker that was killed, and needs to know a free port
beforehand; this one serves the same requests from where the search was made.
"""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import keras_tuner
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer
from keras_tuner.src.engine.trial import TrialStatus

from components.tuner.worker import PROGRESS

LOOPBACK = '127.0.0.1'
WATCHED_EVERY = 0.2
"""Seconds between looks at the workers."""

GOODBYE = 30
"""Seconds that a worker has to end, once it is told to."""

_log = logging.getLogger('components.tuner')


class TunerError(RuntimeError):
    """A search that found nothing, for a reason that is in the message."""


def search(
    tuner: keras_tuner.Tuner, tuner_fn: str, fn_args: Mapping[str, Any], workers: int, folder: Path
) -> None:
    """Let workers run the trials of a search.

    Args:
      tuner: Of this process; it leads, and has what was found afterwards. If its hypermodel has
        an `is_over`, no trial begins once that is true.
      tuner_fn: Dotted path of what makes the tuners of the workers.
      fn_args: What they are made from; plain values.
      workers: How many.
      folder: For files of the search.

    Raises:
      TunerError: No trial was completed.
    """
    told = folder / 'workers.json'
    told.write_text(json.dumps({'tuner_fn': tuner_fn, 'fn_args': dict(fn_args)}))
    tuner.oracle.verbose = 0  # it prints a table for each trial
    tuner.save()
    progress = _Progress(tuner.oracle)
    with _served(tuner.oracle) as port:
        processes: dict[str, subprocess.Popen[str]] = {}
        try:
            for number in range(1, workers + 1):
                name = f'worker-{number}'
                processes[name] = _start(name, port, told)
                threading.Thread(
                    target=progress.read, args=(name, processes[name]), daemon=True
                ).start()
            _watch(tuner, processes)
        finally:
            for process in processes.values():
                _end(process)
    if not any(t.status == TrialStatus.COMPLETED for t in tuner.oracle.trials.values()):
        raise TunerError(f'none of {workers} workers completed a trial; why is in the log')


def _watch(tuner: keras_tuner.Tuner, processes: Mapping[str, subprocess.Popen[str]]) -> None:
    """Wait for the workers; a trial whose worker is gone has failed."""
    running = dict(processes)
    is_over = getattr(tuner.hypermodel, 'is_over', lambda: False)
    while running:
        time.sleep(WATCHED_EVERY)
        if is_over():
            tuner.oracle.max_trials = min(tuner.oracle.max_trials, len(tuner.oracle.trials))
        for name, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[name]
            if process.returncode:
                _log.warning('%s ended with code %d', name, process.returncode)
                _give_up(tuner.oracle, name, process.returncode)


def _give_up(oracle: keras_tuner.Oracle, worker: str, code: int) -> None:
    oracle.tuner_ids.discard(worker)
    if trial := oracle.ongoing_trials.get(worker):
        trial.status = TrialStatus.FAILED
        trial.message = f'{worker} ended with code {code}'
        oracle.end_trial(trial)


@contextmanager
def _served(oracle: keras_tuner.Oracle) -> Iterator[int]:
    """Answer workers' requests to an oracle, on a port that is given."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    port = server.add_insecure_port(f'{LOOPBACK}:0')
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


def _start(name: str, port: int, told: Path) -> subprocess.Popen[str]:
    environment = os.environ | {
        'KERASTUNER_ORACLE_IP': LOOPBACK,
        'KERASTUNER_ORACLE_PORT': str(port),
        'KERASTUNER_TUNER_ID': name,
        # Processes share a GPU; each by itself would take all of its memory.
        'TF_FORCE_GPU_ALLOW_GROWTH': 'true',
        'PYTHONPATH': os.pathsep.join(path for path in sys.path if path),
    }
    return subprocess.Popen(
        [sys.executable, '-m', 'components.tuner.worker', str(told)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Progress:
    """Tells of all workers' trials as one process would of its own."""

    def __init__(self, oracle: keras_tuner.Oracle) -> None:
        self._oracle = oracle
        self._lock = threading.Lock()
        self._logger = logging.getLogger(PROGRESS)
        self._start = time.monotonic()
        self._done = 0
        self._best: dict[str, float] = {}

    def read(self, name: str, process: subprocess.Popen[str]) -> None:
        """Pass on what a worker tells, until it ends."""
        for line in process.stdout or ():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # somebody else's print
            if told.get('unit') == 'trials':
                self._tell(name, told)

    def _tell(self, name: str, told: dict[str, Any]) -> None:
        with self._lock:
            self._done += 1
            for metric, value in told['metrics'].items():
                best = min(value, self._best.get(metric, value))
                if metric.startswith('best_'):
                    self._best[metric] = told['metrics'][metric] = best
            seconds = (time.monotonic() - self._start) / self._done
            told['done'] = self._done
            if told.get('total'):
                told['seconds_left'] = seconds * max(told['total'] - self._done, 0)
            text = told.pop('text').partition(': ')[2]
            self._logger.info(
                'trial %d on %s: %s', self._done, name, text, extra={'progress': told}
            )

"""Vertex's CustomJobs: each replica of each worker pool is a process."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.protobuf import empty_pb2
from google.rpc import code_pb2, status_pb2

from tests.fakes.vertex.labels import check_labels
from tests.fakes.vertex.operations import Operations
from tests.fakes.vertex.resources import Resources, check_parent, page
from tests.fakes.world import World

ROOT = Path(__file__).parents[3]
POOLS = ('chief', 'worker', 'ps', 'evaluator')
"""What the pools are called in TF_CONFIG, in their order."""

MACHINE = re.compile(r'([a-z]+\d+[a-z]*-[a-z]+-\w+)|cloud-tpu')
GRACE_SECONDS, POLL_SECONDS = 10.0, 0.05
PENDING: Any = v1.JobState.JOB_STATE_PENDING
ENDED = (
    v1.JobState.JOB_STATE_SUCCEEDED,
    v1.JobState.JOB_STATE_FAILED,
    v1.JobState.JOB_STATE_CANCELLED,
)


class Jobs:
    """The jobs that were made; they run as soon as they are.

    Attributes:
        logs: folder of what replicas print: `<job>/<pool>-<replica>.log`.
    """

    NAME = 'JobService'

    def __init__(self, world: World, operations: Operations) -> None:
        """Use the jobs that are there; what ran when an earlier process ended has failed.

        Args:
            world: has the folder, and what replicas need to know.
            operations: by which jobs are removed.
        """
        self._world, self._operations = world, operations
        self._jobs = Resources(world, 'customJobs', v1.CustomJob)
        self.logs = world.root / 'vertex' / 'logs'
        self._running: dict[str, _Run] = {}
        for job in self._jobs.all():
            if job.state not in ENDED:
                self._end(job, v1.JobState.JOB_STATE_FAILED, 'The service was stopped.')

    def CreateCustomJob(self, request: v1.CreateCustomJobRequest) -> v1.CustomJob:
        """Make a job, and run it."""
        job = v1.CustomJob(request.custom_job)
        check_parent(request.parent)
        _check(job)
        job.name = self._jobs.new_name(request.parent)
        job.create_time = job.update_time = _now()
        job.state = PENDING
        made = self._jobs.put(job)
        run = _Run(made, self.logs / job.name.rpartition('/')[2], self._environment())
        self._running[job.name] = run
        run.start(lambda state, error: self._told(job.name, state, error))
        return made

    def GetCustomJob(self, request: v1.GetCustomJobRequest) -> v1.CustomJob:
        """Return a job."""
        return self._jobs.get(request.name)

    def ListCustomJobs(self, request: v1.ListCustomJobsRequest) -> v1.ListCustomJobsResponse:
        """List jobs."""
        fields = ('name', 'display_name', 'state', 'create_time', 'start_time', 'end_time')
        found, token = page(self._jobs.all(request.parent), request, fields)
        return v1.ListCustomJobsResponse(custom_jobs=found, next_page_token=token)

    def CancelCustomJob(self, request: v1.CancelCustomJobRequest) -> empty_pb2.Empty:
        """End a job; one that has ended stays as it is."""
        job = self._jobs.get(request.name)
        if job.state not in ENDED and (run := self._running.get(job.name)):
            self._end(job, v1.JobState.JOB_STATE_CANCELLED)
            run.stop()
        return empty_pb2.Empty()

    def DeleteCustomJob(self, request: v1.DeleteCustomJobRequest) -> Any:
        """Remove a job that has ended."""
        job = self._jobs.get(request.name)
        if job.state not in ENDED:
            raise exceptions.FailedPrecondition(
                f'CustomJob {job.name} is in state {job.state.name} and cannot be deleted.'
            )

        def finish() -> empty_pb2.Empty:
            self._jobs.remove(job.name)
            return empty_pb2.Empty()

        return self._operations.start(job.name, v1.DeleteOperationMetadata(), finish)

    def stop(self) -> None:
        """End all that runs."""
        for run in list(self._running.values()):
            run.stop()

    def _environment(self) -> dict[str, str]:
        variables = os.environ | self._world.env
        path = os.pathsep.join(filter(None, [str(ROOT), variables.get('PYTHONPATH', '')]))
        return {k: v for k, v in variables.items() if v} | {'PYTHONPATH': path}

    def _told(self, name: str, state: Any, error: str) -> None:
        job = self._jobs.get(name)
        if job.state in ENDED:
            return
        if state in ENDED:
            self._end(job, state, error)
            return
        job.state, job.start_time = state, _now()
        self._jobs.put(job)

    def _end(self, job: v1.CustomJob, state: Any, error: str = '') -> None:
        job.state = state
        job.end_time = job.update_time = _now()
        if error:
            job.error = status_pb2.Status(code=code_pb2.FAILED_PRECONDITION, message=error)
        self._jobs.put(job)


class _Run:
    """The processes of one job."""

    def __init__(self, job: v1.CustomJob, logs: Path, environment: dict[str, str]) -> None:
        self._job, self._logs, self._environment = job, logs, environment
        self._replicas: dict[str, subprocess.Popen[bytes]] = {}
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, tell: Callable[[Any, str], None]) -> None:
        """Start them, and tell how the job stands from then on."""
        self._thread = threading.Thread(target=self._run, args=(tell,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End them, and wait until they have."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _run(self, tell: Callable[[Any, str], None]) -> None:
        try:
            self._start_all()
            tell(v1.JobState.JOB_STATE_RUNNING, '')
            error = self._wait()
            # Nothing of a job runs any more when it is said to have ended.
            self._end_all()
            if not self._stopped.is_set():
                states = v1.JobState
                tell(states.JOB_STATE_FAILED if error else states.JOB_STATE_SUCCEEDED, error)
        except OSError as error:
            tell(v1.JobState.JOB_STATE_FAILED, f'The container could not be started: {error}')
        finally:
            self._end_all()

    def _start_all(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        pools = self._job.job_spec.worker_pool_specs
        hosts = _hosts([pool.replica_count for pool in pools])
        for i, pool in enumerate(pools):
            container = pool.container_spec
            command = [*container.command, *container.args]
            if command[0] in ('python', 'python3'):
                command[0] = sys.executable
            own = {variable.name: variable.value for variable in container.env}
            for j in range(pool.replica_count):
                told = _told_to(self._job, hosts, i, j)
                with (self._logs / f'workerpool{i}-{j}.log').open('wb') as log:
                    self._replicas[f'workerpool{i}-{j}'] = subprocess.Popen(
                        command,
                        env=self._environment | told | own,
                        cwd=self._logs,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        process_group=0,
                    )

    def _wait(self) -> str:
        """Wait until the first replica is done or any fails, and return why it failed."""
        primary = next(iter(self._replicas))
        timeout = self._job.job_spec.scheduling.timeout
        seconds = timeout.total_seconds() if timeout else 0
        until = time.monotonic() + (seconds or 7 * 24 * 3600)
        while not self._stopped.wait(POLL_SECONDS):
            codes = {name: replica.poll() for name, replica in self._replicas.items()}
            if failed := [name for name, code in codes.items() if code]:
                name = failed[0]
                return (
                    f'The replica {name} exited with a non-zero status of {codes[name]}. To find '
                    f'out more about why your job exited please check the logs: '
                    f'{self._logs / f"{name}.log"}'
                )
            if codes[primary] == 0:
                return ''
            if time.monotonic() > until:
                return f'The job was running longer than its timeout of {seconds:g} s.'
        return ''

    def _end_all(self) -> None:
        for replica in self._replicas.values():
            _signal(replica, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for replica in self._replicas.values():
            with suppress(subprocess.TimeoutExpired):
                replica.wait(max(until - time.monotonic(), 0))
            _signal(replica, signal.SIGKILL)
            replica.wait()


def _signal(replica: 'subprocess.Popen[bytes]', number: int) -> None:
    """Send a signal to a replica and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(replica.pid, number)


def _hosts(counts: list[int]) -> list[list[str]]:
    """Return an address of this machine for each replica of each pool."""
    probes = [[socket.socket() for _ in range(count)] for count in counts]
    for probe in (p for pool in probes for p in pool):
        probe.bind(('127.0.0.1', 0))
    hosts = [[f'127.0.0.1:{p.getsockname()[1]}' for p in pool] for pool in probes]
    for probe in (p for pool in probes for p in pool):
        probe.close()
    return hosts


def _told_to(job: v1.CustomJob, hosts: list[list[str]], pool: int, replica: int) -> dict[str, str]:
    """Return the variables that Vertex sets in a replica."""
    number = job.name.rpartition('/')[2]
    cluster = {f'workerpool{i}': pool_hosts for i, pool_hosts in enumerate(hosts) if pool_hosts}
    task = {'type': f'workerpool{pool}', 'index': replica, 'trial': ''}
    common = {'environment': 'cloud', 'job': v1.CustomJobSpec.to_json(job.job_spec, indent=None)}
    told = {
        'CLUSTER_SPEC': json.dumps({'cluster': cluster, 'task': task, **common}),
        'CLOUD_ML_JOB_ID': number,
        'CLOUD_ML_PROJECT_ID': job.name.split('/')[1],
    }
    if sum(map(len, hosts)) > 1:
        named = {POOLS[i]: pool_hosts for i, pool_hosts in enumerate(hosts) if pool_hosts}
        config = {'cluster': named, 'task': {'type': POOLS[pool], 'index': replica}, **common}
        told['TF_CONFIG'] = json.dumps(config)
    if base := job.job_spec.base_output_directory.output_uri_prefix.rstrip('/'):
        told |= {
            'AIP_MODEL_DIR': f'{base}/model/',
            'AIP_CHECKPOINT_DIR': f'{base}/checkpoints/',
            'AIP_TENSORBOARD_LOG_DIR': f'{base}/logs/',
        }
    return told


def _check(job: v1.CustomJob) -> None:
    """Refuse a job that Vertex would refuse.

    Raises:
        InvalidArgument: Something is missing, or can't be.
    """
    if not job.display_name:
        raise exceptions.InvalidArgument('CustomJob.display_name is required.')
    check_labels(job.labels)
    pools = job.job_spec.worker_pool_specs
    if not pools:
        raise exceptions.InvalidArgument('CustomJobSpec.worker_pool_specs: at least one is needed.')
    if len(pools) > len(POOLS):
        raise exceptions.InvalidArgument(f'At most {len(POOLS)} worker pools are supported.')
    if pools[0].replica_count != 1:
        raise exceptions.InvalidArgument(
            f'The replica_count of the first worker pool must be 1, not {pools[0].replica_count}.'
        )
    for i, pool in enumerate(pools):
        where, machine = f'worker_pool_specs[{i}]', pool.machine_spec
        if not pool.replica_count:
            continue
        if not pool.container_spec.image_uri:
            raise exceptions.InvalidArgument(
                f'{where}: one of container_spec and python_package_spec is required'
                if not pool.python_package_spec.executor_image_uri
                else f'{where}: python_package_spec: this stand-in has no such images'
            )
        if not (pool.container_spec.command or pool.container_spec.args):
            raise exceptions.InvalidArgument(
                f'{where}: an entry point of an image: this stand-in has no images; give a command'
            )
        if not MACHINE.fullmatch(machine.machine_type):
            raise exceptions.InvalidArgument(
                f'Machine type "{machine.machine_type}" is not supported.'
            )
        if bool(machine.accelerator_type) != bool(machine.accelerator_count):
            raise exceptions.InvalidArgument(
                f'{where}: accelerator_type and accelerator_count must be set together.'
            )


def _now() -> datetime:
    return datetime.now(UTC)

"""Vertex's pipeline jobs: kept and shown step by step, not run; the rehearsal runs pipelines."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2, json_format

from tests.fakes.vertex.labels import check_labels
from tests.fakes.vertex.operations import Operations
from tests.fakes.vertex.resources import Resources, check_parent, page
from tests.fakes.world import World

ID = re.compile(r'[a-z][-a-z0-9]{0,127}')
KINDS: Mapping[str, tuple[type, ...]] = {
    'STRING': (str,), 'NUMBER_INTEGER': (int, float), 'NUMBER_DOUBLE': (int, float),
    'BOOLEAN': (bool,), 'LIST': (list,), 'STRUCT': (dict,),
}  # fmt: skip
FIELDS = ('name', 'display_name', 'state', 'create_time', 'end_time', 'update_time',
          'pipeline_name', 'schedule_name', 'template_uri')  # fmt: skip
State: Any = v1.PipelineState
Task: Any = v1.PipelineTaskDetail.State
ENDED = (
    State.PIPELINE_STATE_SUCCEEDED, State.PIPELINE_STATE_FAILED, State.PIPELINE_STATE_CANCELLED,
)  # fmt: skip


class Pipelines:
    """Pipeline jobs.

    Attributes:
        seconds: how long a job takes.
        failing: step -> message of the error that it ends with.
    """

    NAME = 'PipelineService'

    def __init__(self, world: World, operations: Operations) -> None:
        """Use those that are there.

        Args:
            world: has the folders.
            operations: get those that are started.
        """
        self._world, self._operations = world, operations
        self._jobs: Resources[v1.PipelineJob] = Resources(world, 'pipelineJobs', v1.PipelineJob)
        self._due: dict[str, float] = {}
        self.seconds = 0.0
        self.failing: dict[str, str] = {}

    def CreatePipelineJob(self, request: v1.CreatePipelineJobRequest) -> v1.PipelineJob:
        """Start a job."""
        self.check(request.parent, request.pipeline_job)
        run = request.pipeline_job_id
        if run and not ID.fullmatch(run):
            raise exceptions.InvalidArgument(f'Invalid PipelineJob ID: {run!r}')
        return self.start(request.parent, request.pipeline_job, run)

    def GetPipelineJob(self, request: v1.GetPipelineJobRequest) -> v1.PipelineJob:
        """Return a job."""
        self._settle()
        return self._jobs.get(request.name)

    def ListPipelineJobs(self, request: v1.ListPipelineJobsRequest) -> v1.ListPipelineJobsResponse:
        """List jobs."""
        check_parent(request.parent)
        self._settle()
        found, token = page(self._jobs.all(request.parent), request, FIELDS)
        return v1.ListPipelineJobsResponse(pipeline_jobs=found, next_page_token=token)

    def CancelPipelineJob(self, request: v1.CancelPipelineJobRequest) -> empty_pb2.Empty:
        """End a job."""
        self._settle()
        job = self._jobs.get(request.name)
        if job.state in ENDED:
            raise exceptions.FailedPrecondition(
                f'PipelineJob {request.name} is in state {job.state.name} and cannot be cancelled.'
            )
        self._end(job, State.PIPELINE_STATE_CANCELLED, Task.CANCELLED)
        return empty_pb2.Empty()

    def DeletePipelineJob(self, request: v1.DeletePipelineJobRequest) -> operations_pb2.Operation:
        """Forget a job that has ended."""
        self._settle()
        if self._jobs.get(request.name).state not in ENDED:
            raise exceptions.FailedPrecondition(f'PipelineJob {request.name} is still running.')

        def finish() -> empty_pb2.Empty:
            self._jobs.remove(request.name)
            return empty_pb2.Empty()

        return self._operations.start(request.name, v1.DeleteOperationMetadata(), finish)

    def check(self, parent: str, job: v1.PipelineJob) -> None:
        """Refuse a job that Vertex does not take.

        Raises:
            InvalidArgument: It is not as it must be.
            FailedPrecondition: Its bucket is not there.
        """
        check_parent(parent)
        check_labels(job.labels)
        plain = json_format.MessageToDict(v1.PipelineJob.pb(job))
        spec = plain.get('pipelineSpec', {})
        missing = [k for k in ('pipelineInfo', 'root', 'schemaVersion') if k not in spec]
        if missing and not job.template_uri:
            raise exceptions.InvalidArgument(f'pipeline_spec has no {", ".join(missing)}.')
        root = job.runtime_config.gcs_output_directory
        bucket = re.fullmatch(r'gs://([^/]+)(/.*)?', root)
        if not bucket:
            raise exceptions.InvalidArgument(
                f'gcs_output_directory {root!r} is no Cloud Storage path.'
            )
        if not (self._world.buckets / bucket[1]).is_dir():
            raise exceptions.FailedPrecondition(f'The bucket {bucket[1]} does not exist.')
        known = spec['root'].get('inputDefinitions', {}).get('parameters', {})
        given = plain.get('runtimeConfig', {}).get('parameterValues', {})
        for name, value in given.items():
            if name not in known:
                raise exceptions.InvalidArgument(f'The pipeline has no input parameter {name!r}.')
            kind = known[name]['parameterType']
            if not isinstance(value, KINDS[kind]) or (
                kind != 'BOOLEAN' and value in (True, False) and isinstance(value, bool)
            ):
                raise exceptions.InvalidArgument(f'{name!r} must be of type {kind}, got {value!r}.')
        for name, told in known.items():
            if name not in given and 'defaultValue' not in told and not told.get('isOptional'):
                raise exceptions.InvalidArgument(f'The input parameter {name!r} has no value.')

    def start(self, parent: str, job: v1.PipelineJob, run: str = '') -> v1.PipelineJob:
        """Start a job that was checked, and return it.

        Args:
            parent: project and region.
            job: what is asked for.
            run: its id; '': one is made up.
        """
        kept = v1.PipelineJob(job)
        kept.name = self._jobs.new_name(parent, run)
        kept.create_time = kept.start_time = kept.update_time = datetime.now(UTC)
        kept.state = State.PIPELINE_STATE_RUNNING
        spec = json_format.MessageToDict(v1.PipelineJob.pb(job)).get('pipelineSpec', {})
        for number, task in enumerate(spec.get('root', {}).get('dag', {}).get('tasks', {}), 1):
            detail = v1.PipelineTaskDetail(
                task_id=number, task_name=task, state=Task.RUNNING, create_time=kept.create_time,
                start_time=kept.create_time + timedelta(milliseconds=number),
            )  # fmt: skip
            custom = f'{parent}/customJobs/{1000 + number}'
            detail.executor_detail.container_detail.main_job = custom
            kept.job_detail.task_details.append(detail)
        self._due[kept.name] = time.monotonic() + self.seconds
        return self._jobs.put(kept)

    def running(self, schedule: str) -> int:
        """Return how many jobs of a schedule have not ended."""
        self._settle()
        return sum(j.schedule_name == schedule and j.state not in ENDED for j in self._jobs.all())

    def _settle(self) -> None:
        for name in [n for n, due in self._due.items() if due <= time.monotonic()]:
            job = self._jobs.get(name)
            wrong = [
                t.task_name for t in job.job_detail.task_details if t.task_name in self.failing
            ]
            if wrong:
                job.error = {
                    'code': 9,
                    'message': f'The DAG failed because some tasks failed: {wrong}',
                }
                self._end(job, State.PIPELINE_STATE_FAILED, Task.SUCCEEDED)
            else:
                self._end(job, State.PIPELINE_STATE_SUCCEEDED, Task.SUCCEEDED)

    def _end(self, job: v1.PipelineJob, state: Any, of_tasks: Any) -> None:
        self._due.pop(job.name, None)
        job.state = state
        job.end_time = job.update_time = datetime.now(UTC)
        for task in job.job_detail.task_details:
            task.state, task.end_time = of_tasks, job.end_time
            if task.task_name in self.failing and state == State.PIPELINE_STATE_FAILED:
                task.state = Task.FAILED
                task.error = {'code': 9, 'message': self.failing[task.task_name]}
        self._jobs.put(job)

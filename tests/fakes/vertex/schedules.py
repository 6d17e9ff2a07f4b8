"""Vertex's schedules; time goes on when `tick` says so."""

import json
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from google.api_core import exceptions
from google.cloud import aiplatform_v1 as v1
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from tests.fakes.vertex.operations import Operations
from tests.fakes.vertex.pipelines import Pipelines
from tests.fakes.vertex.resources import Resources, check_parent, page
from tests.fakes.world import World

ZONED = re.compile(r'(?:(?:CRON_)?TZ=(\S+) )?(.+)')
SCHEDULE_TIME = '{{$.pipeline_job_schedule_time_utc}}'
FIELDS = ('name', 'display_name', 'state', 'cron', 'create_time', 'end_time', 'start_time')
UPDATABLE = {
    'display_name', 'cron', 'start_time', 'end_time', 'max_run_count', 'allow_queueing',
    'max_concurrent_run_count', 'create_pipeline_job_request',
}  # fmt: skip
State: Any = v1.Schedule.State


class Schedules:
    """Schedules, each of which starts jobs when it is due."""

    NAME = 'ScheduleService'

    def __init__(self, world: World, operations: Operations, pipelines: Pipelines) -> None:
        """Use those that are there.

        Args:
            world: has the folders.
            operations: get those that are started.
            pipelines: get the jobs.
        """
        self._operations, self._pipelines = operations, pipelines
        self._schedules: Resources[v1.Schedule] = Resources(world, 'schedules', v1.Schedule)
        self.now: datetime | None = None
        """The time that it is; None: the clock's."""

    def CreateSchedule(self, request: v1.CreateScheduleRequest) -> v1.Schedule:
        """Keep a new schedule; Vertex allows several of one display name."""
        check_parent(request.parent)
        schedule = v1.Schedule(request.schedule)
        self._check(schedule)
        schedule.name = self._schedules.new_name(request.parent)
        schedule.create_time = schedule.update_time = self._time()
        schedule.state = State.ACTIVE
        if not schedule.start_time:
            schedule.start_time = schedule.create_time
        return self._planned(schedule, max(schedule.start_time, self._time()))

    def GetSchedule(self, request: v1.GetScheduleRequest) -> v1.Schedule:
        """Return a schedule."""
        return self._schedules.get(request.name)

    def ListSchedules(self, request: v1.ListSchedulesRequest) -> v1.ListSchedulesResponse:
        """List schedules."""
        check_parent(request.parent)
        found, token = page(self._schedules.all(request.parent), request, FIELDS)
        return v1.ListSchedulesResponse(schedules=found, next_page_token=token)

    def UpdateSchedule(self, request: v1.UpdateScheduleRequest) -> v1.Schedule:
        """Change fields; what was due before is forgotten."""
        schedule = self._schedules.get(request.schedule.name)
        for path in request.update_mask.paths:
            if path not in UPDATABLE:
                raise exceptions.InvalidArgument(f'Field {path!r} cannot be updated.')
            setattr(schedule, path, getattr(request.schedule, path))
        self._check(schedule)
        schedule.update_time = self._time()
        return self._planned(schedule, self._time())

    def PauseSchedule(self, request: v1.PauseScheduleRequest) -> empty_pb2.Empty:
        """Start no more jobs."""
        schedule = self._schedules.get(request.name)
        if schedule.state != State.ACTIVE:
            raise exceptions.FailedPrecondition(f'Schedule is {schedule.state.name}, not ACTIVE.')
        schedule.state, schedule.last_pause_time = State.PAUSED, self._time()
        self._schedules.put(schedule)
        return empty_pb2.Empty()

    def ResumeSchedule(self, request: v1.ResumeScheduleRequest) -> empty_pb2.Empty:
        """Start jobs again; with `catch_up` those too that were due meanwhile."""
        schedule = self._schedules.get(request.name)
        if schedule.state != State.PAUSED:
            raise exceptions.FailedPrecondition(f'Schedule is {schedule.state.name}, not PAUSED.')
        schedule.state, schedule.last_resume_time = State.ACTIVE, self._time()
        schedule.catch_up = request.catch_up
        since = schedule.last_pause_time if request.catch_up else self._time()
        self._planned(schedule, since)
        return empty_pb2.Empty()

    def DeleteSchedule(self, request: v1.DeleteScheduleRequest) -> operations_pb2.Operation:
        """Forget a schedule."""
        self._schedules.get(request.name)

        def finish() -> empty_pb2.Empty:
            self._schedules.remove(request.name)
            return empty_pb2.Empty()

        return self._operations.start(request.name, v1.DeleteOperationMetadata(), finish)

    def tick(self, now: datetime) -> list[v1.PipelineJob]:
        """Let it be later, and return the jobs that are started by then."""
        self.now = now
        started = []
        for schedule in self._schedules.all():
            while (
                schedule.state == State.ACTIVE
                and schedule.next_run_time
                and schedule.next_run_time <= now
            ):
                at = schedule.next_run_time
                running = self._pipelines.running(schedule.name)
                if running < schedule.max_concurrent_run_count:
                    started.append(self._start(schedule, at))
                    schedule.started_run_count += 1
                elif schedule.allow_queueing:
                    break
                schedule = self._planned(schedule, at)
        return started

    def _start(self, schedule: v1.Schedule, at: datetime) -> v1.PipelineJob:
        request = schedule.create_pipeline_job_request
        # Vertex puts the time in when a step starts; here the job shows it.
        text = v1.PipelineJob.to_json(request.pipeline_job)
        moment = at.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
        job = v1.PipelineJob.from_json(text.replace(SCHEDULE_TIME, json.dumps(moment)[1:-1]))
        job.schedule_name = schedule.name
        return self._pipelines.start(request.parent, job)

    def _planned(self, schedule: v1.Schedule, after: datetime) -> v1.Schedule:
        """Set when a schedule is due next, and keep it."""
        zone, expression = _cron(schedule.cron)
        following = next(CronSim(expression, after.astimezone(zone))).astimezone(UTC)
        done = schedule.max_run_count and schedule.started_run_count >= schedule.max_run_count
        if done or (schedule.end_time and following > schedule.end_time):
            schedule.state, schedule.next_run_time = State.COMPLETED, None
        else:
            schedule.next_run_time = following
        return self._schedules.put(schedule)

    def _check(self, schedule: v1.Schedule) -> None:
        if not schedule.display_name or len(schedule.display_name) > 128:
            raise exceptions.InvalidArgument('Schedule.display_name must have 1 to 128 characters.')
        if schedule.max_concurrent_run_count < 1:
            raise exceptions.InvalidArgument('max_concurrent_run_count must be at least 1.')
        try:
            zone, expression = _cron(schedule.cron)
            CronSim(expression, datetime.now(zone))
        except (CronSimError, KeyError, ValueError) as error:
            raise exceptions.InvalidArgument(f'Invalid cron {schedule.cron!r}: {error}') from None
        if schedule.end_time and schedule.end_time <= self._time():
            raise exceptions.InvalidArgument('end_time must be in the future.')
        request = schedule.create_pipeline_job_request
        self._pipelines.check(request.parent, request.pipeline_job)

    def _time(self) -> datetime:
        return self.now or datetime.now(UTC)


def _cron(text: str) -> tuple[ZoneInfo, str]:
    match = ZONED.fullmatch(text)
    assert match is not None
    return ZoneInfo(match[1] or 'UTC'), match[2]

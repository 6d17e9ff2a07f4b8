"""Schedules on Vertex: one by each name, made, changed, paused, resumed and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pipeline.cloud.connection import CALL_SECONDS, Connection, told
from pipeline.cloud.cron import Cron
from pipeline.cloud.errors import CloudError
from pipeline.suggest import nearest

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import PipelineJob, Schedule

Done = Literal['made', 'changed', 'unchanged']


@dataclass(frozen=True)
class ScheduleSettings:
    """When a pipeline is run.

    Attributes:
      name: Of the schedule; there is one of a name.
      cron: When, with its time zone.
      start: Not before; None: from now on.
      end: Not after; None: until it is removed.
      max_runs: At most so many; None: no bound.
      concurrent: Runs at the same time.
      queue: Whether a run that is due while others are going waits; else it is skipped.
    """

    name: str
    cron: Cron
    start: datetime | None = None
    end: datetime | None = None
    max_runs: int | None = None
    concurrent: int = 1
    queue: bool = False


def create(
    connection: Connection, settings: ScheduleSettings, job: 'PipelineJob'
) -> tuple['Schedule', Done]:
    """Make a schedule, or bring the one of that name up to date.

    Raises:
      CloudError: There are several of the name, or Google refuses.
    """
    from google.cloud import aiplatform_v1 as v1
    from google.protobuf.field_mask_pb2 import FieldMask

    wanted = _schedule(connection, settings, job)
    held = _named(connection, settings.name)
    if len(held) > 1:
        raise CloudError(
            f'cannot change the schedule {settings.name}: there are {len(held)} of that name; '
            f'remove one by its number: sluice schedule delete {held[-1].name.rpartition("/")[2]}'
        )
    if not held:
        create_request = v1.CreateScheduleRequest(parent=connection.parent, schedule=wanted)
        client = connection.schedules
        made = _create(connection, client, create_request, settings.name)
        return made, 'made'
    wanted.name = held[0].name
    paths = [path for path in _PATHS if _plain(wanted).get(path) != _plain(held[0]).get(path)]
    if settings.start is None and 'startTime' in paths:
        paths.remove('startTime')  # Google fills it in
    if not paths:
        return held[0], 'unchanged'
    mask = FieldMask(paths=[_PATHS[path] for path in paths])
    request = v1.UpdateScheduleRequest(schedule=wanted, update_mask=mask)
    doing = f'change the schedule {settings.name}'
    return connection.call(doing, connection.schedules.update_schedule, request), 'changed'


def _create(connection: Connection, client: Any, request: Any, name: str) -> 'Schedule':
    """Make a schedule; if the answer was lost, find what it made."""
    from google.api_core.exceptions import ClientError

    try:
        return connection.call(f'make the schedule {name}', client.create_schedule, request)
    except CloudError as error:
        if isinstance(error.__cause__, ClientError):
            raise
        held = _named(connection, name)
        if not held:
            raise
        return held[0]


def every(connection: Connection) -> 'list[Schedule]':
    """Return all schedules, newest first.

    Raises:
      CloudError: Google can't be asked.
    """
    return _listed(connection, '')


def find(connection: Connection, name: str) -> 'Schedule':
    """Return the schedule of a name or a number.

    Raises:
      CloudError: There is none or there are several, or Google can't be asked.
    """
    held = _listed(connection, '')
    found = [s for s in held if name in (s.display_name, s.name.rpartition('/')[2], s.name)]
    if not found:
        known = nearest(name, [s.display_name for s in held])
        raise CloudError(f'no schedule {name!r} in {connection.parent}; {known}')
    if len(found) > 1:
        numbers = ', '.join(s.name.rpartition('/')[2] for s in found)
        raise CloudError(
            f'there are {len(found)} schedules {name!r}; name one by number: {numbers}'
        )
    return found[0]


def pause(connection: Connection, name: str) -> 'Schedule':
    """Start no more runs until it is resumed; paused twice is paused.

    Raises:
      CloudError: There is none, it has ended, or Google refuses.
    """
    from google.cloud.aiplatform_v1 import PauseScheduleRequest

    schedule = find(connection, name)
    if schedule.state.name == 'ACTIVE':
        request = PauseScheduleRequest(name=schedule.name)
        connection.call(f'pause {name}', connection.schedules.pause_schedule, request)
    elif schedule.state.name != 'PAUSED':
        raise CloudError(f'cannot pause {name}: it is {schedule.state.name.lower()}')
    return find(connection, schedule.name)


def resume(connection: Connection, name: str, catch_up: bool) -> 'Schedule':
    """Start runs again; resumed twice is resumed.

    Args:
      connection: Where.
      name: Of the schedule.
      catch_up: Whether to start those too that were due while it was paused.

    Raises:
      CloudError: There is none, it has ended, or Google refuses.
    """
    from google.cloud.aiplatform_v1 import ResumeScheduleRequest

    schedule = find(connection, name)
    if schedule.state.name == 'PAUSED':
        request = ResumeScheduleRequest(name=schedule.name, catch_up=catch_up)
        connection.call(f'resume {name}', connection.schedules.resume_schedule, request)
    elif schedule.state.name != 'ACTIVE':
        raise CloudError(f'cannot resume {name}: it is {schedule.state.name.lower()}')
    return find(connection, schedule.name)


def delete(connection: Connection, name: str) -> None:
    """Remove a schedule; runs that have begun go on.

    Raises:
      CloudError: There is none, or Google refuses.
    """
    from google.cloud.aiplatform_v1 import DeleteScheduleRequest

    request = DeleteScheduleRequest(name=find(connection, name).name)
    doing = f'remove {name}'
    operation = connection.call(doing, connection.schedules.delete_schedule, request)
    with told(doing):
        operation.result(timeout=CALL_SECONDS)


_PATHS = {
    'cron': 'cron',
    'startTime': 'start_time',
    'endTime': 'end_time',
    'maxRunCount': 'max_run_count',
    'maxConcurrentRunCount': 'max_concurrent_run_count',
    'allowQueueing': 'allow_queueing',
    'createPipelineJobRequest': 'create_pipeline_job_request',
}
"""What a schedule is compared by: its JSON name -> the field's."""


def _schedule(connection: Connection, settings: ScheduleSettings, job: 'PipelineJob') -> 'Schedule':
    from google.cloud import aiplatform_v1 as v1

    return v1.Schedule(
        display_name=settings.name,
        cron=str(settings.cron),
        start_time=settings.start,
        end_time=settings.end,
        max_run_count=settings.max_runs or 0,
        max_concurrent_run_count=settings.concurrent,
        allow_queueing=settings.queue,
        create_pipeline_job_request=v1.CreatePipelineJobRequest(
            parent=connection.parent, pipeline_job=job
        ),
    )


def _named(connection: Connection, name: str) -> 'list[Schedule]':
    return [s for s in _listed(connection, f'display_name="{name}"') if s.display_name == name]


def _listed(connection: Connection, wanted: str) -> 'list[Schedule]':
    from google.cloud.aiplatform_v1 import ListSchedulesRequest

    request = ListSchedulesRequest(parent=connection.parent, filter=wanted)
    pager = connection.call('list the schedules', connection.schedules.list_schedules, request)
    with told('list the schedules'):
        return list(pager)


def _plain(schedule: 'Schedule') -> dict[str, Any]:
    """Return a schedule as JSON; the project may be written by number, which is left out."""
    from google.protobuf import json_format

    plain: dict[str, Any] = json_format.MessageToDict(type(schedule).pb(schedule))
    job = plain.get('createPipelineJobRequest', {}).get('pipelineJob', {})
    plain['createPipelineJobRequest'] = {k: job.get(k) for k in _OF_JOB}
    return plain


_OF_JOB: Sequence[str] = (
    'displayName', 'pipelineSpec', 'runtimeConfig', 'labels', 'serviceAccount', 'network',
    'encryptionSpec',
)  # fmt: skip
"""What runs of a schedule are compared by; Google adds to the rest."""

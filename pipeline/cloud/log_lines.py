"""What a step on Vertex logged, from Cloud Logging."""

from typing import TYPE_CHECKING, Any

from pipeline.cloud.connection import Connection
from pipeline.cloud.errors import CloudError
from pipeline.suggest import nearest

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import PipelineJob

ENTRIES = 'https://logging.googleapis.com/v2/entries:list'


def log_lines(connection: Connection, job: 'PipelineJob', step: str, limit: int) -> list[str]:
    """Return the last lines that a step logged, oldest first.

    Args:
      connection: Where.
      job: The run.
      step: Name of the step.
      limit: At most so many.

    Raises:
      CloudError: The run has no such step, or Google can't be asked.
    """
    tasks = {task.task_name: task for task in job.job_detail.task_details}
    if step not in tasks:
        raise CloudError(f'--step {step}: no step that has begun; {nearest(step, tasks)}')
    detail = tasks[step].executor_detail
    names = [detail.container_detail.main_job, *detail.container_detail.failed_main_jobs]
    names.append(detail.custom_job_detail.job)
    numbers = [name.rpartition('/')[2] for name in names if name]
    if not numbers:
        return []
    any_of = ' OR '.join(f'"{number}"' for number in numbers)
    body = {
        'resourceNames': [f'projects/{connection.project}'],
        'filter': f'resource.type="ml_job" AND resource.labels.job_id=({any_of})',
        'orderBy': 'timestamp desc',
        'pageSize': limit,
    }
    found = connection.get(f'read the log of {step}', ENTRIES, body)
    return [_line(entry) for entry in reversed(found.get('entries', []))]


def _line(entry: dict[str, Any]) -> str:
    payload = entry.get('jsonPayload', {})
    text = entry.get('textPayload') or payload.get('message') or ''
    when = str(entry.get('timestamp', ''))[11:19]
    level = entry.get('severity', '')
    mark = f' {level}' if level in ('WARNING', 'ERROR', 'CRITICAL') else ''
    return f'{when}{mark} {str(text).rstrip()}'

"""Runs on Vertex: starting them, following them, ending them."""

import json
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeline.cloud.connection import Connection
from pipeline.cloud.errors import CloudError

if TYPE_CHECKING:
    from google.cloud.aiplatform_v1 import PipelineJob

RECIPE_LABEL = 'sluice_recipe'
"""Label of runs and of what they make: the recipe's name."""

ENDED = ('SUCCEEDED', 'FAILED', 'CANCELLED', 'PAUSED')
POLL_SECONDS = 10.0
PARAMETER = re.compile(r'(?P<name>[A-Za-z_][\w.-]*)=(?P<value>.*)', re.DOTALL)


@dataclass(frozen=True)
class RunSettings:
    """How a pipeline is run.

    Attributes:
      parameters: Runtime parameter -> value as typed.
      labels: Of the run.
      service_account: That steps run as; None: Vertex's default one.
      network: That steps are peered with.
      encryption_key: For all that Vertex stores.
      caching: Whether steps are reused; None: as compiled.
      failure: `fast` ends the run at the first failed step, `slow` lets others finish.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    service_account: str | None = None
    network: str | None = None
    encryption_key: str | None = None
    caching: bool | None = None
    failure: str = 'fast'


def job_of(template: Mapping[str, Any], settings: RunSettings) -> 'PipelineJob':
    """Make the request for a run of a compiled pipeline.

    Args:
      template: What `sluice compile` wrote.
      settings: How it is run.

    Raises:
      CloudError: It is no compiled pipeline, or a parameter is not of it.
    """
    from google.cloud import aiplatform_v1 as v1

    spec = json.loads(json.dumps(template.get('pipelineSpec')))
    if not isinstance(spec, dict) or 'root' not in spec:
        raise CloudError('no compiled pipeline: it has no pipelineSpec; write it by sluice compile')
    if settings.caching is not None:
        for task in spec['root']['dag']['tasks'].values():
            task['cachingOptions'] = {'enableCache': settings.caching}
    configured = template.get('runtimeConfig', {})
    policy = v1.PipelineFailurePolicy
    config = v1.PipelineJob.RuntimeConfig(
        gcs_output_directory=configured.get('gcsOutputDirectory', ''),
        parameter_values=typed_parameters(spec, settings.parameters),
        failure_policy=policy.PIPELINE_FAILURE_POLICY_FAIL_SLOW
        if settings.failure == 'slow'
        else policy.PIPELINE_FAILURE_POLICY_FAIL_FAST,
    )
    name = str(spec['pipelineInfo']['name'])
    labels = template.get('labels', {}) | settings.labels | {RECIPE_LABEL: name}
    return v1.PipelineJob(
        display_name=name,
        pipeline_spec=spec,
        runtime_config=config,
        labels=labels,
        service_account=settings.service_account or '',
        network=settings.network or '',
        encryption_spec=v1.EncryptionSpec(kms_key_name=settings.encryption_key)
        if settings.encryption_key
        else None,
    )


def parameters_of(spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the runtime parameters of a pipeline: name -> {parameterType, defaultValue}."""
    found: dict[str, dict[str, Any]] = (
        spec['root'].get('inputDefinitions', {}).get('parameters', {})
    )
    return found


def typed_parameters(spec: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of runtime parameters in their types.

    Raises:
      CloudError: The pipeline has no such parameter, or a value is not of its type.
    """
    from pipeline.suggest import nearest

    known = parameters_of(spec)
    typed: dict[str, Any] = {}
    for name, text in given.items():
        if name not in known:
            raise CloudError(
                f'--param {name}: no parameter of this pipeline; {nearest(name, known)}'
            )
        kind = known[name].get('parameterType') or known[name].get('type', 'STRING')
        try:
            typed[name] = _READERS.get(kind, str)(text)
        except ValueError:
            expected = kind.lower().replace('number_', '')
            raise CloudError(
                f'--param {name}={text}: expected a value of type {expected}'
            ) from None
    return typed


def submit(connection: Connection, job: 'PipelineJob', run: str) -> 'PipelineJob':
    """Start a run.

    A lost answer is asked after: the id of the run is ours, so it is never started twice.

    Args:
      connection: Where.
      job: The request.
      run: Its id.

    Raises:
      CloudError: It isn't started.
    """
    from google.cloud.aiplatform_v1 import CreatePipelineJobRequest

    request = CreatePipelineJobRequest(
        parent=connection.parent, pipeline_job=job, pipeline_job_id=run
    )
    try:
        return connection.call('start the run', connection.pipelines.create_pipeline_job, request)
    except CloudError as error:
        from google.api_core.exceptions import ClientError

        if isinstance(error.__cause__, ClientError):
            raise
        try:
            return get(connection, run)
        except CloudError:
            raise error from None


def new_run_id(recipe: str) -> str:
    """Return the id of a new run: the recipe's name, the time, and what keeps two apart."""
    return f'{recipe}-{datetime.now(UTC).strftime("%Y%m%d-%H%M%S")}-{secrets.token_hex(2)}'


def get(connection: Connection, run: str) -> 'PipelineJob':
    """Return a run by id or full name.

    Raises:
      CloudError: There is none, or Google can't be asked.
    """
    from google.cloud.aiplatform_v1 import GetPipelineJobRequest

    request = GetPipelineJobRequest(name=job_name(connection, run))
    return connection.call(f'look at {run}', connection.pipelines.get_pipeline_job, request)


def cancel(connection: Connection, run: str) -> 'PipelineJob':
    """Ask a run to end, and return it.

    Raises:
      CloudError: It has ended already, there is none, or Google can't be asked.
    """
    from google.cloud.aiplatform_v1 import CancelPipelineJobRequest

    job = get(connection, run)
    if state_of(job) in ENDED:
        raise CloudError(f'cannot cancel {run}: it has ended: {state_of(job).lower()}')
    request = CancelPipelineJobRequest(name=job.name)
    connection.call(f'cancel {run}', connection.pipelines.cancel_pipeline_job, request)
    return get(connection, run)


def listed(connection: Connection, recipe: str | None, limit: int) -> 'list[PipelineJob]':
    """Return runs, newest first.

    Args:
      connection: Where.
      recipe: Name of the recipe; None: all that Sluice started.
      limit: At most so many.

    Raises:
      CloudError: Google can't be asked.
    """
    from google.cloud.aiplatform_v1 import ListPipelineJobsRequest

    wanted = f'labels.{RECIPE_LABEL}={recipe}' if recipe else f'labels.{RECIPE_LABEL}:*'
    request = ListPipelineJobsRequest(
        parent=connection.parent, filter=wanted, order_by='create_time desc', page_size=limit
    )
    found = connection.call('list the runs', connection.pipelines.list_pipeline_jobs, request)
    return list(found.pipeline_jobs)


def follow(
    connection: Connection,
    run: str,
    changed: Callable[[str, str, str], None],
    seconds: float = POLL_SECONDS,
) -> 'PipelineJob':
    """Wait until a run has ended.

    Args:
      connection: Where.
      run: Its id or full name.
      changed: Told of each step that came to another state: name, state, error.
      seconds: Between looks.

    Raises:
      CloudError: Google can't be asked, several times in a row.
    """
    seen: dict[str, str] = {}
    misses = 0
    while True:
        try:
            job = get(connection, run)
            misses = 0
        except CloudError:
            misses += 1
            if misses == 5:
                raise
            time.sleep(seconds)
            continue
        for name, state, error in steps_of(job):
            if seen.get(name) != state:
                seen[name] = state
                changed(name, state, error)
        if state_of(job) in ENDED:
            return job
        time.sleep(seconds)


def steps_of(job: 'PipelineJob') -> Iterator[tuple[str, str, str]]:
    """Yield the steps of a run that have begun: name, state, error."""
    details = sorted(job.job_detail.task_details, key=lambda t: str(t.start_time or t.create_time))
    for task in details:
        if task.task_name != job.name.rpartition('/')[2]:
            yield task.task_name, task.state.name, task.error.message


def state_of(job: 'PipelineJob') -> str:
    """Return the state of a run: SUCCEEDED, FAILED, …."""
    return str(job.state.name).removeprefix('PIPELINE_STATE_')


def job_name(connection: Connection, run: str) -> str:
    """Return the full name of a run."""
    return run if '/' in run else f'{connection.parent}/pipelineJobs/{run}'


def console_url(job: 'PipelineJob') -> str:
    """Return the page of a run."""
    _, project, _, region, _, run = job.name.split('/')
    return (
        'https://console.cloud.google.com/vertex-ai/locations/'
        f'{region}/pipelines/runs/{run}?project={project}'
    )


def _boolean(text: str) -> bool:
    if text.lower() not in ('true', 'false'):
        raise ValueError(text)
    return text.lower() == 'true'


_READERS: Mapping[str, Callable[[str], Any]] = {
    'NUMBER_INTEGER': int,
    'INT': int,
    'NUMBER_DOUBLE': float,
    'DOUBLE': float,
    'BOOLEAN': _boolean,
}
"""Type of a parameter, in either form of the specification -> how its text is read."""

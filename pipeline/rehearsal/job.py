"""A compiled pipeline job, read strictly: what Vertex would refuse is refused here."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from pipeline.rehearsal.errors import RehearsalError

SPEC_VERSION = '2.1.0'


@dataclass(frozen=True)
class Job:
    """A pipeline job.

    Attributes:
      name: of the pipeline, which is also its context in the metadata store.
      root: folder of all its runs, `gs://…`.
      spec: what is run.
      executors: by label, how.
      values: of pipeline parameters, that the job sets.
    """

    name: str
    root: str
    spec: spec_pb2.PipelineSpec
    executors: dict[str, spec_pb2.PipelineDeploymentConfig.ExecutorSpec]
    values: dict[str, Any]

    def executor(
        self, component: spec_pb2.ComponentSpec
    ) -> spec_pb2.PipelineDeploymentConfig.ExecutorSpec:
        """Return how a component is executed.

        Raises:
          RehearsalError: The job doesn't say.
        """
        if component.executor_label not in self.executors:
            raise RehearsalError(f'deploymentSpec: has no executor {component.executor_label!r}')
        return self.executors[component.executor_label]

    @property
    def tasks(self) -> Iterator[spec_pb2.PipelineTaskSpec]:
        """Every task of the job, those of nested DAGs too."""
        for component in (self.spec.root, *self.spec.components.values()):
            yield from component.dag.tasks.values()

    @property
    def containers(self) -> Iterator[spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec]:
        """Every container of the job."""
        for executor in self.executors.values():
            if executor.HasField('container'):
                yield executor.container


def read_job(path: Path) -> Job:
    """Read a compiled job.

    Raises:
      RehearsalError: There is no such file, or what it holds is no job that Vertex would take.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise RehearsalError(f'{path}: cannot be read: {error.strerror}') from None
    except ValueError as error:
        raise RehearsalError(f'{path}: is no JSON: {error}') from None
    if not isinstance(content, dict) or 'pipelineSpec' not in content:
        raise RehearsalError(
            f'{path}: is no compiled pipeline: it has no pipelineSpec; '
            'write one with `sluice compile RECIPE`'
        )
    try:
        return parse_job(content)
    except json_format.ParseError as error:
        raise RehearsalError(f'{path}: Vertex would refuse it: {error}') from None
    except RehearsalError as error:
        raise RehearsalError(f'{path}: {error}') from None


def parse_job(content: dict[str, Any]) -> Job:
    """Return a job.

    Args:
      content: As in the file.

    Raises:
      RehearsalError: It lacks what a job needs, or is of another version.
      ParseError: A key or a type is wrong.
    """
    job = json_format.ParseDict(content, spec_pb2.PipelineJob())
    spec = json_format.ParseDict(content['pipelineSpec'], spec_pb2.PipelineSpec())
    if spec.schema_version != SPEC_VERSION:
        raise RehearsalError(
            f'schemaVersion is {spec.schema_version!r}, and {SPEC_VERSION} is what is rehearsed; '
            'compile it with use_pipeline_spec_2_1=True'
        )
    deployment = json_format.ParseDict(
        content['pipelineSpec'].get('deploymentSpec', {}), spec_pb2.PipelineDeploymentConfig()
    )
    root = job.runtime_config.gcs_output_directory or spec.default_pipeline_root
    if not root.startswith('gs://'):
        raise RehearsalError(
            f'gcsOutputDirectory is {root!r}; Vertex needs a folder on Cloud Storage, gs://…'
        )
    return Job(
        name=spec.pipeline_info.name,
        root=root.rstrip('/'),
        spec=spec,
        executors=dict(deployment.executors),
        values={
            name: json_format.MessageToDict(value)
            for name, value in job.runtime_config.parameter_values.items()
        },
    )

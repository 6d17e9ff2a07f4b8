"""Arguments of Beam for Dataflow, held against Beam's own parser and checks."""

import argparse
from collections.abc import Sequence
from typing import Any

from pipeline.beam import BATCHES
from pipeline.dataflow_settings import Dataflow
from pipeline.vertex_settings import Vertex


def dataflow_args(dataflow: Dataflow, vertex: Vertex, name: str) -> tuple[str, ...]:
    """Return the arguments of Beam for steps on Dataflow.

    Workers run the project's own image, so that what is unpickled there is what was pickled here.

    Args:
      dataflow: The settings.
      vertex: Where the pipeline runs, for what they leave out.
      name: Of the recipe, a label of the jobs.

    Raises:
      ValueError: There is no project, or Beam refuses the arguments; the first word is the key
        path.
    """
    if vertex.project is None:
        raise ValueError('dataflow: jobs need a project: set vertex.project')
    root = vertex.root.rstrip('/')
    labels = vertex.labels | {'pipeline': name} | dataflow.labels
    given = {
        'runner': 'DataflowRunner',
        'project': vertex.project,
        'region': dataflow.region or vertex.region,
        'temp_location': f'{root}/dataflow/temp',
        'staging_location': f'{root}/dataflow/staging',
        'sdk_container_image': vertex.image,
        'worker_machine_type': dataflow.machine,
        'disk_size_gb': dataflow.disk_gb,
        'num_workers': dataflow.workers,
        'max_num_workers': dataflow.max_workers,
        'autoscaling_algorithm': 'THROUGHPUT_BASED' if dataflow.autoscaling else 'NONE',
        'service_account_email': dataflow.service_account or vertex.service_account,
        'network': dataflow.network,
        'subnetwork': dataflow.subnetwork,
        'dataflow_kms_key': vertex.encryption_key,
    }
    arguments = [f'--{key}={value}' for key, value in given.items() if value is not None]
    arguments += [f'--labels={key}={value}' for key, value in sorted(labels.items())]
    if not dataflow.public_ips:
        arguments.append('--no_use_public_ips')
    check_arguments(arguments)
    return (*arguments, BATCHES)


def check_arguments(arguments: Sequence[str]) -> None:
    """Hold arguments against Beam's parser, and the checks that it makes before a job.

    Raises:
      ValueError: One is not known, or Beam refuses them.
    """
    from apache_beam.options.pipeline_options import PipelineOptions, WorkerOptions
    from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
    from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner

    parser: Any = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    for kind in PipelineOptions.__subclasses__():
        kind._add_argparse_args(parser)
    try:
        _, unknown = parser.parse_known_args(list(arguments))
    except argparse.ArgumentError as error:
        raise ValueError(f'dataflow: Beam refuses {error}') from None
    if unknown:
        raise ValueError(f'dataflow: Beam does not know {unknown[0]}')
    validator = PipelineOptionsValidator(PipelineOptions(list(arguments)), DataflowRunner())
    # Its `validate` asks Cloud Storage, which compiling must not.
    workers = validator.options.view_as(WorkerOptions)
    faults = [
        *validator.validate_num_workers(workers),
        *validator.validate_worker_region_zone(workers),
        *validator.validate_sdk_container_image_options(workers),
        *validator.validate_optional_argument_positive(workers, 'disk_size_gb'),
    ]
    if faults:
        raise ValueError(f'dataflow: {" ".join(str(faults[0]).split())}')

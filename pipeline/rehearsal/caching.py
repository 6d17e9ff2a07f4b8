"""The key under which Vertex looks for an earlier execution of a task."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2


def cache_key(
    context: str,
    container: spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec,
    code: str,
    told: spec_pb2.ExecutorInput,
    component: spec_pb2.ComponentSpec,
    from_driver: Mapping[str, Any],
) -> str:
    """Return a digest of what decides that a task need not run again.

    It is the pipeline, the container (image, command, arguments, variables), the input
    artifacts by their resource names, the parameters, the outputs by name and type, and what the
    driver found. What is in a table that a query reads counts only through that.

    Args:
      context: Name of the pipeline.
      container: As in the job, with its placeholders.
      code: Digest of the code that is in the image: here it can change under one name.
      told: Inputs of the task.
      component: Whose outputs they are.
      from_driver: Parameters that a driver has found, such as a fingerprint of the data.
    """
    parts = [
        context,
        code,
        container.image,
        [*container.command],
        [*container.args],
        {v.name: v.value for v in container.env},
        {key: [a.name for a in of.artifacts] for key, of in told.inputs.artifacts.items()},
        {k: json_format.MessageToDict(v) for k, v in told.inputs.parameter_values.items()},
        json_format.MessageToDict(component.output_definitions),
        dict(from_driver),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

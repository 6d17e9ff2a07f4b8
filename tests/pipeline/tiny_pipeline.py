"""A pipeline with everything that TFX compiles wrongly for Vertex; imports TFX."""

# mypy: disable-error-code="type-arg, call-overload"
# The annotations are not types to mypy.

from typing import Any, TypedDict

from tfx.dsl.component.experimental.annotations import (
    InputArtifact,
    OutputArtifact,
    Parameter,
)
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.experimental.conditionals.conditional import Cond
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.pipeline import Pipeline
from tfx.types.standard_artifacts import Model, ModelBlessing, PushedModel


class Reason(TypedDict):
    """What `Judge` returns."""

    reason: str


@component
def Judge(  # noqa: N802
    rows: Parameter[int], model: OutputArtifact[Model], verdict: OutputArtifact[ModelBlessing]
) -> Reason:
    return {'reason': ''}


@component
def Push(  # noqa: N802
    blessing: InputArtifact[ModelBlessing],
    reason: Parameter[str],
    pushed: OutputArtifact[PushedModel],
) -> None:
    """Takes the artifact that its condition is on, under another name."""


@component
def Tell(reason: Parameter[str]) -> None:  # noqa: N802
    """Does not take the artifact that its condition is on."""


def compiled() -> dict[str, Any]:
    """Return the compiled job."""
    judge = Judge(rows=RuntimeParameter('rows', int, default=7))
    verdict = judge.outputs['verdict']
    with Cond(verdict.future()[0].custom_property('blessed') == 1):
        push = Push(blessing=verdict, reason=judge.outputs['reason'].future()[0].value)
        tell = Tell(reason='blessed')
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image='image', use_pipeline_spec_2_1=True)
    )
    pipeline = Pipeline('tiny', 'gs://bucket/root', components=[judge, push, tell])
    return runner.run(pipeline, write_out=False)

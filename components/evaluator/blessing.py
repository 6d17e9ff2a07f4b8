"""The blessing artifact, as TFX's own Evaluator writes it."""

from tfx import types
from tfx.components.evaluator import constants
from tfx.utils import io_utils


def write_blessing(
    blessing: types.Artifact,
    blessed: bool,
    candidate: types.Artifact,
    baseline: types.Artifact | None,
    component_id: str | None,
) -> None:
    """Mark a model as blessed or not.

    The file is what the stock Pusher looks for, the properties what the latest-blessed-model
    resolvers do.

    Args:
        blessing: ModelBlessing artifact to fill.
        blessed: The verdict.
        candidate: Model that was judged.
        baseline: Model that it was compared to, if any.
        component_id: Id of the component, if the orchestrator gives it.
    """
    blessing.set_string_custom_property(
        constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, candidate.uri
    )
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, candidate.id)
    if baseline:
        blessing.set_string_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, baseline.uri
        )
        blessing.set_int_custom_property(
            constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, baseline.id
        )
    if component_id is not None:
        blessing.set_string_custom_property('component_id', component_id)
    file, value = (
        (constants.BLESSED_FILE_NAME, constants.BLESSED_VALUE)
        if blessed
        else (constants.NOT_BLESSED_FILE_NAME, constants.NOT_BLESSED_VALUE)
    )
    io_utils.write_string_file(f'{blessing.uri}/{file}', '')
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)

"""Pusher's executor."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tfx.components.pusher import executor as stock
from tfx.dsl.io import fileio
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.types.standard_component_specs import (
    EVALUATION_KEY,
    MODEL_KEY,
    PUSH_DESTINATION_KEY,
    PUSHED_MODEL_KEY,
)
from tfx.utils import io_utils, proto_utils

from components.pusher import headline
from components.pusher.card_files import card_files
from components.pusher.settings import CardTerms
from components.pusher.versions import copy, push

VERDICT = 'verdict.json'
"""File of an evaluation that the Evaluator's verdict is in."""

MODEL_ID = 'pushed_model_id'
"""Custom property of the pushed model: id of the model artifact it is a copy of."""

REPLACES = 'replaces'
"""Execution property, and custom property of the pushed model: id of the earlier push of the
same model, now gone or no longer the newest, that this one replaces; 0 for none."""

CARD_KEY = 'card'
"""Execution property: CardTerms as JSON."""

WITHDRAWN = 'withdrawn_version'
"""Execution property: version that the model was last pushed as, if that was rolled back; or ''."""

NOT_PUSHED = 'not_pushed_because'
"""Custom property of the pushed model: why it is blessed, but not pushed."""

Artifacts = dict[str, list[Artifact]]


class Executor(stock.Executor):
    """Pushes a blessed model in one piece; to remote folders, as the stock executor does."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Push the model if it is blessed, and record where to.

        Args:
            input_dict: `model` and `model_blessing`; maybe `infra_blessing`, and `evaluation`,
                whose headline, and a card, go with the pushed model.
            output_dict: `pushed_model`: gets a copy of the model, and the custom properties
                `pushed`, `pushed_destination`, `pushed_version` (as the stock executor's),
                `pushed_model_id` and `replaces`; `not_pushed_because` of a rollback.
            exec_properties: `push_destination`, a `PushDestination` as JSON; `replaces`;
                `withdrawn_version`; maybe `card`, CardTerms as JSON.

        Raises:
            PushError: The model could not be copied; nothing of it is left.
        """
        pushed = artifact_utils.get_single_instance(output_dict[PUSHED_MODEL_KEY])
        model = artifact_utils.get_single_instance(input_dict[MODEL_KEY])
        pushed.set_int_custom_property(MODEL_ID, model.id)
        pushed.set_int_custom_property(REPLACES, exec_properties.get(REPLACES, 0))
        folder = base_directory(exec_properties)
        source = self.GetModelPath(input_dict)
        withdrawn = exec_properties.get(WITHDRAWN, '')
        if '://' in folder or '://' in source:
            super().Do(input_dict, output_dict, exec_properties)
            if pushed.get_int_custom_property('pushed'):
                for name, text in _beside(input_dict, exec_properties, source).items():
                    at = pushed.get_string_custom_property('pushed_destination')
                    io_utils.write_string_file(f'{at}/{name}', text)
        elif withdrawn and self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            pushed.set_string_custom_property(
                NOT_PUSHED,
                f'this model is version {withdrawn}, which was rolled back; to have it again: '
                f'sluice rollback {Path(folder).name} --to {withdrawn}',
            )
        elif self.CheckBlessing(input_dict):
            copy(Path(source), Path(pushed.uri))
            beside = _beside(input_dict, exec_properties, source)
            version = push(Path(source), Path(folder), beside)
            self._MarkPushed(pushed, pushed_destination=str(version), pushed_version=version.name)
        else:
            self._MarkNotPushed(pushed)


def _beside(input_dict: Artifacts, exec_properties: dict[str, Any], model: str) -> dict[str, str]:
    """Return the files that tell of the model, if an evaluation is given: headline and card."""
    if not input_dict.get(EVALUATION_KEY):
        return {}
    evaluation = artifact_utils.get_single_uri(input_dict[EVALUATION_KEY])
    verdict = f'{evaluation}/{VERDICT}'
    with fileio.open(verdict) as file:
        text = file.read()
    local = Path(verdict)
    seconds = local.stat().st_mtime if local.is_file() else datetime.now(UTC).timestamp()
    at = datetime.fromtimestamp(seconds, UTC)
    files = {headline.FILE: headline.headline_text(text, at)}
    if terms := exec_properties.get(CARD_KEY):
        own = CardTerms.model_validate_json(terms)
        files |= card_files(own, text, evaluation, model, at)
    return files


def base_directory(exec_properties: dict[str, Any]) -> str:
    """Return the folder that gets the versions."""
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(exec_properties[PUSH_DESTINATION_KEY], destination)
    return destination.filesystem.base_directory

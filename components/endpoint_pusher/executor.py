"""EndpointPusher's executor."""

import hashlib
import logging
from pathlib import PurePosixPath
from typing import Any

from tfx.components.pusher import executor as stock
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.types.standard_component_specs import (
    EVALUATION_KEY,
    EXAMPLES_KEY,
    INFRA_BLESSING_KEY,
    MODEL_BLESSING_KEY,
    MODEL_KEY,
    PUSHED_MODEL_KEY,
)
from tfx.utils import io_utils

from components.endpoint_pusher.cloud import Cloud
from components.endpoint_pusher.rollout import Rollout
from components.endpoint_pusher.rows import smoke_rows
from components.endpoint_pusher.settings import EndpointTerms
from components.endpoint_pusher.smoke import FILE
from components.pusher.executor import NOT_PUSHED

CONFIG_KEY, ENDPOINT_KEY = 'config', 'endpoint'
"""Execution properties: EndpointTerms as JSON; the endpoint's id or display name."""

Artifacts = dict[str, list[Artifact]]
_log = logging.getLogger(__name__)
_progress = logging.getLogger('sluice.progress')


class Executor(stock.Executor):
    """Puts a blessed model onto an endpoint, or leaves all as it is."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Push the model if both gates have blessed it, and record where to.

        Args:
            input_dict: `model`, `model_blessing`, `infra_blessing`, `examples` and `evaluation`.
            output_dict: `pushed_model`: gets a copy of the model, which Vertex fetches, and the
                custom properties `pushed`, `pushed_destination` (the endpoint's resource name),
                `pushed_version`; `not_pushed_because` where it is blessed, but not pushed.
            exec_properties: `config`: an `EndpointTerms` as JSON; `endpoint`: its id or name.

        Raises:
            EndpointError: The model does not serve; what served before does.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        terms = EndpointTerms.model_validate_json(exec_properties[CONFIG_KEY])
        terms = terms.named(exec_properties[ENDPOINT_KEY])
        pushed = artifact_utils.get_single_instance(output_dict[PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            refused = [k for k in (MODEL_BLESSING_KEY, INFRA_BLESSING_KEY) if input_dict.get(k)]
            _say(f'not blessed ({", ".join(refused)}), so the endpoint stays as it is')
            return
        source = self.GetModelPath(input_dict)
        examples = artifact_utils.get_single_instance(input_dict[EXAMPLES_KEY])
        evaluation = artifact_utils.get_single_uri(input_dict[EVALUATION_KEY])
        smoke = smoke_rows(examples, evaluation, source, terms)
        _copy(source, pushed.uri)
        io_utils.write_string_file(f'{pushed.uri}/{FILE}', smoke.to_json())
        model = artifact_utils.get_single_uri(input_dict[MODEL_KEY])
        outcome = Rollout(Cloud(terms), terms, _say).push(pushed.uri, push_key(model), smoke)
        _say(outcome.summary)
        if outcome.pushed:
            self._MarkPushed(pushed, outcome.endpoint, outcome.version)
        else:
            self._MarkNotPushed(pushed)
            pushed.set_string_custom_property(NOT_PUSHED, outcome.summary)


def push_key(model: str) -> str:
    """Return what a push of a model is known by: the same however often it is tried."""
    return hashlib.sha256(model.encode()).hexdigest()[:16]


def _say(line: str) -> None:
    _log.info('%s', line)
    _progress.info('%s', line)


def _copy(source: str, target: str) -> None:
    """Copy a model, between any two file systems."""
    for folder, _, files in fileio.walk(source):
        inside = PurePosixPath(folder.rstrip('/')).relative_to(PurePosixPath(source.rstrip('/')))
        to = target if str(inside) == '.' else f'{target}/{inside}'
        fileio.makedirs(to)
        for name in files:
            fileio.copy(f'{folder.rstrip("/")}/{name}', f'{to}/{name}', overwrite=True)

"""ServingGate's executor: a model and rows in, an infra blessing out."""

import json
import logging
from typing import Any

from tfx.components.util.model_utils import is_model_blessed
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils, path_utils

from components.example_batches import example_files
from components.serving_gate.check import find_fault
from components.serving_gate.instances import spread
from components.serving_gate.server import Server
from components.serving_gate.settings import ServingGateConfig
from components.tfrecords import read_records

REPORT_FILE = 'serving_gate.json'
"""Name of the report within the blessing: `passed`, `rows`, and `fault`, '' if it passed."""

BLESSED_FILE, NOT_BLESSED_FILE = 'INFRA_BLESSED', 'INFRA_NOT_BLESSED'
"""Files of the stock InfraValidator's blessing."""

Artifacts = dict[str, list[Artifact]]
_log = logging.getLogger(__name__)
_progress = logging.getLogger('sluice.progress')


class Executor(BaseExecutor):
    """Serves the model, asks it, and blesses it or not."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Serve the model, and hold its answers against those of the evaluated signature.

        Args:
            input_dict: `examples`, `model`, and maybe `model_blessing`: a model that it refuses
                is not served, and gets no blessing here either.
            output_dict: `blessing`.
            exec_properties: `config`: a `ServingGateConfig` as JSON.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = ServingGateConfig.model_validate_json(exec_properties['config'])
        model = artifact_utils.get_single_instance(input_dict['model'])
        judged = input_dict.get('model_blessing')
        asked, fault = 0, ''
        if judged and not is_model_blessed(artifact_utils.get_single_instance(judged)):
            fault = 'the Evaluator did not bless the model, so it was not served'
        else:
            path = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
            examples = artifact_utils.get_single_instance(input_dict['examples'])
            with Server(path) as server:
                files = example_files(examples, config.split)
                rows = spread(read_records(files, config.rows), config.rows)
                asked = len(rows)
                fault = find_fault(server, path, rows, config)
        _write(artifact_utils.get_single_instance(output_dict['blessing']), asked, fault)
        if fault:
            _log.warning('Not blessed: %s', fault)
        counted = {'done': asked, 'total': None, 'unit': 'rows answered as evaluated'}
        _progress.info(
            fault or '%d rows', *(() if fault else (asked,)), extra={'progress': counted}
        )


def _write(blessing: Artifact, rows: int, fault: str) -> None:
    report = {'passed': not fault, 'rows': rows, 'fault': fault}
    io_utils.write_string_file(f'{blessing.uri}/{REPORT_FILE}', json.dumps(report, indent=2))
    name = NOT_BLESSED_FILE if fault else BLESSED_FILE
    io_utils.write_string_file(f'{blessing.uri}/{name}', '')
    blessing.set_int_custom_property('blessed', int(not fault))

"""Searches in this process."""

from typing import Any

from tfx.components.tuner.executor import search, write_best_hyperparameters
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import Artifact

Artifacts = dict[str, list[Artifact]]


class Executor(BaseExecutor):
    """As TFX's, which refuses trials at the same time."""

    def Do(  # noqa: N802 # TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Search, and leave what was found best."""
        self._log_startup(input_dict, output_dict, exec_properties)
        tuner = search(input_dict, exec_properties, self._get_tmp_dir())
        write_best_hyperparameters(tuner, output_dict)

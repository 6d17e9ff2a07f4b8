"""Runs the training function, with the epochs that a run was started with."""

from typing import Any

from tfx.components.trainer.executor import GenericExecutor, _is_chief
from tfx.components.util import udf_utils
from tfx.dsl.io import fileio
from tfx.types import Artifact

EPOCHS = 'epochs'
"""Execution property, and key of `custom_config` under which the function finds it."""

Artifacts = dict[str, list[Artifact]]


class Executor(GenericExecutor):
    """As TFX's; of several workers only the chief is asked for a model."""

    def Do(  # noqa: N802 # TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Train.

        Raises:
          RuntimeError: The function returned and left no model.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        fn_args = self._GetFnArgs(input_dict, output_dict, exec_properties)
        if exec_properties.get(EPOCHS) is not None:
            fn_args.custom_config[EPOCHS] = int(exec_properties[EPOCHS])
        udf_utils.get_fn(exec_properties, 'run_fn')(fn_args)
        if _is_chief() and not fileio.exists(fn_args.serving_model_dir):
            raise RuntimeError(f'{exec_properties["run_fn"]} left no model')

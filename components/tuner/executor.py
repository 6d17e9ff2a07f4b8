"""Searches in this process, or in several at the same time."""

from pathlib import Path
from typing import Any

from tfx.components.trainer.fn_args_utils import get_common_fn_args
from tfx.components.tuner.executor import get_tune_args, search, write_best_hyperparameters
from tfx.components.util import udf_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import Artifact

from components.tuner import parallel

Artifacts = dict[str, list[Artifact]]

TOLD = ('train_files', 'eval_files', 'transform_graph_path', 'schema_path', 'working_dir',
        'custom_config')  # fmt: skip
"""What a worker is told of TFX's arguments; the others are of no use to a search."""


class Executor(BaseExecutor):
    """As TFX's, which refuses trials at the same time."""

    def Do(  # noqa: N802 # TFX's name
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Search, and leave what was found best.

        Raises:
          TunerError: No trial of several processes was completed.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        folder = self._get_tmp_dir()
        args = get_tune_args(exec_properties)
        if args is None or args.num_parallel_trials < 2:
            tuner = search(input_dict, exec_properties, folder, print_tuning_summary=False)
        else:
            fn_args = get_common_fn_args(input_dict, exec_properties, folder)
            tuner = udf_utils.get_fn(exec_properties, 'tuner_fn')(fn_args).tuner
            told = {name: getattr(fn_args, name) for name in TOLD}
            parallel.search(
                tuner,
                exec_properties['tuner_fn'],
                told,
                args.num_parallel_trials,
                Path(folder),
            )
        write_best_hyperparameters(tuner, output_dict)

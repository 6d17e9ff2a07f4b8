"""One of the processes that train a model together, or all of them in one: a test's child.

`python -m tests.models.together SETTINGS`, a JSON file with what `run_fn` is given; `devices`
splits the CPU into so many, `kill_in_epoch` ends the process as a lost machine would.
"""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import tensorflow as tf

from models import callbacks, hardware, trainer


def main() -> None:
    settings: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    devices, dying = settings.pop('devices'), settings.pop('kill_in_epoch')
    if devices > 1:
        (cpu,) = tf.config.list_physical_devices('CPU')
        each = [tf.config.LogicalDeviceConfiguration()] * devices
        tf.config.set_logical_device_configuration(cpu, each)
        names = [f'CPU:{n}' for n in range(devices)]

        def strategy(*_: Any) -> tf.distribute.Strategy:
            hardware.mend_training_loop()
            return tf.distribute.MirroredStrategy(names)

        hardware.strategy = strategy  # type: ignore[assignment] # CPUs stand for GPUs
    if dying is not None:
        begin = callbacks.EpochLog.on_epoch_begin

        def die(self: Any, epoch: int, logs: Any = None) -> None:
            if epoch + 1 == dying:
                os._exit(9)
            begin(self, epoch, logs)

        callbacks.EpochLog.on_epoch_begin = die  # type: ignore[method-assign]
    trainer.run_fn(SimpleNamespace(**settings))


if __name__ == '__main__':
    main()

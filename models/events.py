"""What TensorBoard shows of a training."""

from typing import Any

import keras
import tensorflow as tf

from models.callbacks import EpochLog

PREFIX = 'epoch_'
"""As Keras' own callback names scalars."""


class Events(keras.callbacks.Callback):
    """Write an `EpochLog` as TensorBoard's scalars, by epoch, phases after each other.

    Keras' own callback numbers the epochs of each `fit` from 0, so that phases overwrite each
    other, and knows nothing of those before a training was resumed.

    Args:
        folder: gets `train` (with the learning rate) and `validation`.
        log: comes before this among the callbacks.
    """

    def __init__(self, folder: str, log: EpochLog) -> None:
        super().__init__()
        self._log = log
        self._written = 0
        self._writers = {
            name: tf.summary.create_file_writer(f'{folder}/{name}')
            for name in ('train', 'validation')
        }

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write what was not written yet."""
        for entry in self._log.epochs[self._written :]:
            for key, value in entry.items():
                if not isinstance(value, float) or key == 'seconds':
                    continue
                split = 'validation' if key.startswith('val_') else 'train'
                with self._writers[split].as_default(step=entry['epoch']):
                    tf.summary.scalar(PREFIX + key.removeprefix('val_'), value)
        self._written = len(self._log.epochs)
        for writer in self._writers.values():
            writer.flush()

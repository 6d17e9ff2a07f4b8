"""Training as it stands after an epoch, kept in a file so that a killed one can go on.

`keras.callbacks.BackupAndRestore` keeps weights and optimizer only: after it the best epoch so far
is forgotten, early stopping counts anew, rows come in the order of the first epoch again, and a
kill while it writes leaves nothing to read.
"""

import hashlib
import io
import json
import logging
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import keras
import numpy as np
import tensorflow as tf

from models.settings import TrainerConfig

KEPT_DAYS = 30
"""Files older than this are of trainings that nobody went on with."""

SHARE_OF_TIME = 0.1
"""Saving takes no more of the time than this, so quick epochs of large models are not all saved."""

ALWAYS_QUICK = 0.25
"""Seconds of saving that are worth it after any epoch."""

_SUFFIX = '.npz'
_STATE = 'state'

_log = logging.getLogger('sluice.models')


@runtime_checkable
class Stateful(Protocol):
    """A callback that remembers something from epoch to epoch."""

    def state(self) -> dict[str, Any]:
        """Return what it remembers: plain values, and arrays."""

    def restore(self, state: dict[str, Any]) -> None:
        """Remember it again."""


@dataclass(frozen=True)
class Checkpoint:
    """Training after an epoch.

    Attributes:
        phase: name of the phase.
        epoch: how many of its epochs are done.
        stopped: whether it ended with this one, before the last.
        variables: of model, network and optimizer, in their order.
        callbacks: state of each callback that has one, in their order.
        rate_search: what a search for a learning rate found, as JSON; None: there was none.
    """

    phase: str
    epoch: int
    stopped: bool
    variables: list[np.ndarray] = field(repr=False)
    callbacks: list[dict[str, Any]] = field(repr=False)
    rate_search: dict[str, Any] | None = field(default=None, repr=False)


class Checkpoints:
    """The file of one training, in a folder of such files."""

    def __init__(self, folder: str, key: str) -> None:
        """Name the file.

        Args:
            folder: may be remote, and need not be there.
            key: from `training_key`.
        """
        self._folder = folder
        self._path = f'{folder}/{key}{_SUFFIX}'

    def load(self) -> Checkpoint | None:
        """Return what was saved last, or None; what cannot be read is left out, with a warning."""
        if not tf.io.gfile.exists(self._path):
            return None
        try:
            with tf.io.gfile.GFile(self._path, 'rb') as file, np.load(io.BytesIO(file.read())) as z:
                arrays = dict(z)
        except (EOFError, ValueError, zipfile.BadZipFile) as error:
            _log.warning('checkpoint %s cannot be read: %s; training anew', self._path, error)
            return None

        def with_array(plain: dict[str, Any]) -> Any:
            return arrays[plain['array']] if plain.keys() == {'array'} else plain

        return Checkpoint(**json.loads(str(arrays[_STATE]), object_hook=with_array))

    def save(self, checkpoint: Checkpoint) -> None:
        """Put a checkpoint in the place of the last; a kill leaves one or the other."""
        arrays: dict[str, np.ndarray] = {}

        def stored(array: Any) -> dict[str, str]:
            name = f'array_{len(arrays)}'
            arrays[name] = np.asarray(array)
            return {'array': name}

        state = np.array(json.dumps(vars(checkpoint), default=stored))
        content = io.BytesIO()
        np.savez(content, **(arrays | {_STATE: state}))  # type: ignore[arg-type]  # not the flag
        tf.io.gfile.makedirs(self._folder)
        part = f'{self._path}.part'
        with tf.io.gfile.GFile(part, 'wb') as file:
            file.write(content.getvalue())
        tf.io.gfile.rename(part, self._path, overwrite=True)

    def remove(self) -> None:
        """Remove the file, and those that were left behind long ago."""
        oldest = (time.time() - KEPT_DAYS * 24 * 3600) * 1e9
        for path in tf.io.gfile.glob(f'{self._folder}/*{_SUFFIX}*'):
            ours = path.startswith(self._path)
            if ours or tf.io.gfile.stat(path).mtime_nsec < oldest:
                tf.io.gfile.remove(path)


def training_key(config: TrainerConfig, model: keras.Model, inputs: Sequence[str]) -> str:
    """Return a digest of all that a training comes from; equal for a second try of the same.

    Args:
        config: its settings.
        model: as built; an own function may have changed without its settings.
        inputs: files and folders that are read. The paths of artifacts change with their content.
    """
    parts = [config.model_dump_json(), model.to_json(), keras.__version__, *inputs]
    return hashlib.sha256('\0'.join(parts).encode()).hexdigest()[:32]


class SaveEpochs(keras.callbacks.Callback):
    """Save training after each epoch, and begin where a saved one was. Must be the last callback.

    Args:
        checkpoints: where to.
        phase: name of the phase that is fitted.
        variables: all that training changes.
        callbacks: those whose state is kept too.
        rate_search: kept too.
        resumed: where to begin; None: at the beginning.
        writes: whether it saves; of several processes that train together one does.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        phase: str,
        variables: Sequence[keras.Variable],
        callbacks: Sequence[Stateful],
        rate_search: dict[str, Any] | None,
        resumed: Checkpoint | None,
        writes: bool = True,
    ) -> None:
        super().__init__()
        self._writes = writes
        self._checkpoints = checkpoints
        self._phase = phase
        self._variables = variables
        self._stateful = callbacks
        self._rate_search = rate_search
        self._resumed = resumed
        self._next = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Take over from the checkpoint, after the other callbacks have begun anew."""
        if self._resumed is None:
            return
        for variable, value in zip(self._variables, self._resumed.variables, strict=True):
            variable.assign(value)
        for callback, state in zip(self._stateful, self._resumed.callbacks, strict=True):
            callback.restore(state)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Save, unless the last time was just now and took long."""
        started = time.monotonic()
        stopped = bool(self.model.stop_training)
        if not self._writes or (started < self._next and not stopped):
            return
        self._checkpoints.save(
            Checkpoint(
                self._phase,
                epoch + 1,
                stopped,
                [keras.ops.convert_to_numpy(v) for v in self._variables],
                [c.state() for c in self._stateful],
                self._rate_search,
            )
        )
        ended = time.monotonic()
        if ended - started > ALWAYS_QUICK:
            self._next = ended + (ended - started) / SHARE_OF_TIME

"""Keras' training loop, mended for several devices and several machines.

Of Keras 3.15, `fit` and `evaluate`

- take a batch from the data to build a model that was made under a strategy, and lose it, so that a
  training that is gone on with is not where it was; with several machines they also fail, as each
  holds a part of that batch only;
- of several machines average metrics over the first axis, which numbers do not have
  (https://github.com/keras-team/keras/issues/20585).

Both are replaced here, in this process, and only in the version that this was written for.
"""

from typing import Any

import keras
import tensorflow as tf
from keras.src.backend.tensorflow import trainer

MENDED = '3.15.'
"""Beginning of the versions of Keras that have these faults as described."""


def mend_training_loop() -> None:
    """Replace what is wrong, once.

    Raises:
        RuntimeError: Keras is another version, and its training loop is not known.
    """
    if not keras.__version__.startswith(MENDED):
        raise RuntimeError(
            f'several devices: Keras {keras.__version__} is not {MENDED}x, whose training loop '
            'models/multi_device.py mends; look whether it still must be, or take one device'
        )
    if trainer.TensorFlowTrainer._maybe_symbolic_build is _build_by_specs:
        return
    trainer.TensorFlowTrainer._maybe_symbolic_build = _build_by_specs
    trainer.reduce_per_replica = _reduced(trainer.reduce_per_replica)


def _build_by_specs(
    self: trainer.TensorFlowTrainer, iterator: Any = None, data_batch: Any = None
) -> None:
    """Build from what batches look like, where Keras would take one."""
    if self._distribute_strategy is None:
        return
    if iterator is not None:
        specs = iterator._distributed_dataset.element_spec
        data_batch = tf.nest.map_structure(_of_one_replica, specs)
    with self.distribute_strategy.scope():
        self._symbolic_build(data_batch=data_batch)


def _of_one_replica(spec: Any) -> tf.TensorSpec:
    return spec if isinstance(spec, tf.TensorSpec) else spec._value_specs[0]


def _reduced(original: Any) -> Any:
    def reduce_per_replica(values: Any, strategy: tf.distribute.Strategy, reduction: str) -> Any:
        if reduction in ('auto', 'mean') and trainer._collective_all_reduce_multi_worker(strategy):
            return tf.nest.map_structure(lambda v: strategy.reduce('MEAN', v, axis=None), values)
        return original(values, strategy, reduction)

    return reduce_per_replica

"""The part of a model that does not learn: cut off, and run once on all pictures."""

import math
import tempfile
import time
import warnings
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import replace

import keras
import numpy as np
import tensorflow as tf

from models import dataset
from models.dataset import Split
from models.inputs import Tensors
from models.progress import PROGRESS_INTERVAL, report

BATCH = 32
"""Pictures that frozen layers are run on at a time."""


class OutOfTimeError(Exception):
    """Features are not computed, as there is no time left for them."""


@keras.saving.register_keras_serializable('sluice')
class Frozen(keras.layers.Layer):
    """Layers that do not learn, and behave as when serving also while others learn.

    (Since Keras 3 a `training=False` in a functional model's graph gives way to the argument that
    the model itself is called with.)
    """

    def __init__(self, inner: keras.Model, **kwargs: object) -> None:
        """Take the layers, as a model."""
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Run them."""
        return self.inner(inputs, training=False)


def cut(model: keras.Model, learning: Collection[keras.layers.Layer]) -> tuple[keras.Model, ...]:
    """Cut a model in two: what comes before any layer that learns, and the rest.

    Args:
        model: functional, from inputs by name to one output.
        learning: layers of it that learn.

    Returns:
        Models from the inputs to features by name, and from those to the output. They share their
        layers with the model.
    """
    before = _tensors_before(model, {id(layer) for layer in learning})
    features = {f'features_{number}': tensor for number, tensor in enumerate(before)}
    frozen = keras.Model(model.input, features, name='frozen')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)  # that tensors have names of their own
        rest = keras.Model(features, model.output, name='learning')
    return frozen, rest


def _tensors_before(model: keras.Model, learning: set[int]) -> list[keras.KerasTensor]:
    """Return the tensors that depend on no layer that learns, and are used by what does."""
    depends: dict[int, bool] = {}
    border: dict[int, keras.KerasTensor] = {}
    left = list(model.outputs)
    while left:
        tensor = left[-1]
        operation, node, _ = tensor._keras_history
        sources = operation._inbound_nodes[node].input_tensors
        unknown = [source for source in sources if id(source) not in depends]
        if unknown:
            left += unknown
            continue
        left.pop()
        learns = id(operation) in learning or any(depends[id(source)] for source in sources)
        depends[id(tensor)] = learns
        if learns:
            border |= {id(source): source for source in sources if not depends[id(source)]}
    return list(border.values())


class FeatureStore:
    """Features of splits, computed once for all phases and trials that need the same.

    What exceeds `dataset.MEMORY_LIMIT` is on disk, in files that go when they are no longer used.

    Attributes:
        deadline: time, of `time.monotonic`, after which none are computed.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.deadline = math.inf
        self._kept: dict[Hashable, Split] = {}

    def of(
        self, key: Hashable, frozen: keras.Model, split: Split, copies: int = 1, seed: int = 0
    ) -> Split:
        """Run frozen layers on a split.

        Args:
            key: the same for the same layers with the same weights and the same split.
            frozen: from the split's inputs to features by name.
            split: inputs.
            copies: how many versions of them to make, as the split says; if it has several already,
                it is those.
            seed: of the changes.

        Returns:
            Features and label, with the versions as `Split.copies`.

        Raises:
            OutOfTimeError: the deadline is over.
        """
        if key not in self._kept:
            self._kept[key] = _run(frozen, split, copies, seed, self.deadline)
            while self._size() > dataset.MEMORY_LIMIT and len(self._kept) > 1:
                del self._kept[next(iter(self._kept))]
        return self._kept[key]

    def _size(self) -> int:
        columns = [c for s in self._kept.values() if s.columns for c in s.columns[0].values()]
        return sum(c.nbytes for c in columns if not isinstance(c, np.memmap))


def _run(frozen: keras.Model, split: Split, copies: int, seed: int, deadline: float) -> Split:
    versions = _versions(split, list(frozen.input), copies, seed)
    copies = max(copies, split.copies)
    rows = split.rows * copies
    shapes = {name: tensor.shape[1:] for name, tensor in frozen.output.items()}
    columns = {name: _array((rows, *shape)) for name, shape in shapes.items()}
    labels = []
    call = tf.function(lambda inputs: frozen(inputs, training=False), reduce_retracing=True)
    done = 0
    start = reported = time.monotonic()
    for inputs, label in versions:
        for name, values in call(inputs).items():
            columns[name][done : done + len(values)] = values
        labels.append(label[:, 0])
        done += len(label)
        now = time.monotonic()
        if now > deadline:
            raise OutOfTimeError
        if now - reported > PROGRESS_INTERVAL or done == rows:
            reported = now
            report(
                f'frozen layers: {done}/{rows} pictures',
                done=done,
                total=rows,
                unit='pictures',
                metrics={},
                seconds_left=(now - start) / done * (rows - done),
                stage='frozen layers',
                rate=done / (now - start),
                rate_unit='pictures',
            )
    return Split(split.rows, split.labels, (columns, tf.concat(labels, 0)), None, copies=copies)


def _versions(
    split: Split, names: Sequence[str], copies: int, seed: int
) -> Iterator[tuple[Tensors, tf.Tensor]]:
    """Return batches in order, of one version after the other: those there are, or new ones."""
    if split.copies > 1:
        yield from replace(split, rows=split.rows * split.copies, copies=1).batches(
            BATCH, inputs=names
        )
        return
    number = 0
    for _ in range(copies):
        for inputs, label in split.batches(BATCH, inputs=names):
            if split.change:
                inputs = split.change(inputs, tf.constant([seed, number], tf.int64))
            yield inputs, label
            number += 1


def _array(shape: tuple[int, ...]) -> np.ndarray:
    """Return an array in memory, or on disk if it is large."""
    if math.prod(shape) * 4 <= dataset.MEMORY_LIMIT:
        return np.empty(shape, np.float32)
    return np.memmap(tempfile.TemporaryFile(), np.float32, shape=shape)

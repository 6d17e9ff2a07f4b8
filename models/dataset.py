"""Splits of examples, read through the transform graph into batches for Keras."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from models.inputs import Tensors, TransformGraph
from models.target import LabelStatistics, Target

READ_BATCH = 8192
"""Rows parsed and transformed at a time; the ops' overhead per row vanishes by about there."""

READ_BYTES = 4 * 2**20
"""Compressed bytes read at a time."""

MEMORY_LIMIT = 2**30
"""Bytes of transformed rows that one split may keep in memory; larger splits are streamed."""

SHUFFLE_BUFFER = 100_000
"""Serialized rows that a streamed split is shuffled within."""

EVAL_BATCH = 8192
"""Rows per batch where nothing is learnt."""

_as_written = tf.autograph.experimental.do_not_convert
"""Spares tracing the rewriting of functions that have no control flow, most of its time."""

Columns = tuple[Tensors, tf.Tensor]
_log = logging.getLogger('sluice.models')


class DataError(ValueError):
    """Rows that a model cannot be trained on."""


@dataclass(frozen=True)
class Split:
    """One split, ready to be batched.

    Attributes:
        rows: number of rows.
        labels: statistics of the label.
        columns: inputs and label in memory, `[rows, ...]`; None if too large.
        reader: reads them anew, if too large.
    """

    rows: int
    labels: LabelStatistics
    columns: Columns | None
    reader: 'Reader'

    def steps(self, batch_size: int) -> int:
        """Number of batches in one pass."""
        return -(-self.rows // batch_size)

    def batches(
        self,
        batch_size: int,
        *,
        inputs: Iterable[str],
        seed: int | None = None,
        class_weights: Sequence[float] | None = None,
    ) -> tf.data.Dataset:
        """Return batches of the split: one pass in a fixed order, or endless shuffled ones.

        Args:
            batch_size: rows per batch; the last of a single pass may have fewer.
            inputs: names of those wanted.
            seed: of the order of rows, new in each of endless passes; None for a single pass.
                (Starting an iterator costs as much as some ten steps, and batches of one size
                are traced once, so passes follow each other without a break.)
            class_weights: weight of each row by its class; None for equal ones.

        Returns:
            Batches of inputs by name, label `[batch, 1]` and, given class weights, weight
            `[batch, 1]`.
        """
        weights = None if class_weights is None else tf.constant(class_weights, tf.float32)
        names = tuple(inputs)

        @_as_written
        def complete(inputs: Tensors, label: tf.Tensor) -> tuple:
            wanted = {name: inputs[name] for name in names}
            label = label[:, tf.newaxis]
            if weights is None:
                return wanted, label
            return wanted, label, tf.gather(weights, label)

        if self.columns is None:
            stream = self.reader.stream(seed)
            stream = stream if seed is None else stream.repeat()
            batches = stream.rebatch(batch_size).map(complete)
        else:
            columns = self.columns

            @_as_written
            def gathered(picked: tf.Tensor) -> tuple:
                return complete(*tf.nest.map_structure(lambda c: tf.gather(c, picked), columns))

            rows = _in_order(self.rows) if seed is None else _shuffled(self.rows, seed)
            batches = rows.rebatch(min(batch_size, self.rows))
            batches = batches.map(gathered, num_parallel_calls=tf.data.AUTOTUNE)
        if seed is None:
            batches = batches.apply(tf.data.experimental.assert_cardinality(self.steps(batch_size)))
        return batches.prefetch(tf.data.AUTOTUNE)


class Reader:
    """Reads the files of one split."""

    def __init__(
        self, name: str, patterns: Sequence[str], graph: TransformGraph, target: Target
    ) -> None:
        """Find the files.

        Args:
            name: of the split, for messages.
            patterns: of TFRecord files of tf.Examples, gzipped if so named.
            graph: makes inputs and label of them.
            target: what is predicted.

        Raises:
            DataError: there are no files.
        """
        self.name = name
        self.files = sorted(f for p in patterns for f in tf.io.gfile.glob(p))
        if not self.files:
            raise DataError(f'split {name!r} has no files: {", ".join(patterns)}')
        self._graph = graph
        self._target = target
        self._ids = class_table(target)

    def stream(self, seed: int | None = None) -> tf.data.Dataset:
        """Return batches of inputs and label, `[batch]`; rows of unknown classes are left out."""
        return self._batches(seed).map(_known, num_parallel_calls=tf.data.AUTOTUNE)

    def _batches(self, seed: int | None) -> tf.data.Dataset:
        """Return batches of (inputs, label as number or id, label as it was)."""
        files = tf.data.Dataset.from_tensor_slices(self.files)
        if seed is not None:
            files = files.shuffle(len(self.files), seed)
        # Interleaving files record by record would take five times as long as reading them.
        rows = tf.data.TFRecordDataset(files, self._compression(), buffer_size=READ_BYTES)
        if seed is not None:
            rows = rows.shuffle(SHUFFLE_BUFFER, seed)
        return rows.batch(READ_BATCH).map(self._parsed, num_parallel_calls=tf.data.AUTOTUNE)

    def _compression(self) -> str | None:
        return 'GZIP' if self.files[0].endswith('.gz') else None

    @_as_written
    def _parsed(self, examples: tf.Tensor) -> tuple[Tensors, tf.Tensor, tf.Tensor]:
        columns = tf.io.parse_example(examples, self._graph.raw | self._graph.raw_label)
        inputs, label = self._graph.both(columns)
        return inputs, label if self._ids is None else self._ids.lookup(label), label

    def read(self, must_know_all: bool) -> Split:
        """Read the whole split once, and keep it in memory if it is not too large.

        Args:
            must_know_all: whether a label of no known class is an error, not just left out.

        Raises:
            DataError: there are no rows, or labels are missing or of no known class.
        """
        kept: list[tuple[dict[str, np.ndarray], np.ndarray]] | None = []
        tally = _Tally(self._target)
        size = 0
        for inputs, label, text in self._batches(None).as_numpy_iterator():
            known = tally.add(label, text)
            if kept is not None:
                kept.append(({k: v[known] for k, v in inputs.items()}, label[known]))
                size += sum(v.nbytes for v in kept[-1][0].values()) + kept[-1][1].nbytes
                kept = kept if size <= MEMORY_LIMIT else None
        self._check(tally, must_know_all)
        columns = None
        if kept is not None:
            with tf.device('CPU:0'):  # where batches are made, whatever trains on them
                columns = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *kept)
        return Split(tally.rows, tally.statistics(), columns, self)

    def _check(self, tally: '_Tally', must_know_all: bool) -> None:
        label = self._target.label
        if tally.rows + tally.unknown == 0:
            raise DataError(f'split {self.name!r} has no rows')
        if not tally.unknown:
            return
        known = ', '.join(repr(c) for c in self._target.classes[:10]) or 'finite numbers'
        message = (
            f'label {label!r} is missing or of no known class in {tally.unknown} of '
            f'{tally.rows + tally.unknown} rows of split {self.name!r} '
            f'(such as {tally.example!r}); expected: {known}'
        )
        if must_know_all or tally.rows == 0:
            raise DataError(f'{message}. Filter or mend them in the query')
        _log.warning('%s. They are left out', message)


class _Tally:
    """Statistics of labels, batch by batch."""

    def __init__(self, target: Target) -> None:
        self._is_number = target.task == 'regression'
        self._counts = np.zeros(len(target.classes), np.int64)
        self._origin = self._sum = self._squares = 0.0
        self.rows = self.unknown = 0
        self.example: object = None

    def add(self, label: np.ndarray, text: np.ndarray) -> np.ndarray:
        """Count a batch; return which of its rows have a usable label."""
        known = np.isfinite(label) if self._is_number else label >= 0
        if not known.all() and self.example is None:
            example = text[~known][0]
            self.example = example.decode() if isinstance(example, bytes) else float(example)
        usable = label[known]
        if not self._is_number:
            self._counts += np.bincount(usable, minlength=len(self._counts))
        elif len(usable):
            # Sums from near the mean on keep their digits.
            self._origin = self._origin if self.rows else float(usable[0])
            shifted = usable.astype(np.float64) - self._origin
            self._sum += shifted.sum()
            self._squares += np.square(shifted).sum()
        self.rows += len(usable)
        self.unknown += len(label) - len(usable)
        return known

    def statistics(self) -> LabelStatistics:
        """Return what was counted."""
        if not self._is_number:
            return LabelStatistics(counts=tuple(int(c) for c in self._counts))
        mean = self._sum / self.rows
        variance = max(self._squares / self.rows - mean**2, 0.0)
        return LabelStatistics(mean=self._origin + mean, deviation=variance**0.5 or 1.0)


def class_table(target: Target) -> tf.lookup.StaticHashTable | None:
    """Return a table from class name to id, -1 for others; None for a regression."""
    if not target.classes:
        return None
    ids = tf.range(len(target.classes), dtype=tf.int64)
    return tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(target.classes), ids), default_value=-1
    )


@_as_written
def _known(inputs: Tensors, label: tf.Tensor, _: tf.Tensor) -> tuple[Tensors, tf.Tensor]:
    known = tf.math.is_finite(label) if label.dtype.is_floating else label >= 0
    masked = {name: tf.boolean_mask(value, known) for name, value in inputs.items()}
    return masked, tf.boolean_mask(label, known)


def _in_order(rows: int) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensors(tf.range(rows))


def _shuffled(rows: int, seed: int) -> tf.data.Dataset:
    """Return endless permutations of row numbers, `[rows]` each: no row is handled alone."""

    @_as_written
    def permuted(drawn: tf.Tensor) -> tf.Tensor:
        seeds = tf.stack([drawn, tf.cast(seed, tf.int64)])
        return tf.random.experimental.stateless_shuffle(tf.range(rows), seed=seeds)

    return tf.data.Dataset.random(seed).map(permuted).prefetch(1)

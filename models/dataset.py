"""Splits of examples, read through the transform graph into batches for Keras."""

import math
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import keras
import numpy as np
import tensorflow as tf

from models.columns import Columns, ColumnWriter
from models.inputs import Tensors, TransformGraph
from models.labels import DataError, Tally, class_table
from models.target import LabelStatistics, Target

READ_BATCH = 8192
"""Rows parsed and transformed at a time; the ops' overhead per row vanishes by about there."""

READ_BYTES = 4 * 2**20
"""Compressed bytes read at a time."""

MEMORY_LIMIT = 2**30
"""Bytes of transformed rows that one split may keep in memory; larger splits are on disk."""

SHUFFLED_ROWS = 2**22
"""Row numbers shuffled at a time, of larger splits after the order of such blocks of rows."""

GATHERED_ROWS, GATHERED_BYTES = 2**15, 2**22
"""What is taken at a time from rows in memory or on disk, if that is more than a batch."""

EVAL_BATCH = 8192
"""Rows per batch where nothing is learnt, at most."""

EVAL_VALUES = 2**23
"""Values in such a batch, about; pictures have many."""

_as_written = tf.autograph.experimental.do_not_convert
"""Spares tracing the rewriting of functions that have no control flow, most of its time."""

Change = Callable[[Tensors, tf.Tensor], Tensors]
"""Changes inputs `[batch, ...]` at random; the second argument is the seed, int64 `[2]`."""


@dataclass(frozen=True)
class Share:
    """Which of the rows one of several processes reads, that train together.

    Attributes:
        of: number of processes.
        index: of this one, from 0.
    """

    of: int
    index: int


class Stream(Protocol):
    """Reads rows anew for each pass."""

    def stream(
        self, batch_size: int, seed: int | None = None, share: Share | None = None
    ) -> tf.data.Dataset:
        """Return batches of inputs and label, `[batch, ...]`, in a fixed order, or endless passes.

        Args:
            batch_size: rows per batch; the last of a single pass may have fewer.
            seed: of the order of rows in endless passes; None for a single pass.
            share: which rows; None for all.
        """


@dataclass(frozen=True)
class Split:
    """One split, ready to be batched.

    Attributes:
        rows: number of rows.
        labels: statistics of the label.
        columns: inputs and label, `[rows * copies, ...]`, in memory or on disk; None if they are
            read anew each time.
        reader: does that.
        change: made to inputs where they are learnt from.
        copies: how many versions of the inputs there are, the first of all rows before the second;
            each shuffled pass takes another version of a row.
    """

    rows: int
    labels: LabelStatistics
    columns: Columns | None
    reader: Stream | None
    change: Change | None = None
    copies: int = 1

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
        first_step: int = 0,
        share: Share | None = None,
    ) -> tf.data.Dataset:
        """Return batches of the split: one pass in a fixed order, or endless shuffled ones.

        Args:
            batch_size: rows per batch; the last of a single pass may have fewer.
            inputs: names of those wanted.
            seed: of the order of rows and of changes to them, new in each of endless passes; None
                for a single pass of unchanged ones. (Starting an iterator costs as much as some ten
                steps, and batches of one size are traced once, so passes follow each other without
                a break.)
            class_weights: weight of each row by its class; None for equal ones.
            first_step: how many batches of endless passes are left out. From a split in memory
                come the same batches as if those had been taken; one that is streamed begins with
                rows in another order, as what is left out would have to be read.
            share: given where several processes train together, each on its part of a batch. What
                is streamed is parted before it is decoded; of what is in memory each process makes
                whole batches, and TensorFlow takes its part of each.

        Returns:
            Batches of inputs by name, label `[batch, 1]` and, given class weights, weight
            `[batch, 1]`.
        """
        weights = None if class_weights is None else tf.constant(class_weights, tf.float32)
        names = tuple(inputs)
        kept = self.columns
        change = self.change if seed is not None else None

        @_as_written
        def complete(number: tf.Tensor, columns: Columns) -> tuple:
            inputs, label = columns
            wanted = {name: inputs[name] for name in names}
            if change:
                wanted = change(wanted, tf.stack([tf.constant(seed, tf.int64), number]))
            label = label[..., tf.newaxis]
            if weights is None:
                return wanted, label
            return wanted, label, tf.gather(weights, label)

        @_as_written
        def gathered(number: tf.Tensor, picked: tf.Tensor) -> tuple:
            assert kept
            inputs, label = kept
            taken = {name: _rows(inputs[name], picked) for name in names}
            return complete(number, (taken, _rows(label, picked)))

        parted = None
        if kept is None:
            assert self.reader
            parted = share if seed is not None else None
            order = None if seed is None else seed + first_step
            batches = self.reader.stream(batch_size, order, parted)
            batches = _numbered(batches, first_step, complete)
        else:
            size = min(batch_size, self.rows)
            rows = in_order(self.rows) if seed is None else shuffled(self.rows, seed, self.copies)
            rows = rows.rebatch(size).skip(first_step)
            several = 1 if seed is None or change else self._gathered_batches(size)
            if several > 1:
                rows = rows.batch(several, drop_remainder=True)
            batches = _numbered(rows, first_step, gathered)
            if several > 1:
                batches = batches.unbatch().with_options(_one_thread_an_op())
        if seed is None:
            batches = batches.apply(tf.data.experimental.assert_cardinality(self.steps(batch_size)))
        batches = batches.prefetch(tf.data.AUTOTUNE)
        return _shared(batches, parted=parted is not None) if share else batches

    def _gathered_batches(self, size: int) -> int:
        """Return how many batches of a size are gathered at a time, to spare the ops' overhead."""
        columns = tf.nest.flatten(self.columns)
        row = sum(math.prod(c.shape[1:]) * tf.as_dtype(c.dtype).size for c in columns)
        return max(1, min(GATHERED_ROWS, GATHERED_BYTES // row) // size)


def _numbered(items: tf.data.Dataset, first: int, function: Callable) -> tf.data.Dataset:
    """Map a function of an item's number, from a first one, and the item; several at a time."""
    return items.enumerate(first).map(function, num_parallel_calls=tf.data.AUTOTUNE)


def _one_thread_an_op() -> tf.data.Options:
    """Leave the other cores to training: gathering takes a fraction of a step on one."""
    options = tf.data.Options()
    options.threading.max_intra_op_parallelism = 1
    return options


def _shared(batches: tf.data.Dataset, parted: bool) -> tf.data.Dataset:
    """Say whether TensorFlow is still to part what each process makes."""
    policy = tf.data.experimental.AutoShardPolicy
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = policy.OFF if parted else policy.DATA
    return batches.with_options(options)


def find_files(split: str, patterns: Sequence[str]) -> list[str]:
    """Return the files of a split.

    Raises:
        DataError: there are none.
    """
    files = sorted(f for p in patterns for f in tf.io.gfile.glob(p))
    if not files:
        raise DataError(f'split {split!r} has no files: {", ".join(patterns)}')
    return files


def records(
    files: Sequence[str], seed: int | None, buffer: int, share: Share | None = None
) -> tf.data.Dataset:
    """Return the records of TFRecord files, gzipped if so named: string `[]`.

    Args:
        files: to be read.
        seed: of their order, and of the records'; None for a fixed order.
        buffer: records that are shuffled at a time.
        share: which of the records, in their order, which is every process's; None for all.
    """
    names = tf.data.Dataset.from_tensor_slices(files)
    if seed is not None:
        names = names.shuffle(len(files), seed)
    compression = 'GZIP' if files[0].endswith('.gz') else None
    # Interleaving files record by record would take five times as long as reading them.
    rows = tf.data.TFRecordDataset(names, compression, buffer_size=READ_BYTES)
    rows = rows if seed is None else rows.shuffle(buffer, seed)
    return rows.shard(share.of, share.index) if share else rows


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
        self.files = find_files(name, patterns)
        self._graph = graph
        self._target = target
        self._ids = class_table(target)

    def _batches(self) -> tf.data.Dataset:
        """Return batches of (inputs, label as number or id, label as it was)."""
        rows = records(self.files, None, READ_BATCH)
        return rows.batch(READ_BATCH).map(self._parsed, num_parallel_calls=tf.data.AUTOTUNE)

    @_as_written
    def _parsed(self, examples: tf.Tensor) -> tuple[Tensors, tf.Tensor, tf.Tensor]:
        columns = tf.io.parse_example(examples, self._graph.raw | self._graph.raw_label)
        inputs, label = self._graph.both(columns)
        return inputs, label if self._ids is None else self._ids.lookup(label), label

    def read(self, must_know_all: bool) -> Split:
        """Read the whole split once, and keep it: in memory, or on disk if it is large.

        Args:
            must_know_all: whether a label of no known class is an error, not just left out.

        Raises:
            DataError: there are no rows, labels are missing or of no known class, or the disk is
                full.
        """
        written = ColumnWriter(MEMORY_LIMIT)
        tally = Tally(self._target)
        for inputs, label, text in self._batches().as_numpy_iterator():
            known = tally.add(label, text)
            try:
                written.add({k: v[known] for k, v in inputs.items()}, label[known])
            except OSError as error:
                raise DataError(
                    f'split {self.name!r} is too large for memory, and its rows cannot be kept '
                    f'below {tempfile.gettempdir()}: {error.strerror}; set TMPDIR to a folder '
                    'with more room'
                ) from error
        tally.check(self.name, must_know_all)
        return Split(tally.rows, tally.statistics(), written.columns(), None)


def eval_batch(network: keras.Model) -> int:
    """Return how many rows a network is given at a time where nothing is learnt."""
    values = sum(math.prod(tensor.shape[1:]) for tensor in network.input.values())
    return max(8, min(EVAL_BATCH, EVAL_VALUES // max(values, 1)))


def _rows(column: tf.Tensor | np.ndarray, picked: tf.Tensor) -> tf.Tensor:
    """Return some rows of a column, which may be an array on disk."""
    if isinstance(column, np.ndarray):
        taken = tf.numpy_function(lambda rows: column[rows], [picked], column.dtype)
        return tf.ensure_shape(taken, [*picked.shape, *column.shape[1:]])
    return tf.gather(column, picked)


def in_order(rows: int) -> tf.data.Dataset:
    """Return row numbers as they are, `[block]` by `[block]`."""
    return tf.data.Dataset.range(0, rows, SHUFFLED_ROWS).map(lambda start: _block(start, rows))


def shuffled(rows: int, seed: int, copies: int = 1) -> tf.data.Dataset:
    """Return endless permutations of row numbers, in `[block]`s: no row is handled alone.

    Blocks come in a random order, each shuffled. Of several copies of the rows, one after the
    other, each permutation has one of each row, and the next another.
    """
    starts = tf.range(0, rows, SHUFFLED_ROWS, tf.int64)

    @_as_written
    def blocks(number: tf.Tensor, drawn: tf.Tensor) -> tf.data.Dataset:
        order = tf.random.experimental.stateless_shuffle(starts, seed=tf.stack([drawn, -1]))
        return tf.data.Dataset.from_tensor_slices(order).map(lambda start: (number, drawn, start))

    @_as_written
    def permuted(number: tf.Tensor, drawn: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        seeds = tf.stack([drawn, seed + start])
        order = tf.random.experimental.stateless_shuffle(_block(start, rows), seed=seeds)
        return order + rows * ((order + number) % copies)

    passes = tf.data.Dataset.random(seed).enumerate()
    return passes.flat_map(blocks).map(permuted).prefetch(1)


def _block(start: tf.Tensor, rows: int) -> tf.Tensor:
    return tf.range(start, tf.minimum(start + SHUFFLED_ROWS, rows))

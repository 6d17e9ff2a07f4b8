"""Rows of a split, one array per column: in memory, or on disk where that is too small."""

import tempfile
from typing import IO

import numpy as np
import tensorflow as tf

from models.inputs import Tensors

Columns = tuple[Tensors, tf.Tensor]
"""Inputs by name and label, `[rows, ...]` each, all of them tensors or arrays on disk."""


class ColumnWriter:
    """Puts batches of rows one behind the other.

    What exceeds a limit is on disk, in files that go when the arrays do: memory is bounded, and
    rows are taken from there in any order about as fast, as the system keeps what it has room for.
    """

    def __init__(self, limit: int) -> None:
        """Begin with no rows.

        Args:
            limit: bytes that are kept in memory.
        """
        self._limit = limit
        self._parts: list[tuple[dict[str, np.ndarray], np.ndarray]] = []
        self._size = self._rows = 0
        self._files: list[IO[bytes]] = []
        self._empty: Columns = ({}, np.empty(0))

    def add(self, inputs: dict[str, np.ndarray], label: np.ndarray) -> None:
        """Add rows, at least one batch of them.

        Raises:
            OSError: The disk is full.
        """
        self._parts.append((inputs, label))
        self._rows += len(label)
        self._size += sum(array.nbytes for array in tf.nest.flatten(self._parts[-1]))
        if self._size > self._limit:
            self._spill()

    def columns(self) -> Columns:
        """Return all rows; none can be added after that."""
        if not self._files:
            with tf.device('CPU:0'):  # where batches are made, whatever trains on them
                found: Columns = tf.nest.map_structure(lambda *p: tf.concat(p, 0), *self._parts)
                return found
        arrays = [
            np.memmap(file, array.dtype, mode='r', shape=(self._rows, *array.shape[1:]))
            for file, array in zip(self._files, tf.nest.flatten(self._empty), strict=True)
        ]
        mapped: Columns = tf.nest.pack_sequence_as(self._empty, arrays)
        return mapped

    def _spill(self) -> None:
        """Write what is in memory to the files, as all that comes after."""
        if not self._files:
            self._empty = tf.nest.map_structure(lambda array: array[:0], self._parts[0])
            columns = tf.nest.flatten(self._empty)
            self._files = [tempfile.TemporaryFile() for _ in columns]  # noqa: SIM115
        for part in self._parts:
            for file, array in zip(self._files, tf.nest.flatten(part), strict=True):
                file.write(np.ascontiguousarray(array).data)
        for file in self._files:
            file.flush()
        self._parts.clear()

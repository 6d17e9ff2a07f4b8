"""TFT's analyzers, computed from batches of the tensors they ask for.

An analyzer is a small graph of operations, from a `TensorSource` through an accumulation over all
rows to values or files. Combiners (means, variances, extremes, quantiles, covariances ...) are
TFT's own objects; vocabularies are counted here, since TFT does that in Beam, word by word.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_transform import analyzer_nodes as tft_nodes
from tensorflow_transform import analyzers, nodes, tf_utils

Batch = tuple[np.ndarray, ...]
Counted = list[tuple[float, Any]]
"""Numbers and tokens of a vocabulary, as TFT pairs them."""

_ACCUMULATE = (tft_nodes.CacheableCombineAccumulate, tft_nodes.VocabularyAccumulate)
_KNOWN = (
    tft_nodes.TensorSource,
    *_ACCUMULATE,
    tft_nodes.CacheableCombineMerge,
    tft_nodes.ExtractCombineMergeOutputs,
    tft_nodes.VocabularyMerge,
    tft_nodes.VocabularyPrune,
    tft_nodes.VocabularyCount,
    tft_nodes.VocabularyOrderAndWrite,
    tft_nodes.ExtractVocabularyReservedTokens,
)
_FREQUENCY = analyzers._VocabOrderingType.FREQUENCY
_WEIGHTED = analyzers._VocabOrderingType.WEIGHTED_FREQUENCY


def unknown_operation(futures: Iterable[nodes.ValueNode]) -> str | None:
    """Name an operation of analyzers that can't be computed here, if there is one."""
    found = _Found()
    traverser = nodes.Traverser(found)
    for future in futures:
        traverser.visit_value_node(future)
    return found.unknown


class Accumulation:
    """One accumulation over all rows."""

    def __init__(self, operation: Any, tensors: tuple[tf.Tensor, ...]) -> None:
        """Start with no rows.

        Args:
            operation: Of TFT's graph.
            tensors: What it wants of every batch.
        """
        self.tensors = tensors
        self._combiner: tft_nodes.Combiner | None = None
        self._counts_rows = False
        if isinstance(operation, tft_nodes.VocabularyAccumulate):
            self._counts_rows = operation.vocab_ordering_type == _FREQUENCY
            self.result: Any = defaultdict(int)
        else:
            self._combiner = operation.combiner
            self.result = self._combiner.create_accumulator()

    def reduce(self, tensors: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, ...]:
        """Make less of a batch's tensors while they are in the graph."""
        if not self._counts_rows:
            return tensors
        tokens, _, counts = tf.unique_with_counts(tensors[0], tf.int64)
        return tokens, counts

    def add(self, batch: Batch) -> None:
        """Add a batch, as `reduce` made it."""
        if self._combiner is not None:
            self.result = self._combiner.add_input(self.result, batch)
            return
        tokens, numbers = batch
        for token, number in zip(tokens.tolist(), numbers.tolist(), strict=True):
            self.result[token] += number


def accumulations(futures: Iterable[nodes.ValueNode]) -> dict[str, Accumulation]:
    """Return the accumulations that values are made of, by their operation's label."""
    found = _Found()
    traverser = nodes.Traverser(found)
    for future in futures:
        traverser.visit_value_node(future)
    return found.accumulations


class _Found(nodes.Visitor):
    """Finds accumulations, and operations that are not known."""

    def __init__(self) -> None:
        self.accumulations: dict[str, Accumulation] = {}
        self.unknown: str | None = None

    def visit(self, operation: nodes.OperationDef, inputs: tuple) -> tuple:
        if not _is_known(operation):
            self.unknown = self.unknown or type(operation).__name__
        elif isinstance(operation, tft_nodes.TensorSource):
            return (operation.tensors,)
        elif isinstance(operation, _ACCUMULATE):
            self.accumulations[operation.label] = Accumulation(operation, inputs[0])
        return (None,) * operation.num_outputs

    def validate_value(self, value: Any) -> None:
        """Any value will do."""


def _is_known(operation: nodes.OperationDef) -> bool:
    match operation:
        case tft_nodes.VocabularyAccumulate():
            return operation.vocab_ordering_type in (_FREQUENCY, _WEIGHTED)
        case tft_nodes.VocabularyPrune():
            return operation.key_fn is None
        case _:
            return isinstance(operation, _KNOWN)


class Evaluation(nodes.Visitor):
    """Computes the values of analyzers from what was accumulated."""

    def __init__(self, accumulated: dict[str, Accumulation], graph: tf.Graph, folder: Path) -> None:
        """Take what is needed.

        Args:
            accumulated: As from `accumulations`, with all batches added.
            graph: What the analyzers were traced in.
            folder: Where vocabulary files go.
        """
        self._accumulated = accumulated
        self._graph = graph
        self._folder = folder

    def visit(self, operation: nodes.OperationDef, inputs: tuple) -> tuple:
        """Return the outputs of one operation."""
        match operation:
            case tft_nodes.CacheableCombineAccumulate() | tft_nodes.VocabularyAccumulate():
                return (self._accumulated[operation.label].result,)
            case tft_nodes.CacheableCombineMerge():
                combiner = operation.combiner
                return (combiner.extract_output(combiner.merge_accumulators(list(inputs))),)
            case tft_nodes.ExtractCombineMergeOutputs():
                return tuple(inputs[0])
            case tft_nodes.VocabularyMerge():
                return ([(number, token) for token, number in inputs[0].items()],)
            case tft_nodes.VocabularyPrune():
                return (_pruned(operation, inputs[0]),)
            case tft_nodes.VocabularyCount():
                return (np.int64(max(len(inputs[0]), 1)),)
            case tft_nodes.ExtractVocabularyReservedTokens():
                return (tf_utils.fetch_vocabulary_reserved_tokens(self._graph, operation.name),)
            case tft_nodes.VocabularyOrderAndWrite():
                entries = _entries(operation, *inputs)
                return (_write(self._folder, operation, entries),)
            case _:
                return (None,) * operation.num_outputs

    def validate_value(self, value: Any) -> None:
        """Any value will do."""


def _pruned(operation: tft_nodes.VocabularyPrune, counted: Counted) -> Counted:
    """Leave out what is too rare or too far down; numbers become their digits."""
    kept = [(n, token) for n, token in counted if n >= operation.frequency_threshold]
    if operation.input_dtype != tf.string.name:
        kept = [(n, str(token).encode()) for n, token in kept]
    if operation.top_k is None:
        return kept
    first = sorted(kept, reverse=True)[: operation.top_k]
    return first or [analyzers.get_empy_vocabulary_dummy_value(operation.input_dtype)]


def _entries(
    operation: tft_nodes.VocabularyOrderAndWrite,
    counted: Counted,
    reserved: np.ndarray | None = None,
) -> Iterator[bytes]:
    """Yield the lines of a vocabulary file, the largest number first; ties go by token."""
    first = [] if reserved is None else list(reserved)
    others = [pair for pair in counted if pair[1] not in set(first)]
    if operation.fingerprint_shuffle:
        others.sort(key=lambda pair: hashlib.sha1(pair[1]).digest())
    else:
        others.sort(reverse=True)
    ordered = [*((-1, token) for token in first), *others]
    ordered = ordered or [analyzers.get_empy_vocabulary_dummy_value(operation.input_dtype)]
    for number, token in ordered:
        yield b'%s %s' % (str(number).encode(), token) if operation.store_frequency else token


def _write(
    folder: Path, operation: tft_nodes.VocabularyOrderAndWrite, entries: Iterable[bytes]
) -> np.ndarray:
    """Write a vocabulary file, and return its path."""
    path = folder / operation.vocab_filename
    if operation.file_format == 'text':
        path.write_bytes(b''.join(entry + b'\n' for entry in entries))
    else:
        path = path.with_name(f'{path.name}.tfrecord.gz')
        with tf.io.TFRecordWriter(str(path), 'GZIP') as out:
            for entry in entries:
                out.write(entry)
    return np.array(str(path))

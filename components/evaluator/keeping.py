"""Keeps the predictions of rows while they are evaluated.

Workers write parts of a split as they come, in whatever order; `collect` puts them together. If a
split has more rows than are to be kept, those with the smallest hash of their position are: a
sample that is even, and the same for every model that is evaluated on the same examples.
"""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow_model_analysis as tfma
from numpy.typing import NDArray
from tfx.dsl.io import fileio

from components.evaluator.eval_config import BASELINE
from components.evaluator.prediction_table import Batch, to_table
from components.evaluator.predictions import (
    BASELINE_SUFFIX,
    FOLDER,
    ROW,
    About,
    file_name,
)
from components.evaluator.settings import EvaluatorConfig
from components.evaluator.signatures import CLASSES_OUTPUT

POSITION_KEY = 'position'
"""Extract of where a batch is: the number of its file, and that of its first row in it."""

_FILE, _OFFSET = 'file', 'offset'
"""Columns of a part that say where a row is."""

_ROWS_OF_A_PART = 1 << 18

_BATCHES, _LEFT_OUT, _CLASSES = b'batches', b'left_out', b'classes'


@dataclass(frozen=True)
class Kept:
    """Where the predictions of a split go.

    Attributes:
        folder: That of the evaluation artifact.
        split: Name of the split.
        rows: Rows that are kept, at most.
    """

    folder: str
    split: str
    rows: int

    @property
    def parts(self) -> str:
        """Folder of the parts, which is gone once they are collected."""
        return f'{self.folder}/{FOLDER}/.parts-{self.split}'


class KeepPredictions(beam.DoFn):
    """Hands extracts on as they are, less what only it needs, and writes their rows into parts."""

    def __init__(self, config: EvaluatorConfig, kept: Kept) -> None:
        self._config = config
        self._kept = kept
        self._hashes = np.empty(0, np.uint64)

    def start_bundle(self) -> None:
        """Begin the bundle's first part."""
        self._begin()

    def process(self, extracts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Take a batch of rows into the part."""
        file, start = extracts.pop(POSITION_KEY)
        classes = extracts[CLASSES_OUTPUT]
        if self._kept.rows:
            self._keep(extracts, file, start, classes)
        yield extracts

    def finish_bundle(self) -> None:
        """Write the bundle's last part."""
        if self._batches:
            self._write()

    def _keep(
        self, extracts: dict[str, Any], file: int, start: int, classes: Mapping[str, Sequence[str]]
    ) -> None:
        batch = extracts[tfma.ARROW_RECORD_BATCH_KEY]
        answers = _by_suffix(extracts[tfma.PREDICTIONS_KEY])
        names = {s: _names(self._config.task, classes, s, answers[s]) for s in answers}
        offsets = np.arange(start, start + batch.num_rows, dtype=np.int64)
        places = self._sampled(position_hash(file, offsets))
        table, left_out = to_table(
            Batch(
                rows=batch,
                labels=_by_suffix(extracts[tfma.LABELS_KEY]),
                answers=answers,
                classes=names,
            ),
            self._config,
        )
        table = table.append_column(_FILE, pa.array(np.full(len(table), file, np.int32)))
        table = table.append_column(_OFFSET, pa.array(offsets))
        self._tables.append(table if places is None else table.take(pa.array(places)))
        self._batches.append((file, start, batch.num_rows))
        self._left_out |= left_out
        self._classes |= names
        self._rows += len(self._tables[-1])
        if self._rows >= _ROWS_OF_A_PART:
            self._write()

    def _begin(self) -> None:
        self._tables: list[pa.Table] = []
        self._batches: list[tuple[int, int, int]] = []
        self._left_out: set[str] = set()
        self._classes: dict[str, list[str]] = {}
        self._rows = 0

    def _sampled(self, hashes: NDArray[np.uint64]) -> NDArray[np.intp] | None:
        """Return which rows may still be among those with the smallest hashes; None: all."""
        self._hashes = np.concatenate([self._hashes, hashes])
        if len(self._hashes) <= self._kept.rows:
            return None
        self._hashes = np.partition(self._hashes, self._kept.rows)[: self._kept.rows]
        return np.flatnonzero(hashes <= self._hashes.max(initial=0))

    def _write(self) -> None:
        table = _joined(self._tables).replace_schema_metadata(
            {
                _BATCHES: json.dumps(self._batches),
                _LEFT_OUT: json.dumps(sorted(self._left_out)),
                _CLASSES: json.dumps(self._classes),
            }
        )
        fileio.makedirs(self._kept.parts)
        path = f'{self._kept.parts}/{uuid.uuid4().hex}.arrow'
        # TFX's files lack what Arrow asks of a file.
        content = pa.BufferOutputStream()
        with pa.ipc.new_file(content, table.schema) as out:
            out.write_table(table)
        with fileio.open(path, 'wb') as file:
            file.write(content.getvalue().to_pybytes())
        self._begin()


def collect(config: EvaluatorConfig, kept: Kept) -> None:
    """Put the parts of a split together to its file, and remove them.

    Args:
        config: What was evaluated.
        kept: Where the parts are.
    """
    if not fileio.isdir(kept.parts):
        return
    parts = [_read(f'{kept.parts}/{name}') for name in sorted(fileio.listdir(kept.parts))]
    told = [{k: json.loads(v) for k, v in part.schema.metadata.items()} for part in parts]
    rows_of: dict[int, int] = {}
    for file, start, rows in (b for own in told for b in own[_BATCHES]):
        rows_of[file] = max(rows_of.get(file, 0), start + rows)
    table = _numbered(_joined(parts), rows_of, kept.rows)
    left_out = {name for own in told for name in own[_LEFT_OUT]}
    classes = {suffix: tuple(n) for own in told for suffix, n in own[_CLASSES].items()}
    about = About(
        task=config.task,
        label=config.label,
        split=kept.split,
        rows=sum(rows_of.values()),
        kept=len(table),
        classes=classes.get('', ()),
        classes_baseline=classes.get(BASELINE_SUFFIX, ()),
        left_out=tuple(sorted(left_out)),
    )
    table = table.drop_columns([n for n in table.schema.names if n in left_out])
    table = table.cast(about.put_into(table.schema))
    content = pa.BufferOutputStream()
    pq.write_table(table, content, compression='zstd')
    with fileio.open(f'{kept.folder}/{file_name(kept.split)}', 'wb') as file:
        file.write(content.getvalue().to_pybytes())
    fileio.rmtree(kept.parts)


def position_hash(file: int, offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a hash of rows' positions: the finaliser of splitmix64 (Steele et al. 2014)."""
    x = (offsets.astype(np.uint64) + (np.uint64(file) << np.uint64(40))) * np.uint64(
        0x9E3779B97F4A7C15
    )
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _numbered(table: pa.Table, rows_of: Mapping[int, int], most: int) -> pa.Table:
    """Sample rows, sort them by where they are, and number them within the split."""
    files = table.column(_FILE).to_numpy()
    offsets = table.column(_OFFSET).to_numpy()
    known = sorted(rows_of)
    starts = np.concatenate([[0], np.cumsum([rows_of[f] for f in known])])
    rows = starts[np.searchsorted(known, files)] + offsets
    # A runner may have done a bundle twice.
    distinct, places = np.unique(rows, return_index=True)
    if len(distinct) > most:
        hashes = np.empty(len(distinct), np.uint64)
        for file in known:
            own = files[places] == file
            hashes[own] = position_hash(file, offsets[places][own])
        chosen = np.sort(np.argsort(hashes, kind='stable')[:most])
        distinct, places = distinct[chosen], places[chosen]
    table = table.drop_columns([_FILE, _OFFSET])
    if len(places) < len(rows) or (places != np.arange(len(places))).any():
        table = table.take(pa.array(places))
    return table.append_column(ROW, pa.array(distinct.astype(np.int64)))


def _read(path: str) -> pa.Table:
    with fileio.open(path, 'rb') as file:
        return pa.ipc.open_file(pa.BufferReader(file.read())).read_all()


def _joined(tables: list[pa.Table]) -> pa.Table:
    """Concatenate tables; a column is of one type, or has no value, in each."""
    return pa.concat_tables(tables, promote_options='permissive')


def _names(
    task: str, told: Mapping[str, Sequence[str]], suffix: str, answers: NDArray
) -> list[str]:
    """Return the class names of a model; ids for those of one that doesn't tell them."""
    if task == 'regression':
        return []
    own = [names for model, names in told.items() if _suffix(model) == suffix]
    width = 2 if task == 'binary' else answers.shape[1]
    return list(own[0]) if own else [str(i) for i in range(width)]


def _suffix(model: str) -> str:
    return BASELINE_SUFFIX if model == BASELINE else ''


def _by_suffix(values: NDArray | dict[str, NDArray]) -> dict[str, NDArray]:
    """Return arrays by the suffix of their model's columns; TFMA's only model has no name."""
    if isinstance(values, dict):
        return {_suffix(name): array for name, array in values.items()}
    return {'': values}

"""What a served model says of itself: its inputs, classes, and rows to try it with.

A client that draws a form needs more than a signature: the range of a number, the values of a
category, whether something may be missing. It is learnt from rows, and put beside the model as
`assets.extra/sluice.json` (docs/page-and-batch.md has the format).
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from models.inputs import Columns, TransformGraph
from models.pictures import PictureGraph
from models.settings import Described
from models.target import Target
from models.thumbnails import labelled_pictures, thumbnail

FILE = 'assets.extra/sluice.json'
"""Where an exported model keeps its description."""

FORMAT = 1
"""Version of the format; what is there keeps its meaning within one."""

SAMPLE_ROWS = 20_000
"""Rows that ranges and values are taken from, at most; evenly spaced among those read."""

READ_ROWS = 500_000
"""Rows that are read of a split for that, at most: about a second."""

LISTED_VALUES = 50
"""Values of a category that are listed, at most."""

SEEN_BY = 3
"""Sampled rows that have a value, at least, for it to be listed: names of single rows are not."""

FEW_VALUES = 12
"""Whole numbers with at most so many different values are listed as a category's are."""


def describe(
    graph: TransformGraph,
    target: Target,
    described: Described,
    train_files: Sequence[str],
    eval_files: Sequence[str],
) -> dict[str, Any]:
    """Describe a model.

    Args:
        graph: says which raw columns the model takes, or that it takes pictures.
        target: what is predicted.
        described: what the recipe says of it.
        train_files: patterns of the train split's files: ranges and values come from there.
        eval_files: patterns of the eval split's: examples come from there.

    Returns:
        The description, to be written as JSON.
    """
    about = {
        'format': FORMAT,
        'name': described.name,
        'about': described.about,
        'task': target.task,
        'label': {'name': target.label, 'unit': described.units.get(target.label)},
        'classes': list(target.classes),
        'transform': described.model_dump(mode='json')['transform'],
    }
    if isinstance(graph, PictureGraph):
        pictures = _pictures(graph, target, eval_files, described.examples)
        return about | {'input': 'picture', 'inputs': [], 'examples': [], 'pictures': pictures}
    sample = tf.constant(_sample(train_files, SAMPLE_ROWS), tf.string)
    columns = tf.io.parse_example(sample, graph.raw | graph.raw_label)
    place = {name: i for i, name in enumerate(described.columns)}
    names = sorted(graph.raw, key=lambda name: place.get(name, len(place)))
    return about | {
        'label': about['label'] | _label_range(graph, target, columns),
        'input': 'columns',
        'inputs': [
            {
                'name': name,
                'unit': described.units.get(name),
                **_described(graph.raw[name], _values(columns[name])),
            }
            for name in names
        ],
        'examples': _examples(graph, target, eval_files, described.examples),
        'pictures': [],
    }


def write(description: dict[str, Any], exported: str) -> None:
    """Put a description beside an exported model.

    Args:
        description: as `describe` returns it.
        exported: directory of the SavedModel; may be remote.
    """
    path = f'{exported}/{FILE}'
    tf.io.gfile.makedirs(path.rpartition('/')[0])
    with tf.io.gfile.GFile(path, 'w') as file:
        file.write(json.dumps(description, indent=1, ensure_ascii=False, allow_nan=False))


def _sample(patterns: Sequence[str], rows: int) -> list[bytes]:
    """Return serialized rows of a split, evenly spaced, at least half as many as are wanted.

    Whenever there are twice as many as wanted, every other one is dropped, so that the number of
    rows need not be known before.
    """
    kept: list[bytes] = []
    stride, read = 1, 0
    for batch in _batches(patterns):
        kept += batch[-read % stride :: stride].numpy().tolist()
        read += len(batch)
        while len(kept) > rows:
            kept, stride = kept[::2], stride * 2
    return kept


def _batches(patterns: Sequence[str]) -> Iterator[tf.Tensor]:
    files = sorted(f for pattern in patterns for f in tf.io.gfile.glob(pattern))
    for file in files:
        compression = 'GZIP' if file.endswith('.gz') else ''
        records = tf.data.TFRecordDataset(file, compression)
        yield from records.take(READ_ROWS // len(files) + 1).batch(8192)


def _values(column: tf.Tensor | tf.SparseTensor) -> list[Any]:
    """Return the first value of each row, None where it is missing; text as str."""
    if isinstance(column, tf.SparseTensor):
        values: list[Any] = [None] * int(column.dense_shape[0])
        first = column.indices[:, 1] == 0
        rows = tf.boolean_mask(column.indices[:, 0], first).numpy().tolist()
        found = tf.boolean_mask(column.values, first).numpy().tolist()
        for row, value in zip(rows, found, strict=True):
            values[row] = _plain(value)
        return values
    return [_plain(v) for v in tf.reshape(column, [len(column), -1])[:, 0].numpy().tolist()]


def _plain(value: Any) -> Any:
    """Return a value as JSON holds it; NaN and '' are how a table says that one is missing."""
    if isinstance(value, bytes):
        return value.decode(errors='replace') or None
    return value if np.isfinite(value) else None


def _described(
    spec: tf.io.FixedLenFeature | tf.io.VarLenFeature, values: list[Any]
) -> dict[str, Any]:
    """Describe one column."""
    given = [v for v in values if v is not None]
    counts = Counter(given)
    of_type = 'string' if spec.dtype == tf.string else 'number'
    described: dict[str, Any] = {
        'type': 'integer' if spec.dtype.is_integer else of_type,
        'required': isinstance(spec, tf.io.FixedLenFeature) and spec.default_value is None,
        'missing': round(1 - len(given) / len(values), 4) if values else 0.0,
    }
    if spec.dtype == tf.string or (spec.dtype.is_integer and len(counts) <= FEW_VALUES):
        listed = [(v, n) for v, n in counts.most_common(LISTED_VALUES) if n >= SEEN_BY]
        described['values'] = [
            {'value': value, 'share': round(count / len(given), 4)} for value, count in listed
        ]
        described['complete'] = len(listed) == len(counts)
    if spec.dtype != tf.string and given:
        described['range'] = _range(np.array(given, np.float64), whole=spec.dtype.is_integer)
    return described


def _label_range(graph: TransformGraph, target: Target, columns: Columns) -> dict[str, Any]:
    if target.classes:
        return {}
    labels = graph.label(columns).numpy()
    labels = labels[np.isfinite(labels)]
    return {'range': _range(labels, whole=False)} if len(labels) else {}


def _range(values: np.ndarray, whole: bool) -> dict[str, Any]:
    """Return the range of numbers: ends, and the quantiles that a slider goes by."""
    low, median, high = np.quantile(
        values, [0.01, 0.5, 0.99], method='nearest' if whole else 'linear'
    )
    ends = {'min': values.min(), 'low': low, 'median': median, 'high': high, 'max': values.max()}
    plain = {key: int(v) if whole else float(f'{v:.6g}') for key, v in ends.items()}
    return {**plain, 'whole': bool(whole or (values == np.round(values)).all())}


def _examples(
    graph: TransformGraph, target: Target, patterns: Sequence[str], count: int
) -> list[dict[str, Any]]:
    """Return rows with their labels: over the range of the label, or from class to class."""
    rows = _sample(patterns, SAMPLE_ROWS // 10) if count else []
    if not rows:
        return []
    columns = tf.io.parse_example(tf.constant(rows, tf.string), graph.raw | graph.raw_label)
    labels = [_plain(v) for v in graph.label(columns).numpy().tolist()]
    if target.classes:
        labels = [label if label in target.classes else None for label in labels]
    inputs = {name: _values(columns[name]) for name in graph.raw}
    return [
        {
            'inputs': {name: _short(values[row]) for name, values in inputs.items()},
            'label': _short(labels[row]),
        }
        for row in _spread(labels, target, count)
    ]


def _pictures(
    graph: PictureGraph, target: Target, patterns: Sequence[str], count: int
) -> list[dict[str, str]]:
    """Return small pictures with their labels, from class to class."""
    if not count:
        return []
    pictures, labels = labelled_pictures(graph, 'eval', patterns)
    known: list[Any] = [label if label in target.classes else None for label in labels]
    return [
        {'jpeg': thumbnail(pictures[row]), 'label': labels[row]}
        for row in _spread(known, target, count)
    ]


def _short(value: Any) -> Any:
    """Return a float32 with no more digits than tell it from others."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _spread(labels: list[Any], target: Target, count: int) -> list[int]:
    """Return the rows whose labels are spread over all that there are, at most `count`."""
    known = [row for row, label in enumerate(labels) if label is not None]
    if not target.classes:
        known.sort(key=lambda row: labels[row])
        places = np.linspace(0.02, 0.98, min(count, len(known))) * (len(known) - 1)
        return [known[int(place)] for place in places]
    nth: Counter[str] = Counter()
    turn = {}
    for row in known:
        turn[row] = nth[labels[row]], target.classes.index(labels[row])
        nth[labels[row]] += 1
    return sorted(known, key=turn.__getitem__)[:count]

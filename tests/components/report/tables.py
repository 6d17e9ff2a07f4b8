"""Evaluated rows of each task, made up, as the Evaluator keeps them."""

from typing import Any

import numpy as np
import pyarrow as pa

from components.evaluator.predictions import About
from components.report.numbers.rows import Rows, rows_of

CLASSES = {'regression': (), 'binary': ('no', 'yes'), 'multiclass': ('a', 'b', 'c', 'd')}
ROWS = 4000


def table(task: str, rows: int = ROWS, baseline: bool = True, seed: int = 3) -> pa.Table:
    """Return rows with two numbers, two categories with missing values, and answers.

    The candidate is much worse where town is Cork.
    """
    rng = np.random.default_rng(seed)
    town = rng.choice(['Aalen', 'Brugge', 'Cork', ''], rows, p=[0.5, 0.3, 0.15, 0.05])
    size = np.where(rng.random(rows) < 0.03, np.nan, rng.lognormal(3, 0.5, rows)).round(1)
    columns = {
        'town': pa.array([t or None for t in town]),
        'size': pa.array(size, from_pandas=True),
        'rooms': pa.array(rng.integers(1, 6, rows)),
    }
    noise = np.where(town == 'Cork', 3.0, 1.0)
    classes = CLASSES[task]
    if task == 'regression':
        label = rng.normal(7, 2, rows).astype(np.float32)
        columns['label'] = pa.array(label)
        for suffix in ('', '_baseline') if baseline else ('',):
            answer = label + noise * rng.normal(0.1, 1, rows)
            columns[f'prediction{suffix}'] = pa.array(answer.astype(np.float32))
    else:
        ids = rng.integers(0, len(classes), rows)
        columns['label'] = pa.array([classes[i] for i in ids])
        for suffix in ('', '_baseline') if baseline else ('',):
            logits = rng.normal(0, 1, (rows, len(classes)))
            logits[np.arange(rows), ids] += 2 / noise
            shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            # Coarse, so that there are ties.
            shares = shares.round(3).astype(np.float32)
            if task == 'binary':
                columns[f'probability{suffix}'] = pa.array(shares[:, 1])
            else:
                columns[f'probabilities{suffix}'] = pa.array(
                    shares.tolist(), pa.list_(pa.float32())
                )
    columns['row'] = pa.array(np.arange(rows))
    return pa.table(columns)


def rows_for(task: Any, rows: int = ROWS, baseline: bool = True, seed: int = 3) -> Rows:
    """Return the same, read."""
    made = table(task, rows, baseline, seed)
    classes = CLASSES[task]
    about = About(task, 'y', 'test', rows, rows, classes, classes if baseline else ())
    return rows_of(made, about)

"""Runs with kept predictions, written without TFX: what the Evaluator would have left."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.evaluator.groups import group_rows
from components.evaluator.intervals import measured
from components.evaluator.measured import SliceMetrics, Values, defined
from components.evaluator.predictions import About, file_name, labels_and_answers
from components.evaluator.verdict import FILE_NAME, Verdict
from pipeline.records import Run, Step
from pipeline.store import Store

ROWS = 600
CLASSES = ('no', 'yes')


def census(seed: int = 0, noise: float = 0.6, rows: int = ROWS) -> pa.Table:
    """Return rows of a binary task, the same for every seed but for what the model says."""
    data = np.random.default_rng(99)
    sex = data.choice(['f', 'm'], rows)
    age = data.integers(18, 80, rows)
    label = data.random(rows) < 0.3 + 0.2 * (sex == 'm')
    own = np.random.default_rng(seed)
    score = 1 / (1 + np.exp(-(2 * label - 1) / noise - own.normal(0, 1, rows)))
    answers = score.astype(np.float32)
    return pa.table(
        {
            'sex': sex,
            'age': age,
            'label': np.where(label, 'yes', 'no'),
            'probability': answers,
            'predicted': np.where(answers > 0.5, 'yes', 'no'),
            'row': np.arange(rows),
        }
    )


def houses(seed: int = 0, noise: float = 1.0, rows: int = ROWS) -> pa.Table:
    """Return rows of a regression, the same for every seed but for what the model says."""
    data = np.random.default_rng(98)
    price = data.normal(10, 3, rows)
    own = np.random.default_rng(seed)
    return pa.table(
        {
            'town': data.choice(['Aalen', 'Cork', ''], rows),
            'label': price.astype(np.float32),
            'prediction': (price + own.normal(0, noise, rows)).astype(np.float32),
            'row': np.arange(rows),
        }
    )


def write_run(
    store: Store,
    name: str,
    table: pa.Table,
    *,
    minute: int = 0,
    by: Sequence[str] = ('sex',),
    settings: Mapping[str, Any] | None = None,
    blessed: bool = True,
    keep: bool = True,
    classes: tuple[str, ...] = CLASSES,
) -> Run:
    """Write a run, its evaluation and its recipe into a store."""
    store.prepare()
    folder = store.folder / 'pipelines' / name / 'Evaluator' / 'evaluation' / '1'
    (folder / 'predictions').mkdir(parents=True)
    task = 'binary' if 'probability' in table.column_names else 'regression'
    classes = classes if task == 'binary' else ()
    about = About(task, 'y', 'test', len(table), len(table), classes)  # type: ignore[arg-type]
    slices = _slices(table, about, by)
    verdict = Verdict(blessed, (), (), {'test': slices})
    (folder / FILE_NAME).write_text(verdict.to_json())
    if keep:
        kept = table.cast(about.put_into(table.schema))
        pq.write_table(kept, folder / file_name('test'))
    run = Run(
        run=name,
        recipe=name.split('-')[0],
        recipe_file='recipe.yaml',
        task=task,
        state='done',
        started=datetime(2026, 1, 2, 3, minute, tzinfo=UTC),
        seconds=10.0 + minute,
        blessed=blessed,
        metrics={
            'test': [
                {
                    'slice': dict(s.slice),
                    'examples': s.examples,
                    'metrics': {
                        k: {'candidate': v.candidate, 'baseline': None}
                        for k, v in s.metrics.items()
                    },
                }
                for s in slices
            ]
        },
        steps=[Step(name='Evaluator', state='done', artifacts={'evaluation': [str(folder)]})],
    )
    store.runs.save(run)
    lines = [f'{key}: {value}' for key, value in (settings or {}).items()]
    store.recipe(name).write_text('\n'.join(lines) or '{}')
    return run


def _slices(table: pa.Table, about: About, by: Sequence[str]) -> tuple[SliceMetrics, ...]:
    labels, answers = labels_and_answers(table, about)
    found = []
    for columns in ([], list(by)):
        keys, codes = group_rows(table, columns)
        for i, key in enumerate(keys):
            own = codes == i
            values, _ = measured(about.task, labels[own], answers[own])
            metrics = {k: Values(defined(v)) for k, v in values.items()}
            found.append(SliceMetrics(key, int(own.sum()), metrics))
    return tuple(found)


def store_in(folder: Path) -> Store:
    """Return a store below a folder."""
    return Store(folder / '.sluice')

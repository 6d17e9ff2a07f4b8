"""A table like BigQuery's natality sample, and the recipe that Sluice learns from it with."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

LABEL = 'weight_pounds'
BATCH_SIZE = 512
LEARNING_RATE = 1e-3
SLICES = ('is_male', 'plurality')

_CHUNK = 1_000_000

RECIPE = """
name: natality
task: regression
label: weight_pounds
data:
  query: |
    SELECT weight_pounds, CAST(is_male AS STRING) AS is_male, mother_age, plurality, gestation_weeks
    FROM `bench.natality`
  local: {{bench.natality: {table}}}
  split:  # as stock ExampleGens do by default: by all columns, two thirds and one
    by: [weight_pounds, is_male, mother_age, plurality, gestation_weeks]
    into: {{train: 2, eval: 1}}
features:
  mother_age: {{kind: numeric, buckets: 20}}
  gestation_weeks: {{kind: numeric, buckets: 20}}
  is_male: categorical
  plurality: categorical
crosses: [[is_male, plurality]]
model: {{kind: wide_deep, hidden: [64, 32]}}
train: {{epochs: 1, batch_size: 512, learning_rate: 1e-3, early_stopping: null}}
gate:
  metrics: {{rmse: {{max: 2}}}}
  slices: [{{by: is_male}}, {{by: plurality}}]
push: {{local: {served}}}
"""


def write_table(path: Path, rows: int) -> None:
    """Write a CSV file of births, always the same for a number of rows.

    A chunk at a time, so that ten million rows take no more memory than one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix('.part')
    with part.open('wb') as out:
        for start in range(0, rows, _CHUNK):
            table = _births(min(_CHUNK, rows - start), seed=start // _CHUNK)
            if not start:
                # Arrow quotes it, which TFX takes for a part of the names.
                out.write(','.join(table.column_names).encode() + b'\n')
            csv.write_csv(table, out, csv.WriteOptions(include_header=False, quoting_style='none'))
    part.rename(path)


def write_recipe(path: Path, table: Path, served: Path) -> None:
    """Write the recipe for a table, whose model is pushed to a folder."""
    path.write_text(RECIPE.format(table=table, served=served), encoding='utf-8')


def train_steps(rows: int) -> int:
    """Number of batches in the train split of a table, which is two thirds of its rows."""
    return -(-rows * 2 // 3 // BATCH_SIZE)


def _births(rows: int, seed: int) -> pa.Table:
    """Draw births whose weight follows from the other columns, save for noise of 1 lb."""
    rng = np.random.default_rng(seed)
    male = rng.random(rows) < 0.512
    age = np.clip(rng.normal(27.5, 6.1, rows).round(), 13, 50).astype(int)
    plurality = rng.choice([1, 2, 3, 4], rows, p=[0.967, 0.031, 0.0018, 0.0002])
    weeks = rng.normal(38.8, 2.2, rows) - (plurality - 1) * 3
    weeks = np.clip(weeks.round(), 22, 44).astype(int)
    weight = 7.3 + 0.24 * male + 0.33 * (weeks - 38.8) - 0.9 * (plurality - 1)
    weight += 0.012 * (age - 27.5) + rng.normal(0, 1, rows)
    return pa.table(
        {
            'year': rng.integers(2001, 2009, rows),
            'month': rng.integers(1, 13, rows),
            LABEL: np.clip(weight, 0.5, 15).round(4),
            'is_male': np.where(male, 'true', 'false'),
            'mother_age': age,
            'plurality': plurality,
            'gestation_weeks': weeks,
        }
    )

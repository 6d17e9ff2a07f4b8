"""How fast `sluice predict` is: rows a second, and against a plain loop, in one run.

    .venv/bin/python -m benchmarks.batch_predict babyweight

The plain loop reads the same file with pandas, calls the loaded model with as many rows at a time
as it is told to, and writes with pandas: what one would write by hand. Both work on the same rows,
made from the model's own description, and end with the same predictions.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.portable.samples import sample_rows
from pipeline.batch.models import find_model
from pipeline.batch.predict import load, predict

LOOPS = {'plain loop, 1 row a call': 1, 'plain loop, 512 rows a call': 512}
FEW = 2000
"""Rows of the slowest loop; its rate is what is compared."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('model', help='name of a pushed table model, or its path')
    parser.add_argument('--rows', type=int, default=1_000_000)
    arguments = parser.parse_args()
    model = load(find_model(arguments.model))
    with tempfile.TemporaryDirectory() as folder:
        _compare(model, arguments.rows, Path(folder))


def _compare(model: Any, rows: int, folder: Path) -> None:
    inputs = model.signatures['serving_default'].inputs
    dtypes = {name: spec.dtype for name, spec in inputs.items()}
    columns = sample_rows(model.description, dtypes, rows, seed=1)
    table = pa.table({name: _column(values) for name, values in columns.items()})
    for suffix in ('parquet', 'csv'):
        _write(table, folder / f'in.{suffix}')
    _write(table.slice(0, FEW), folder / 'few.parquet')
    predict(model, str(folder / 'few.parquet'), folder / 'warm.parquet')

    rates = {}
    for suffix in ('parquet', 'csv'):
        given, output = folder / f'in.{suffix}', folder / f'out.{suffix}'
        name = f'sluice predict, {suffix} to {suffix}'
        rates[name] = rows / _timed(partial(predict, model, str(given), output))
    for name, size in LOOPS.items():
        given = folder / ('few.parquet' if size == 1 else 'in.parquet')
        n = FEW if size == 1 else rows
        rates[name] = n / _timed(partial(_loop, model, given, folder / 'loop.parquet', size))
    _check(folder)
    best = max(rate for name, rate in rates.items() if name.startswith('sluice'))
    print(f'{rows:,} rows, {os.cpu_count()} cores')  # noqa: T201
    for name, rate in rates.items():
        print(f'{name:<36} {rate:>12,.0f} rows/s   {best / rate:>8.1f} x')  # noqa: T201


def _loop(model: Any, given: Path, output: Path, size: int) -> None:
    frame = pd.read_parquet(given)
    inputs = model.signatures['serving_default'].inputs
    found = []
    for start in range(0, len(frame), size):
        part = frame.iloc[start : start + size]
        tensors = {name: _array(part[name], spec) for name, spec in inputs.items()}
        found.append(next(iter(model.predict('serving_default', tensors).values())))
    frame['prediction'] = np.concatenate(found).reshape(len(frame), -1)[:, 0]
    frame.to_parquet(output)


def _array(values: pd.Series, spec: Any) -> np.ndarray:
    if spec.is_string:
        return np.array([v.encode() if isinstance(v, str) else b'' for v in values], object)
    return values.to_numpy(spec.dtype)


def _column(values: np.ndarray) -> pa.Array:
    if values.dtype.kind == 'O':
        return pa.array([v.decode() or None for v in values])
    return pa.array(values, from_pandas=True)


def _write(table: pa.Table, path: Path) -> None:
    if path.suffix == '.csv':
        table.to_pandas().to_csv(path, index=False)
    else:
        pq.write_table(table, path)


def _check(folder: Path) -> None:
    """Compare the loop's predictions with ours, if the model gives numbers."""
    ours = pq.read_table(folder / 'out.parquet').column('prediction')
    theirs = pq.read_table(folder / 'loop.parquet').column('prediction')
    if pa.types.is_floating(ours.type) and len(ours) == len(theirs):
        np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=1e-5)


def _timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


if __name__ == '__main__':
    main()

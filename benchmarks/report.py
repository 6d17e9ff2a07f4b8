"""Time the Report on many evaluated rows: those of a run that is there, repeated.

    python benchmarks/report.py [RUN] [--store .sluice] [--rows 100000 1000000]

The artifacts are the run's own; its kept predictions are repeated to so many rows, the answers a
little changed each time, so that there are as many different ones as in real life. Nothing of the
run is changed. Importing TensorFlow is not counted: the step finds it imported.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tfx.types import standard_artifacts as types

from components.evaluator.predictions import ANSWERS, BASELINE_SUFFIX, ROW, About, file_name
from components.report.build import build
from components.report.page.render import render
from components.report.settings import ReportTerms
from components.report.sources import read_sources
from pipeline.compare.recipes import recipe_of
from pipeline.recipe import Recipe
from pipeline.records import Run
from pipeline.store import Store

INPUTS = {
    'evaluation': ('Evaluator', 'evaluation', types.ModelEvaluation),
    'model': ('Trainer', 'model', types.Model),
    'baseline_model': ('Trainer', 'model', types.Model),
    'model_run': ('Trainer', 'model_run', types.ModelRun),
    'examples': ('QueryExampleGen', 'examples', types.Examples),
    'statistics': ('StatisticsGen', 'statistics', types.ExampleStatistics),
    'previous_statistics': ('StatisticsGen', 'statistics', types.ExampleStatistics),
    'schema': ('SchemaGen', 'schema', types.Schema),
    'anomalies': ('ExampleValidator', 'anomalies', types.ExampleAnomalies),
    'transform_graph': ('Transform', 'transform_graph', types.TransformGraph),
}
"""Input of the Report -> the step and output it comes from; the baseline is the model itself."""


def main() -> None:
    """Print a line for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('run', nargs='?')
    parser.add_argument('--store', type=Path, default=Path('.sluice'))
    parser.add_argument('--rows', type=int, nargs='+', default=[100_000, 1_000_000])
    arguments = parser.parse_args()
    store = Store(arguments.store)
    run = store.runs.find(arguments.run)
    recipe = Recipe.model_validate(recipe_of(run, store))
    print(f'{run.run}: {recipe.task}, {len(recipe.features)} features')  # noqa: T201
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            inputs = _inputs(run, recipe, rows, Path(folder))
            wall, cpu, size = _timed(inputs, recipe.report_terms)
        print(f'{rows:>9,} rows  {wall:6.2f} s  {cpu:6.2f} s of CPU  page {size:,} bytes')  # noqa: T201


def _timed(inputs: dict[str, list], terms: ReportTerms) -> tuple[float, float, int]:
    wall, cpu = time.perf_counter(), time.process_time()
    report = build(read_sources(inputs, terms), terms)
    page = render(report)
    assert not report['left_out'], report['left_out']
    return time.perf_counter() - wall, time.process_time() - cpu, len(page.encode())


def _inputs(run: Run, recipe: Recipe, rows: int, folder: Path) -> dict[str, list]:
    inputs = {}
    for key, (step, output, kind) in INPUTS.items():
        artifact = kind()
        artifact.uri = run.step(step).artifacts[output][0]
        if 'split_names' in (kind.PROPERTIES or {}):
            artifact.split_names = json.dumps(list(recipe.data.split.names))
        inputs[key] = [artifact]
    evaluation = inputs['evaluation'][0]
    source = Path(evaluation.uri)
    (folder / 'predictions').mkdir()
    (folder / 'verdict.json').write_bytes((source / 'verdict.json').read_bytes())
    name = file_name(recipe.evaluation_split)
    pq.write_table(_repeated(pq.read_table(source / name), rows), folder / name)
    evaluation.uri = str(folder)
    return inputs


def _repeated(table: pa.Table, rows: int) -> pa.Table:
    """Repeat rows, both models' answers a little changed."""
    rng = np.random.default_rng(0)
    about = About.of(table.schema)
    table = table.take(pa.array(np.arange(rows) % len(table)))
    own = ANSWERS[about.task]
    if own + BASELINE_SUFFIX not in table.schema.names:
        table = table.append_column(own + BASELINE_SUFFIX, table.column(own))
    for name in (own, own + BASELINE_SUFFIX):
        place = table.schema.get_field_index(name)
        column = table.column(name).combine_chunks()
        if about.task != 'multiclass':
            values = column.to_numpy() * (1 - 0.01 * rng.random(rows))
            table = table.set_column(place, name, pa.array(values.astype(np.float32)))
    table = table.set_column(table.schema.get_field_index(ROW), ROW, pa.array(np.arange(rows)))
    whole = About(**{**vars(about), 'rows': rows, 'kept': rows, 'classes_baseline': about.classes})
    return table.cast(whole.put_into(table.schema))


if __name__ == '__main__':
    main()

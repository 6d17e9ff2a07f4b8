"""TFX's own source in Beam gives the records and splits of the local engine."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from components.query_example_gen.settings import Data
from tests.components.query_example_gen.tables import NAME, QUERY, write_table
from tests.fakes.bigquery.service import BigQuery
from tests.fakes.universe import Universe

PROJECT = Path(__file__).parents[3]

RUN = """
import sys
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types.standard_artifacts import Examples
from components.query_example_gen.stock import StockExecutor
examples = Examples()
examples.uri = sys.argv[1]
arguments = ['--direct_running_mode=in_memory', '--sdk_container_image=none', *sys.argv[3:]]
context = BaseBeamExecutor.Context(beam_pipeline_args=arguments, tmp_dir=sys.argv[1] + '-tmp')
executor = StockExecutor(context)
executor.Do({}, {'examples': [examples]}, {'data': sys.argv[2]})
print('ROWS', examples.get_string_custom_property('rows'))
"""


def in_beam(universe: Universe, of: Data, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the stock engine as a step does, in a process of its own."""
    arguments = ['--project=rehearsal', '--temp_location=gs://scratch/beam']
    command = [sys.executable, '-c', RUN, str(folder), of.model_dump_json(by_alias=True)]
    environment = universe.environ(PYTHONPATH=str(PROJECT), TF_CPP_MIN_LOG_LEVEL='3')
    return subprocess.run(
        [*command, *arguments], env=environment, cwd=folder.parent, capture_output=True, text=True
    )


def records(folder: Path, split: str) -> Counter[bytes]:
    """Return the records of a split, each in the one form that its content has."""
    import tensorflow as tf

    files = sorted(map(str, (folder / f'Split-{split}').iterdir()))
    found = tf.data.TFRecordDataset(files, 'GZIP').as_numpy_iterator()
    example = tf.train.Example
    return Counter(example.FromString(r).SerializeToString(deterministic=True) for r in found)


def check(universe: Universe, folder: Path, rows: int, mode: str, split: dict[str, Any]) -> None:
    """Hold what the two engines write against each other."""
    from components.query_example_gen.ingest import write_examples

    bigquery: BigQuery = universe.services['BigQuery']
    file = folder / 'visits.parquet'
    write_table(file, rows)
    bigquery.tables.add(NAME, str(file))
    universe.services['Storage'].buckets.make('scratch')
    asked = {'query': QUERY, 'parameters': {'first': 10}, 'split': split}
    stock = Data.model_validate(asked | {'engine': 'stock', 'read_mode': mode})
    ended = in_beam(universe, stock, folder / 'stock')
    assert not ended.returncode, ended.stderr[-3000:]
    own = write_examples(Data.model_validate(asked), folder / 'own')
    assert f'ROWS {__import__("json").dumps(own)}' in ended.stdout
    for name, count in own.items():
        ours = records(folder / 'own', name)
        assert sum(ours.values()) == count
        assert records(folder / 'stock', name) == ours
    assert sum(own.values()) == rows - 10
    assert not bigquery.tables.datasets  # Beam's, for a while


@pytest.mark.slow
@pytest.mark.parametrize('mode', ['DIRECT_READ', 'EXPORT'])
def test_two_hundred_thousand_rows(universe: Universe, tmp_path: Path, mode: str) -> None:
    check(universe, tmp_path, 200_000, mode, {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ('mode', 'split'),
    [
        ('DIRECT_READ', {'by': ['score', 'seen'], 'into': {'train': 1, 'eval': 1}}),
        ('EXPORT', {'column': 'day', 'values': {}}),
    ],
)
def test_some_rows_by_columns(
    universe: Universe, tmp_path: Path, mode: str, split: dict[str, Any]
) -> None:
    if 'values' in split:
        days = [f'2024-{month:02d}-{day:02d}' for month in range(1, 13) for day in range(1, 32)]
        late = [f'2025-{month:02d}-{day:02d}' for month in range(1, 3) for day in range(1, 32)]
        split = split | {'values': {'train': days, 'eval': late}}
    check(universe, tmp_path, 2_000, mode, split)

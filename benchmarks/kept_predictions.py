"""What keeping predictions costs the Evaluator: `python -m benchmarks.kept_predictions 300000`.

The model answers with a column, so that next to nothing but the Evaluator itself takes time. With
and without are measured in turn in one process, in seconds of processor time.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import apache_beam as beam
import numpy as np
from rich.console import Console

from components.evaluator.evaluation import measure
from components.evaluator.keeping import Kept
from components.evaluator.settings import EvaluatorConfig
from tests.components.evaluator.exports import export_model, write_examples

TURNS = 3

CONFIG = EvaluatorConfig.model_validate(
    {
        'task': 'regression',
        'label': 'y',
        'gate': {
            'metrics': {'rmse': {'max': 9}},
            'slices': [{'by': 'plurality'}, {'by': 'is_male'}],
        },
    }
)


def main(rows: int) -> None:
    """Measure, and print each turn and the median ratio."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, 'Split-test', 'data.gz')
        write_examples(data, _births(rows))
        model = export_model(Path(folder, 'model'), 'regression')
        _seconds(folder, data, model, 0)
        ratios = []
        for turn in range(TURNS):
            without, kept = (_seconds(folder, data, model, n) for n in (0, rows))
            ratios.append(kept / without)
            console.print(f'turn {turn + 1}: without {without:.2f} s, kept {kept:.2f} s')
    console.print(f'{rows:,} rows: {median(ratios):.2f} times the time without')


def _seconds(folder: str, data: Path, model: str, keep: int) -> float:
    with tempfile.TemporaryDirectory(dir=folder) as output:
        started = time.process_time()
        measure(
            CONFIG,
            Kept(output, 'test', keep),
            [str(data)],
            model,
            None,
            output,
            lambda: beam.Pipeline(argv=['--direct_running_mode=in_memory']),
        )
        return time.process_time() - started


def _births(rows: int) -> dict[str, list]:
    rng = np.random.default_rng(0)
    label = rng.normal(7, 1, rows)
    return {
        'plurality': rng.choice([1, 2, 3], rows, p=[0.96, 0.035, 0.005]).tolist(),
        'is_male': rng.choice([0, 1], rows).tolist(),
        'mother_age': rng.integers(14, 45, rows).tolist(),
        'gestation_weeks': rng.integers(30, 42, rows).tolist(),
        'year_month': rng.choice(
            [f'{y}-{m}' for y in range(2001, 2009) for m in range(1, 13)], rows
        ).tolist(),
        'y': label.tolist(),
        'p': (label + rng.normal(0, 1, rows)).tolist(),
    }


if __name__ == '__main__':
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

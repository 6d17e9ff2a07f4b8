"""The report of a run of this machine: the component's numbers, and what only the runner knows."""

import json
from pathlib import Path
from typing import Any

from components.report.numbers.changes import changes
from components.report.page.render import render
from pipeline.compare.recipes import recipe_of
from pipeline.records import Run
from pipeline.store import Store

STEP, OUTPUT = 'Report', 'report'
NUMBERS_FILE = 'report.json'


class NoReportError(LookupError):
    """A run has no report; one line that says why."""


def write_report(run: Run, store: Store, to: Path | None = None) -> Path:
    """Draw the report of a run anew, with its steps, and what has changed since its parent.

    Args:
      run: A run that has got as far as the Report.
      store: Where it is, and the run that made its baseline.
      to: File to write; by default the store's.

    Raises:
      NoReportError: It has none.
      OSError: The file can't be written.
    """
    report = read_numbers(run)
    path = to or store.report(run.run)
    page = render(report, _about(run, store, report))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding='utf-8')
    return path


def read_numbers(run: Run) -> dict[str, Any]:
    """Return report.json of a run.

    Raises:
      NoReportError: It has none.
    """
    step = next((s for s in run.steps if s.name == STEP), None)
    if step is None:
        raise NoReportError(f'{run.run} has no report: it was run before there were any')
    made = step.artifacts.get(OUTPUT)
    if not made:
        why = f'the step failed: {step.note}' if step.state == 'failed' else f'it is {run.state}'
        raise NoReportError(f'{run.run} has no report: {why}; run its recipe again')
    numbers = Path(made[0]) / NUMBERS_FILE
    if not numbers.is_file():
        raise NoReportError(f'{run.run}: its report is gone from {numbers}; run its recipe again')
    found: dict[str, Any] = json.loads(numbers.read_text(encoding='utf-8'))
    return found


def _about(run: Run, store: Store, report: dict[str, Any]) -> dict[str, Any]:
    """Return what the page tells of the run itself."""
    parent = _parent(report, store)
    return {
        'run': run.run,
        'started': f'{run.started:%Y-%m-%d %H:%M} UTC',
        'seconds': run.seconds,
        'state': run.state,
        'rows': run.rows,
        'recipe_file': run.recipe_file,
        'overrides': run.overrides,
        'pushed': run.pushed,
        'log': run.log,
        'parent': parent.run if parent else None,
        'refusals': [r['text'] for r in run.reasons if r.get('metric') is None],
        'changes': _changes(run, parent, store) if parent else None,
        'steps': [
            s.model_dump(include={'name', 'state', 'seconds', 'note', 'fingerprint'})
            for s in run.steps
        ],
    }


def _parent(report: dict[str, Any], store: Store) -> Run | None:
    """Return the run that made the baseline: the first with that model, as later ones reuse it."""
    baseline = (report['lineage'] or {'artifacts': {}})['artifacts'].get('baseline_model')
    if not baseline:
        return None
    made = (r for r in store.runs.all() if r.model and Path(r.model).parent == Path(baseline))
    return next(made, None)


def _changes(run: Run, parent: Run, store: Store) -> list[dict[str, Any]] | None:
    """Return how the recipe and the numbers of rows differ; None if a recipe is not known."""
    before, now = recipe_of(parent, store), recipe_of(run, store)
    if before is None or now is None:
        return None
    return changes(before | {'rows': parent.rows}, now | {'rows': run.rows})

"""What is kept of a run: one JSON file each, so that listing runs loads nothing slow."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.suggest import nearest

StepState = Literal['pending', 'running', 'done', 'cached', 'skipped', 'failed']
RunState = Literal['running', 'done', 'failed', 'interrupted']


class Step(BaseModel):
    """One step of a run."""

    name: str = Field(description='Node of the DAG.')
    state: StepState = Field(
        'pending', description='skipped: had nothing to do; pending: not reached.'
    )
    seconds: float | None = Field(None, description='Wall time.')
    note: str = Field('', description='What came of it, in a few words.')
    notes: list[str] = Field(
        default_factory=list,
        description='What else it has to say, a line each, such as pictures that were refused.',
    )
    artifacts: dict[str, list[str]] = Field(
        default_factory=dict, description='Output name -> artifact paths.'
    )
    fingerprint: str | None = Field(
        None, description='Digest of the code, libraries and local data it depends on.'
    )


class TrainingRecord(BaseModel):
    """What a training was like."""

    epochs: int = Field(description='How many there were, of all phases.')
    best_epoch: int = Field(description='The one whose weights the model has.')
    resumed_after_epoch: int | None = Field(
        None, description='Epochs that an earlier try, which was killed, had done; null: none.'
    )
    suggested_learning_rate: float | None = Field(
        None, description='What a search (train.find_rate) found; null: none was asked for.'
    )
    curves: str | None = Field(None, description='Picture of loss, metric and rate by epoch.')
    rate_curve: str | None = Field(None, description='Picture of the search for a rate.')
    events: str = Field(description="Folder of TensorBoard's events, and of history.json.")

    @property
    def notes(self) -> list[str]:
        """What is worth a word beside the last epoch."""
        notes = []
        if self.resumed_after_epoch:
            notes.append(f'resumed after epoch {self.resumed_after_epoch}')
        if self.suggested_learning_rate:
            notes.append(f'suggested learning rate {self.suggested_learning_rate:.2g}')
        return notes


class Run(BaseModel):
    """A run: the JSON object that `--json` prints."""

    model_config = ConfigDict(validate_assignment=True)

    run: str = Field(description='Run id.')
    recipe: str = Field(description="The recipe's name, which is also the pipeline's.")
    recipe_file: str = Field(description='Path of the recipe.')
    overrides: list[str] = Field(default_factory=list, description='Each `--set`.')
    task: str = Field(description='regression, binary or multiclass.')
    state: RunState = Field('running', description='How far it got.')
    started: datetime = Field(
        default_factory=lambda: datetime.now(UTC), description='When, in UTC.'
    )
    seconds: float | None = Field(None, description='Wall time, imports included.')
    error: str | None = Field(None, description='Why it failed, in one line.')
    blessed: bool | None = Field(None, description='null: not judged.')
    reasons: list[dict[str, Any]] = Field(
        default_factory=list,
        description='Why not blessed: metric, slice, of_class (null: a whole slice), candidate, '
        'baseline, bound, kind, examples, text; of ServingGate only kind (serving) and text.',
    )
    notes: list[str] = Field(
        default_factory=list,
        description='What else there is to say, such as slices that were too small to judge, or '
        'that a model was not pushed because it had been rolled back.',
    )
    metrics: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict,
        description='Split -> slices, the whole split first: '
        '{slice, examples, metrics: {name: {candidate, baseline}}}.',
    )
    fairness: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict,
        description='Split -> gaps between groups: {by, criterion, part, value, low, high, '
        'baseline, max_gap, min_examples, highest, lowest, groups: [{group, examples, value, low, '
        'high}]}.',
    )
    bounds: list[dict[str, Any]] = Field(
        default_factory=list, description='What was asked: {metric, by, min_examples, min, max, …}.'
    )
    classes: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict,
        description='Split -> classes, in the order of the model; each against all others, by the '
        'most likely class: {name, examples, metrics: {precision, recall, f1: {candidate, '
        'baseline}}}.',
    )
    confusions: dict[str, list[dict[str, Any]]] = Field(
        default_factory=dict,
        description='Split -> the most frequent wrong answers, at most 20: {label, answer, '
        'candidate, baseline}, numbers of rows; label null: a class that the model does not know. '
        "The whole matrix is under `confusion` in verdict.json, in the Evaluator's artifact.",
    )
    class_bounds: list[dict[str, Any]] = Field(
        default_factory=list,
        description='What was asked of classes: {metric, of (null: all), min_examples, min, …}.',
    )
    rows: dict[str, int] = Field(default_factory=dict, description='Split -> rows.')
    steps: list[Step] = Field(default_factory=list, description='In the order of the DAG.')
    training: TrainingRecord | None = Field(None, description='How the model was trained.')
    model: str | None = Field(None, description='The trained model (SavedModel folder).')
    pushed: str | None = Field(None, description='Where it was pushed; null: it was not.')
    report: str | None = Field(None, description='The report, an HTML page.')
    date: str | None = Field(
        None, description='Date of the run, which data.window ends at; null: there is no window.'
    )
    log: str | None = Field(None, description='The full log.')
    pid: int = Field(default_factory=os.getpid, description='Process that ran it.')

    def step(self, name: str) -> Step:
        """Return a step by name."""
        return next(s for s in self.steps if s.name == name)


class RunRecords:
    """The runs of a store, newest last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def new_id(self, recipe: str) -> str:
        """Return an id that no run has: the recipe's name and the time."""
        at = datetime.now(UTC).strftime('%Y%m%d-%H%M%S')
        taken = {p.stem for p in self.folder.glob(f'{recipe}-{at}*.json')}
        ids = (f'{recipe}-{at}{suffix}' for suffix in ('', *(f'-{n}' for n in range(2, 1000))))
        return next(i for i in ids if i not in taken)

    def save(self, run: Run) -> None:
        """Write a run's record; a reader sees the old one or the new one, never a part."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f'{run.run}.json'
        part = path.with_suffix('.json.part')
        part.write_text(run.model_dump_json(indent=1), encoding='utf-8')
        part.replace(path)

    def all(self) -> Iterator[Run]:
        """Yield every run, oldest first."""
        runs = [self._read(path) for path in self.folder.glob('*.json')]
        yield from sorted(runs, key=lambda r: (r.started, r.run))

    def find(self, run: str | None) -> Run:
        """Return a run by id, by unambiguous beginning, by recipe (its last), or the last of all.

        Raises:
          LookupError: There is no such run, or several.
        """
        runs = list(self.all())
        if not runs:
            raise LookupError(f'no runs in {self.folder.parent} yet; start one with `sluice run`')
        if run is None:
            return runs[-1]
        of_recipe = [r for r in runs if r.recipe == run]
        found = [r for r in runs if r.run == run] or of_recipe[-1:]
        found = found or [r for r in runs if r.run.startswith(run)]
        if not found:
            raise LookupError(f'no run {run!r}; {nearest(run, [r.run for r in reversed(runs)])}')
        if len(found) > 1:
            raise LookupError(f'{run!r} could be {", ".join(r.run for r in found)}')
        return found[0]

    def _read(self, path: Path) -> Run:
        run = Run.model_validate(json.loads(path.read_text(encoding='utf-8')))
        if run.state == 'running' and not _alive(run.pid):
            run.state = 'interrupted'
            for step in run.steps:
                step.state = 'pending' if step.state == 'running' else step.state
        return run


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""Runs in Python: what came of one, as pandas frames.

    from pipeline import results

    run = results.load('census')  # the recipe's last run; or a run id, or nothing for the last one
    run.metrics                   # value, 95 % interval, baseline
    run.predictions               # every evaluated row
    run                           # in a notebook: the report

Nothing here loads TensorFlow or TFX. docs/notebooks.md has more.
"""

import html
import json
import os
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa

from components.evaluator.predictions import About, file_name, read
from components.evaluator.slice_intervals import WHOLE
from components.evaluator.verdict import FILE_NAME as VERDICT_FILE
from components.evaluator.verdict import Verdict
from pipeline import result_frames
from pipeline.plot_frames import Plots
from pipeline.records import Run
from pipeline.store import Store

DEFAULT_STORE = '.sluice'
STORE_VARIABLE = 'SLUICE_STORE'

CARD = 'assets.extra/model_card.html'
"""Where a pushed model has its card."""

FRAME_PIXELS = 800
"""Height of a report in a notebook."""


class MissingResult(LookupError):  # noqa: N818 (it names what is missing)
    """A run does not have what was asked for; one line that says why."""


def load(run: str | None = None, store: str | Path | None = None) -> 'Results':
    """Return the results of a run.

    Args:
      run: Its id, the beginning of one, or a recipe's name for its last run; None: the last of all.
      store: Folder of the runs; by default what SLUICE_STORE says, or `.sluice` here.

    Raises:
      LookupError: There is no such run, or several.
    """
    folder = Path(store or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE)
    return Results(Store(folder).runs.find(run))


class Results:
    """What came of a run. Frames are made when they are asked for, and kept."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __repr__(self) -> str:
        verdict = {True: 'blessed', False: 'not blessed', None: self.run.state}[self.run.blessed]
        return f'<Results of {self.run.run}: {verdict}>'

    def _repr_html_(self) -> str:
        """Show the report in a notebook; without one, the metrics."""
        report = self.report
        if report is None:
            return f'<p>{html.escape(repr(self)[1:-1])}</p>{self.metrics.to_html(index=False)}'
        page = html.escape(report.read_text(encoding='utf-8'))
        return (
            f'<iframe srcdoc="{page}" title="Report of {html.escape(self.run.run)}" '
            f'style="width: 100%; height: {FRAME_PIXELS}px; border: 1px solid #8884"></iframe>'
        )

    @property
    def report(self) -> Path | None:
        """The report's page; None if the run has none."""
        return report_of(self.run)

    @cached_property
    def verdict(self) -> Verdict:
        """The Evaluator's verdict, reasons and all.

        Raises:
          MissingResult: The run did not come that far, or its artifacts were deleted.
        """
        path = self._evaluation / VERDICT_FILE
        if not path.exists():
            raise MissingResult(f'{self.run.run}: its evaluation is gone: {path}')
        return Verdict.from_json(path.read_text(encoding='utf-8'))

    @property
    def split(self) -> str:
        """The split that was judged."""
        return next(iter(self.verdict.metrics))

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Metrics of the whole judged split.

        Columns: metric, value, low and high (95 % interval), the same of the baseline, examples.
        """
        whole = self.slices[self.slices['slice'] == WHOLE]
        return whole.drop(columns=['slice', 'by']).reset_index(drop=True)

    @cached_property
    def slices(self) -> pd.DataFrame:
        """Metrics of each slice of the judged split, the whole one (`all`) first.

        Columns: slice, by, metric, value, low, high, baseline, baseline_low, baseline_high,
        examples. Without kept predictions the intervals are NaN.
        """
        kept = self._kept if self.keeps_predictions else None
        return result_frames.slices_frame(self.verdict.metrics[self.split], self.run.task, kept)

    @cached_property
    def classes(self) -> pd.DataFrame:
        """Precision, recall and F1 of each class; empty for a regression."""
        return result_frames.classes_frame(self.verdict.classes.get(self.split, ()))

    @cached_property
    def fairness(self) -> pd.DataFrame:
        """Gaps between groups by each criterion; empty where the recipe asks for none."""
        return result_frames.fairness_frame(self.verdict.fairness.get(self.split, ()))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Evaluated rows: raw columns, label, and what the models said.

        Raises:
          MissingResult: None were kept.
        """
        frame = self.table.to_pandas()
        return frame[['row', *(c for c in frame.columns if c != 'row')]]

    @property
    def table(self) -> pa.Table:
        """The same as an Arrow table."""
        return self._kept[0]

    @property
    def about(self) -> About:
        """What the columns of the predictions mean."""
        return self._kept[1]

    @property
    def keeps_predictions(self) -> bool:
        """Whether evaluated rows were kept."""
        return (self._evaluation / file_name(self.split)).exists()

    @cached_property
    def plots(self) -> Plots:
        """The points of curves: roc, pr, calibration, confusion, residuals."""
        return Plots(self.table, self.about)

    @cached_property
    def schema(self) -> pd.DataFrame:
        """The columns of the examples: name, type, presence, values per row, domain."""
        from pipeline.schema_frame import schema_frame

        return schema_frame(self.artifact('SchemaGen', 'ImportSchemaGen', output='schema'))

    @cached_property
    def trials(self) -> pd.DataFrame:
        """What the Tuner tried, best first; empty if it did not run."""
        folder = self._artifact(('Tuner',), 'tuner_results')
        if folder is None:
            return pd.DataFrame(columns=['trial_id', 'score'])
        tried = json.loads((folder / 'tuner_results.json').read_text(encoding='utf-8'))
        return pd.DataFrame(tried).sort_values('score', ignore_index=True)

    @cached_property
    def history(self) -> pd.DataFrame:
        """Losses and metrics by epoch.

        Raises:
          MissingResult: The run did not come that far, or its model kept none.
        """
        path = self.artifact('Trainer', output='model_run') / 'history.json'
        if not path.exists():
            raise MissingResult(f'{self.run.run}: its Trainer kept no history of epochs')
        return pd.DataFrame(json.loads(path.read_text(encoding='utf-8'))['epochs'])

    def artifact(self, *steps: str, output: str) -> Path:
        """Return the folder of what a step made, of the first of the steps that has it.

        Raises:
          MissingResult: None has.
        """
        found = self._artifact(steps, output)
        if found is None:
            raise MissingResult(f'{self.run.run}: has no {output} of {steps[0]} ({self.run.state})')
        return found

    def _artifact(self, steps: tuple[str, ...], output: str) -> Path | None:
        return next(
            (
                Path(s.artifacts[output][0])
                for s in self.run.steps
                if s.name in steps and s.artifacts.get(output)
            ),
            None,
        )

    @property
    def _evaluation(self) -> Path:
        return self.artifact('Evaluator', output='evaluation')

    @cached_property
    def _kept(self) -> tuple[pa.Table, About]:
        path = self._evaluation / file_name(self.split)
        if not path.exists():
            raise MissingResult(
                f'{self.run.run}: kept no predictions; set evaluation.keep_predictions above 0 '
                'and run again'
            )
        return read(path)


def card_of(run: Run) -> Path | None:
    """Return the page of the card beside a run's pushed model, if it has one."""
    return Path(run.pushed) / CARD if run.pushed and '://' not in run.pushed else None


def report_of(run: Run) -> Path | None:
    """Return the page of a run's report, if it has one."""
    for step in run.steps:
        if step.name == 'Report':
            folders = [Path(uri) for uris in step.artifacts.values() for uri in uris]
            pages = [page for folder in folders for page in sorted(folder.glob('*.html'))]
            return next(iter(pages), None)
    return None

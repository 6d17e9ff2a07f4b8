"""Runs as people read them: the outcome, the steps, the metrics by slice."""

import os
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from components.evaluator.settings import METRICS, Gate, headline
from pipeline.progress import seconds_text, step_line
from pipeline.records import Run
from pipeline.run_queries import metric_of
from pipeline.show_classes import class_parts
from pipeline.show_fairness import fairness_parts
from pipeline.texts import bound_texts, number

UNWRAPPED = 400
"""Width of output that goes into a file or a pipe, in characters."""


def bounds_of(gate: Gate) -> list[dict[str, Any]]:
    """List a gate's bounds flat, as run records keep them."""
    overall = [{'by': [], 'min_examples': 1, 'metrics': gate.metrics}]
    by_slice = [
        {'by': list(s.by), 'min_examples': s.min_examples, 'metrics': s.metrics}
        for s in gate.slices
    ]
    return [
        {
            'metric': metric,
            'by': group['by'],
            'min_examples': group['min_examples'],
            **bound.model_dump(exclude_none=True),
        }
        for group in overall + by_slice
        for metric, bound in group['metrics'].items()  # type: ignore[attr-defined]
    ]


def outcome(run: Run) -> Text:
    """Return how a run ended: the verdict and why, and where things are."""
    text = Text()
    if run.state == 'failed':
        failed = next((s.name for s in run.steps if s.state == 'failed'), None)
        text.append(f'Failed{f" in {failed}" if failed else ""}: ', style='bold red')
        text.append(f'{run.error}\n')
        if run.steps:
            text.append(
                'Finished steps are kept, and reused when the same command is given again.\n'
            )
    elif run.blessed:
        text.append('Blessed: ', style='bold green').append(f'{_headline(run)}\n')
    elif run.blessed is False:
        text.append('Not blessed, not pushed:\n', style='bold yellow')
        for reason in run.reasons:
            text.append(f'  {reason["text"]}\n')
        text.append(f'  {_headline(run)}\n', style='dim')
    for note in run.notes:
        text.append(f'  {note}\n', style='dim')
    where = {
        'model': run.pushed or (run.model if run.blessed is not None else None),
        'report': run.report,
        'log': run.log,
        'more': f'sluice show {run.run}' if run.steps else None,
    }
    lines = [f'  {name:<6} {short_path(path)}' for name, path in where.items() if path]
    return text.append('\n'.join(lines), style='dim')


def details(run: Run) -> RenderableType:
    """Return everything about a run: steps, metrics by slice, artifacts."""
    head = Text.assemble((run.run, 'bold'), f' · {run.state}')
    if run.blessed is not None:
        head.append(' · ')
        head.append(*(('blessed', 'green') if run.blessed else ('not blessed', 'yellow')))
    head.append(f' · {run.started:%Y-%m-%d %H:%M} UTC · {seconds_text(run.seconds)}\n')
    head.append(f'recipe {run.recipe_file}{"".join(f" --set {o}" for o in run.overrides)}\n')
    if run.error:
        head.append(f'{run.error}\n', style='red')
    for reason in run.reasons:
        head.append(f'{reason["text"]}\n', style='yellow')
    for note in run.notes:
        head.append(f'{note}\n', style='dim')
    parts: list[RenderableType] = [head]
    for step in run.steps:
        parts += [step_line(step), *(Text(f'    {note}', style='dim') for note in step.notes)]
    for split, slices in run.metrics.items():
        parts += [Text(), Text(f'{split} split', style='bold'), metrics_table(run, slices)]
        parts += [*class_parts(run, split), *fairness_parts(run, split)]
    paths = Text('\n')
    for step in run.steps:
        for key, uris in step.artifacts.items():
            for uri in uris:
                paths.append(f'{step.name}.{key}  ', style='dim').append(f'{short_path(uri)}\n')
    training = run.training
    named = {
        'training curves': training and training.curves,
        'learning-rate search': training and training.rate_curve,
        'pushed': run.pushed,
        'report': run.report,
        'log': run.log,
    }
    for name, path in named.items():
        if path:
            paths.append(f'{name}  ', style='dim').append(f'{short_path(path)}\n')
    return Group(*parts, paths)


def metrics_table(run: Run, slices: list[dict[str, Any]]) -> Table:
    """Return metrics by slice: candidate, baseline in brackets, bounds that were missed in red."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column('slice')
    table.add_column('examples', justify='right')
    names = [m for m in METRICS[run.task] if any(m in s['metrics'] for s in slices)]
    for name in names:
        table.add_column(name, justify='right')
    table.add_column('bounds')
    missed = {
        (r['metric'], slice_name(r['slice'])) for r in run.reasons if r.get('of_class') is None
    }
    for row in slices:
        name = slice_name(row['slice'])
        cells = []
        for metric in names:
            value = row['metrics'].get(metric, {})
            text = number(value.get('candidate'))
            if (baseline := value.get('baseline')) is not None:
                text += f' ({number(baseline)})'
            cells.append(Text(text, style='red' if (metric, name) in missed else ''))
        table.add_row(name, f'{row["examples"]:,}', *cells, _bounds(run, row))
    return table


def runs_table(runs: Iterable[Run], metrics: Sequence[str] = ()) -> Table:
    """Return runs as a table, in their order.

    Args:
      runs: What to list.
      metrics: Metrics to show beside the headline.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ('run', 'state', 'verdict', 'headline', *metrics, 'time', 'started (UTC)'):
        table.add_column(
            column,
            no_wrap=column == 'run',
            justify='right' if column in metrics else 'left',
        )
    for run in runs:
        verdict = {True: 'blessed', False: 'not blessed', None: ''}[run.blessed]
        table.add_row(
            run.run,
            run.state,
            verdict,
            _headline(run, short=True),
            *(number(metric_of(run, name)) for name in metrics),
            seconds_text(run.seconds),
            f'{run.started:%Y-%m-%d %H:%M}',
        )
    return table


def slice_name(slice_: dict[str, Any]) -> str:
    """Return a slice as `column=value, …`; the whole split is `all`."""
    return ', '.join(f'{column}={value}' for column, value in slice_.items()) or 'all'


def page(text: RenderableType) -> None:
    """Print to stdout; unwrapped where no terminal shows it, so that it can be searched."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNWRAPPED
    console.print(text)


def _headline(run: Run, short: bool = False) -> str:
    metric = headline(run.task).name
    for split, slices in run.metrics.items():
        whole = next((s for s in slices if not s['slice']), None)
        if whole and (value := whole['metrics'].get(metric)):
            text = f'{metric} {number(value["candidate"])}'
            if short:
                return text
            baseline = value.get('baseline')
            against = 'no baseline yet' if baseline is None else f'baseline {number(baseline)}'
            bounds = _bounds(run, whole)
            return f'{text} on {whole["examples"]:,} {split} rows ({bounds}; {against})'
    return ''


def _bounds(run: Run, row: dict[str, Any]) -> str:
    own = [b for b in run.bounds if sorted(b['by']) == sorted(row['slice'])]
    return bound_texts(own, row['examples'])


def short_path(path: str) -> str:
    """Return a path as seen from here, where that is shorter."""
    return min(path, os.path.relpath(path), key=len)

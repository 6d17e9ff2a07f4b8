"""How a model does by class, as people read it: a table, and what it takes for what."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from components.evaluator.settings import CLASS_METRICS, Gate
from pipeline.records import Run
from pipeline.texts import bound_texts, number

CLASSES_SHOWN = 20
"""Classes in a table; of more, those with the lowest F1."""

CONFUSIONS_KEPT = 20
"""Wrong answers that a run's record keeps."""

CONFUSIONS_SHOWN = 8
"""Wrong answers that are shown."""


def bounds_of(gate: Gate) -> list[dict[str, Any]]:
    """List a gate's bounds on classes flat, as run records keep them."""
    return [
        {
            'metric': metric,
            'of': group.of and list(group.of),
            'min_examples': group.min_examples,
            **bound.model_dump(exclude_none=True),
        }
        for group in gate.classes
        for metric, bound in group.metrics.items()
    ]


def largest_confusions(cells: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells off the diagonal of a confusion matrix with most rows, those first."""
    wrong = [c for c in cells if c['label'] != c['answer'] and c['candidate']]
    return sorted(wrong, key=lambda c: -c['candidate'])[:CONFUSIONS_KEPT]


def class_parts(run: Run, split: str) -> list[RenderableType]:
    """Return what there is to say about the classes of a split; nothing for a regression."""
    classes = run.classes.get(split, [])
    if not classes:
        return []
    shown = _worst(classes)
    parts: list[RenderableType] = []
    if len(shown) < len(classes):
        parts.append(Text(f'the {len(shown)} of {len(classes)} classes with the lowest f1'))
    parts.append(_table(run, shown))
    rows = {c['name']: c['examples'] for c in classes}
    confusions = run.confusions.get(split, [])[:CONFUSIONS_SHOWN]
    if confusions:
        parts.append(_confusions(confusions, rows))
    return parts


def _worst(classes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the classes to show, in their order: all, or those with the lowest F1."""

    def f1(of_class: dict[str, Any]) -> float:
        value = of_class['metrics']['f1']['candidate']
        return 1.0 if value is None else float(value)

    worst = {c['name'] for c in sorted(classes, key=f1)[:CLASSES_SHOWN]}
    return [c for c in classes if c['name'] in worst]


def _table(run: Run, classes: Iterable[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column('class')
    for name in ('examples', *CLASS_METRICS):
        table.add_column(name, justify='right')
    if run.class_bounds:
        table.add_column('bounds')
    missed = {(r['metric'], r.get('of_class')) for r in run.reasons}
    for row in classes:
        cells = []
        for metric in CLASS_METRICS:
            value = row['metrics'][metric]
            text = number(value['candidate'])
            if value['baseline'] is not None:
                text += f' ({number(value["baseline"])})'
            cells.append(Text(text, style='red' if (metric, row['name']) in missed else ''))
        bounds = [b for b in run.class_bounds if b['of'] is None or row['name'] in b['of']]
        said = [bound_texts(bounds, row['examples'])] if run.class_bounds else []
        table.add_row(Text(row['name']), f'{row["examples"]:,}', *cells, *said)
    return table


def _confusions(confusions: Iterable[dict[str, Any]], rows: dict[str, int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column('class')
    table.add_column('taken for')
    table.add_column('examples', justify='right')
    table.add_column('share', justify='right')
    for cell in confusions:
        label, count = cell['label'], cell['candidate']
        of = rows.get(label, 0)
        text = f'{count:,}' if cell['baseline'] is None else f'{count:,} ({cell["baseline"]:,})'
        share = f'{count / of:.0%}' if of else ''
        name = Text('(unknown class)', style='dim') if label is None else Text(label)
        table.add_row(name, Text(cell['answer']), text, share)
    return table

"""How far groups are apart, as people read it."""

from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.records import Run
from pipeline.texts import number


def fairness_parts(run: Run, split: str) -> list[RenderableType]:
    """Return the gaps between groups of a split; nothing where none were asked for."""
    gaps = run.fairness.get(split, [])
    if not gaps:
        return []
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ('groups by', 'criterion'):
        table.add_column(column)
    table.add_column('gap', justify='right')
    for column in ('95 %', 'highest', 'lowest', 'bound'):
        table.add_column(column)
    for gap in gaps:
        table.add_row(', '.join(gap['by']), gap['criterion'], *_cells(gap))
    return [table]


def _cells(gap: dict[str, Any]) -> list[Text]:
    bound = '' if gap['max_gap'] is None else f'max_gap {number(gap["max_gap"])}'
    if gap['value'] is None:
        few = f'too few to compare (under {gap["min_examples"]} in all but one group)'
        return [Text('-'), Text(''), Text(''), Text(''), Text(f'{few} {bound}'.strip())]
    missed = gap['max_gap'] is not None and gap['value'] > gap['max_gap']
    value = number(gap['value'])
    if gap['baseline'] is not None:
        value += f' ({number(gap["baseline"])})'
    return [
        Text(value, style='red' if missed else ''),
        Text('' if gap['low'] is None else f'{number(gap["low"])} to {number(gap["high"])}'),
        Text(_group(gap, gap['highest'])),
        Text(_group(gap, gap['lowest'])),
        Text(bound),
    ]


def _group(gap: dict[str, Any], group: dict[str, Any]) -> str:
    own = next(g for g in gap['groups'] if g['group'] == group)
    return f'{", ".join(map(str, group.values()))}: {gap["part"]} {number(own["value"])}'

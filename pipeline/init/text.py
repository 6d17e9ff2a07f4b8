"""The recipe as text, each guess with its reason beside it."""

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.query_example_gen.settings import LocalTable, Split
from models.settings import Training, WideDeep
from pipeline.init.gate import MetricBound, overall_bound, slice_bound
from pipeline.init.kinds import Guess
from pipeline.init.label import Label
from pipeline.init.names import identifier
from transforms.features import Feature, Settings

SHOWN_CLASSES = 8
"""Classes that a comment names."""

_PLAIN = re.compile(r'[A-Za-z_][\w./-]*')
_NOT_TEXT = ('true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n')


@dataclass(frozen=True)
class Draft:
    """All that a first recipe says.

    Attributes:
      name: Name of the recipe.
      source: What it was written from, for the first line.
      rows: Rows of the table.
      label: What is predicted.
      label_name: Name of the label in the recipe.
      label_why: Why that column.
      table: What the query selects from, as SQL.
      local: BigQuery table -> local files.
      features: Name in the recipe -> guess.
      left_out: Columns that are not learnt from.
      split: Settings of the split; its column by the name in the query.
      split_sql: Name -> expression of columns that the query needs for the split alone.
      slices: Names of the columns to slice by.
      model: Settings of the model.
      train: Settings of training.
    """

    name: str
    source: str
    rows: int
    label: Label
    label_name: str
    label_why: str
    table: str
    local: Mapping[str, LocalTable]
    features: Mapping[str, Guess]
    left_out: Sequence[Guess]
    split: Split
    split_sql: Mapping[str, str]
    slices: Sequence[str]
    model: WideDeep
    train: Training


def recipe_text(draft: Draft) -> str:
    """Write a recipe as YAML."""
    label = draft.label
    lines = [
        f'# Written by `sluice init` from {_comment(draft.source)}: guesses from {draft.rows:,} '
        'rows. Change what is wrong.',
        f'name: {draft.name}',
        f'task: {label.task}{_classes_comment(label)}',
        f'label: {_flow(draft.label_name)}  # {_comment(draft.label_why)}',
    ]
    if label.classes:
        hint = 'the second is the positive one' + ('' if label.sure else '; swap them if it is not')
        lines.append(f'classes: {_flow(list(label.classes))}  # {hint}')
    lines += ['', 'data:', '  query: |', textwrap.indent(_query(draft), '    '), '  local:']
    lines += [f'    {_flow(name)}: {_table(table)}' for name, table in draft.local.items()]
    lines.append(f'  split: {_flow(_split(draft.split))}{_split_comment(draft.split)}')
    lines += ['', 'features:']
    for name, guess in draft.features.items():
        assert guess.feature is not None
        lines.append(f'  {_flow(name)}: {_feature(guess.feature)}  # {_comment(guess.why)}')
    if draft.left_out:
        lines.append('# Left out:')
        lines += [f'#   {_comment(g.column.name)}: {_comment(g.why)}' for g in draft.left_out]
    lines += [
        '',
        f'model: {_flow({"kind": "wide_deep"} | _given(draft.model, "hidden"))}',
        f'train: {_flow(_given(draft.train, "epochs", "batch_size"))}',
        '',
        'gate:',
        *_gate(label, draft.slices, draft.rows),
    ]
    return '\n'.join(lines) + '\n'


def _query(draft: Draft) -> str:
    """Return the query: every column by name, and only rows whose label can be learnt from."""
    label = draft.label
    selected = {draft.label_name: label.sql}
    selected |= {name: guess.sql for name, guess in draft.features.items()}
    selected |= draft.split_sql
    columns = ',\n'.join(
        f'  {sql}' if sql == identifier(name) else f'  {sql} AS {identifier(name)}'
        for name, sql in selected.items()
    )
    conditions = [f'{identifier(label.column.name)} IS NOT NULL', *label.conditions]
    where = '\n  AND '.join(conditions)
    rare = ''
    if label.dropped:
        named = listed(label.dropped)
        rare = f'\n  -- The last condition drops classes that are too rare: {_comment(named)}'
    return f'SELECT\n{columns}\nFROM {draft.table}\nWHERE {where}{rare}'


def listed(counts: Mapping[str, int]) -> str:
    """Name classes with their rows, the first few.

    Example: `setosa (50), virginica (49), 3 more`.
    """
    shown = [f'{name} ({rows:,})' for name, rows in list(counts.items())[:SHOWN_CLASSES]]
    more = [f'{len(counts) - SHOWN_CLASSES} more'] if len(counts) > SHOWN_CLASSES else []
    return ', '.join(shown + more)


def _classes_comment(label: Label) -> str:
    return f'  # rows: {_comment(listed(label.counts))}' if label.counts else ''


def _split(split: Split) -> dict[str, Any]:
    return _given(split) if split.column else _given(split, 'into')


def _split_comment(split: Split) -> str:
    return '' if split.column else '  # by all columns: a row never changes its split'


def _gate(label: Label, slices: Sequence[str], rows: int) -> list[str]:
    bound, own = overall_bound(label), slice_bound(label)
    lines = ['  metrics:', f'    {bound.metric}: {_bound(bound)}  # {bound.why}']
    if slices:
        lines.append(f'  slices:  # {own.why}')
    return lines + [
        f'    - {{by: {_flow(name)}, metrics: {{{own.metric}: {_bound(own)}}}, '
        f'min_examples: {max(20, min(200, rows // 100))}}}'
        for name in slices
    ]


def _bound(bound: MetricBound) -> str:
    own = {bound.kind: bound.value} if bound.kind else {}
    return _flow(own | {'no_worse_than_baseline_by': bound.slack})


def _table(table: LocalTable) -> str:
    given = _given(table, 'path')
    given['path'] = given['path'][0] if len(given['path']) == 1 else given['path']
    return _flow(given['path'] if list(given) == ['path'] else given)


def _feature(feature: Feature) -> str:
    given = _given(feature, *(('hash_buckets',) if feature.kind == 'hashed' else ()))
    return _flow({'kind': feature.kind} | given if given else feature.kind)


def _given(settings: Settings, *shown: str) -> dict[str, Any]:
    """Return the settings that differ from their defaults, and those to be shown anyway."""
    values = settings.model_dump(mode='json', exclude_defaults=True)
    return {name: getattr(settings, name) for name in shown} | values


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    match value:
        case dict():
            return '{' + ', '.join(f'{_flow(k)}: {_flow(v)}' for k, v in value.items()) + '}'
        case list() | tuple():
            return '[' + ', '.join(map(_flow, value)) + ']'
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    return ' '.join(text.split())

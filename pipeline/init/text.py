"""The recipe as text, each guess with its reason beside it."""

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

from components.query_example_gen.settings import LocalTable, Split
from pipeline.init.findings import Findings
from pipeline.init.gate import (
    ROWS_PER_SLICE,
    MetricBound,
    overall_bound,
    slice_bound,
    slice_names,
)
from pipeline.init.kinds import is_group
from pipeline.init.names import identifier
from pipeline.init.sizing import model_for, training_for
from pipeline.init.source import Source
from transforms.features import Feature, Settings

SHOWN_CLASSES = 8
"""Classes that a comment names."""

LONGEST_LINE = 100
"""Characters beyond which the settings of a table go on lines of their own."""

_PLAIN = re.compile(r'(/|\.{1,2}/)?[A-Za-z_][\w./-]*')
_NOT_TEXT = ('true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n')


def recipe_text(name: str, source: Source, local: Mapping[str, LocalTable], found: Findings) -> str:
    """Write a recipe as YAML.

    Args:
      name: Its name.
      source: What it is written from.
      local: BigQuery table -> local files, as the recipe is to name them.
      found: What it says.
    """
    sections = [
        [
            f'# Written by `sluice init` from {comment(source.shown)}: guesses from '
            f'{found.rows:,} rows. Change what is wrong.',
            f'name: {name}',
            *_target(found),
        ],
        ['data:', *_indented('query: |', _query(source.table, found)), *_tables(local, found)],
        ['features:', *_features(found)],
        [
            f'model: {flow({"kind": "wide_deep"} | given(model_for(found.rows), "hidden"))}',
            f'train: {flow(given(training_for(found.rows), "epochs", "batch_size"))}',
        ],
        ['gate:', *_gate(found)],
    ]
    return '\n\n'.join('\n'.join(lines) for lines in sections) + '\n'


def _target(found: Findings) -> list[str]:
    label = found.label
    classes = f'  # rows: {comment(listed(label.counts))}' if label.counts else ''
    lines = [
        f'task: {label.task}{classes}',
        f'label: {flow(found.label_name)}  # {comment(found.label_why)}',
    ]
    if label.classes:
        hint = '' if label.sure else '; swap them if it is not'
        order = f'the second is the positive one{hint}'
        lines.append(f'classes: {flow(list(label.classes))}  # {order}')
    return lines


def _indented(head: str, text: str) -> list[str]:
    return [f'  {head}', textwrap.indent(text, '    ')]


def _query(table: str, found: Findings) -> str:
    """Return the query: every column by name, and only rows whose label can be learnt from."""
    label = found.label
    selected = {found.label_name: label.sql}
    selected |= {name: guess.sql for name, guess in found.features.items()}
    selected |= found.split_sql
    columns = ',\n'.join(
        f'  {sql}' if sql == identifier(name) else f'  {sql} AS {identifier(name)}'
        for name, sql in selected.items()
    )
    where = '\n  AND '.join(label.conditions)
    rare = f'  -- too rare to learn: {comment(listed(label.dropped))}' if label.dropped else ''
    return f'SELECT\n{columns}\nFROM {table}\nWHERE {where}{rare}'


def _tables(local: Mapping[str, LocalTable], found: Findings) -> list[str]:
    return [
        '  local:',
        *(line for name, table in local.items() for line in _table(name, table)),
        f'  split: {flow(_split(found.split))}{_split_comment(found)}',
    ]


def _features(found: Findings) -> list[str]:
    lines = [
        f'  {flow(name)}: {_feature(guess.feature)}  # {comment(guess.why)}'
        for name, guess in found.features.items()
        if guess.feature
    ]
    if found.left_out:
        lines.append('# Left out:')
    return lines + [f'#   {comment(g.column.name)}: {comment(g.why)}' for g in found.left_out]


def listed(counts: Mapping[str, int]) -> str:
    """Name classes with their rows, the first few.

    Example: `setosa (50), virginica (49), 3 more`.
    """
    shown = [f'{name} ({rows:,})' for name, rows in list(counts.items())[:SHOWN_CLASSES]]
    more = [f'{len(counts) - SHOWN_CLASSES} more'] if len(counts) > SHOWN_CLASSES else []
    return ', '.join(shown + more)


def _split(split: Split) -> dict[str, Any]:
    return given(split) if split.column else given(split, 'into')


def _split_comment(found: Findings) -> str:
    if found.split.column:
        return ''
    group = next((name for name, guess in found.features.items() if is_group(guess)), None)
    if group:
        return f'  # by: {group} would keep rows of one {group} together'
    return '  # by all columns: a row never changes its split'


def _gate(found: Findings) -> list[str]:
    bound, own = overall_bound(found.label, found.judged), slice_bound(found.label)
    slices = slice_names(found.features, found.judged)
    lines = ['  metrics:', f'    {bound.metric}: {bound_text(bound)}  # {bound.why}']
    if slices:
        lines.append(f'  slices:  # {own.why}')
    return lines + [
        f'    - {{by: {flow(name)}, metrics: {{{own.metric}: {bound_text(own)}}}, '
        f'min_examples: {ROWS_PER_SLICE}}}'
        for name in slices
    ]


def bound_text(bound: MetricBound) -> str:
    """Return the settings of a bound in one line."""
    own = {bound.kind: bound.value} if bound.kind else {}
    return flow(own | {'no_worse_than_baseline_by': bound.slack})


def _table(name: str, table: LocalTable) -> list[str]:
    settings = given(table, 'path')
    if len(settings['path']) == 1:
        settings['path'] = settings['path'][0]
    line = f'    {flow(name)}: {flow(settings["path"] if list(settings) == ["path"] else settings)}'
    if len(line) <= LONGEST_LINE:
        return [line]
    return [f'    {flow(name)}:', *(f'      {key}: {flow(v)}' for key, v in settings.items())]


def _feature(feature: Feature) -> str:
    settings = given(feature, *(('hash_buckets',) if feature.kind == 'hashed' else ()))
    return flow({'kind': feature.kind} | settings if settings else feature.kind)


def given(settings: Settings, *shown: str) -> dict[str, Any]:
    """Return the settings that differ from their defaults, and those to be shown anyway."""
    values = settings.model_dump(mode='json', exclude_defaults=True)
    return {name: getattr(settings, name) for name in shown} | values


def flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    match value:
        case dict():
            return '{' + ', '.join(f'{flow(k)}: {flow(v)}' for k, v in value.items()) + '}'
        case list() | tuple():
            return '[' + ', '.join(map(flow, value)) + ']'
        case str() if _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)


def comment(text: str) -> str:
    """Return a text as it may stand in a comment: in one line."""
    return ' '.join(text.split())

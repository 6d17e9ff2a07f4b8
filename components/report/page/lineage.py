"""The run itself as tables: its steps, its worst rows, where it comes from."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.report.page.figure import Table
from components.report.page.words import NOTHING, number, percent, seconds, setting

SHOWN = 12
"""Worst rows in the table; pictures are shown all."""


def steps(done: Sequence[Mapping[str, Any]]) -> Table:
    """Return time and outcome of each step."""
    return Table(
        ['step', 'state', 'time', 'outcome', 'code'],
        [
            [
                s['name'],
                s['state'],
                NOTHING if s['state'] == 'cached' else seconds(s.get('seconds')),
                s.get('note') or '',
                s.get('fingerprint') or NOTHING,
            ]
            for s in done
        ],
    )


def run_facts(run: Mapping[str, Any] | None) -> list[list[str]]:
    """Return where a run of this machine came from."""
    told = {
        'run': 'run',
        'recipe file': 'recipe_file',
        'overrides': 'overrides',
        'parent (last blessed)': 'parent',
        'pushed to': 'pushed',
        'log': 'log',
    }
    return [[name, setting(run[key])] for name, key in told.items() if run and run.get(key)]


def recipe_text(recipe: Mapping[str, Any]) -> str:
    """Return the recipe as it can be read."""
    return json.dumps(recipe, indent=2, ensure_ascii=False) if recipe else ''


def mistakes(report: Mapping[str, Any]) -> Table:
    """Return the worst rows: label, answers, and what the model saw."""
    rows = (report.get('mistakes') or [])[:SHOWN]
    features = list(rows[0]['features']) if rows else []
    has_baseline = any('baseline' in m for m in rows)
    sure = report['task'] != 'regression'
    headers = ['row', report['label'], 'predicted']
    if sure:
        headers.append('sure')
    if has_baseline:
        headers.append('baseline')
    return Table(
        headers + features,
        [
            [
                number(m['row']),
                number(m['label']),
                number(m['candidate']['prediction']),
                *([percent(m['candidate']['probability'])] if sure else []),
                *([number(m['baseline']['prediction'])] if has_baseline else []),
                *(number(v) for v in m['features'].values()),
            ]
            for m in rows
        ],
    )

"""Each bound of the gate beside what was measured: the first thing that a report shows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.evaluator.settings import Bound, Gate

KINDS = ('min', 'max', 'no_worse_than_baseline_by')


def gate_rows(gate: Gate, verdict: Mapping[str, Any], split: str) -> list[dict[str, Any]]:
    """Return a row for each bound and slice or class that it was held against, missed ones first.

    Args:
        gate: What was asked.
        verdict: verdict.json.
        split: The judged split.

    Returns:
        `metric`, `slice`, `of_class`, `kind`, `bound`, `candidate`, `baseline`, `rows`, `state`
        (`met`, `missed`, or `not judged`: too few rows) and `text` of what was missed.
    """
    missed = {_key(r): r for r in verdict['reasons']}
    rows = [
        _row(name, kind, limit, measured, measured['examples'] >= least, missed)
        for by, bounds, least in _bounds(gate)
        for measured in verdict['metrics'][split]
        if set(measured['slice']) == set(by)
        for name, bound in bounds.items()
        for kind in KINDS
        if (limit := getattr(bound, kind)) is not None
    ]
    rows += [
        _row(name, kind, limit, measured, measured['examples'] >= own.min_examples, missed)
        for own in gate.classes
        for measured in verdict.get('classes', {}).get(split, ())
        if own.of is None or measured['name'] in own.of
        for name, bound in own.metrics.items()
        for kind in KINDS
        if (limit := getattr(bound, kind)) is not None
    ]
    told = {_key(r) for r in rows if r['state'] == 'missed'}
    # Bounds that are on something else than slices and classes.
    rows += [_other(r) for key, r in missed.items() if key not in told]
    order = {'missed': 0, 'met': 1, 'not judged': 2}
    return sorted(rows, key=lambda r: (order[r['state']], len(r['slice'])))


def _bounds(gate: Gate) -> Iterator[tuple[Sequence[str], Mapping[str, Bound], int]]:
    yield (), gate.metrics, 1
    for own in gate.slices:
        yield own.by, own.metrics, own.min_examples


def _row(
    name: str,
    kind: str,
    limit: float,
    measured: Mapping[str, Any],
    judged: bool,
    missed: Mapping[tuple, Mapping[str, Any]],
) -> dict[str, Any]:
    values = measured['metrics'][name]
    row = {
        'metric': name,
        'slice': measured.get('slice', {}),
        'of_class': measured.get('name'),
        'kind': kind,
        'bound': limit,
        'candidate': values['candidate'],
        'baseline': values['baseline'],
        'rows': measured['examples'],
        'text': None,
    }
    reason = missed.get(_key(row)) if judged else None
    state = 'missed' if reason else 'met' if judged else 'not judged'
    return row | {'state': state} | ({'text': reason['text']} if reason else {})


def _other(reason: Mapping[str, Any]) -> dict[str, Any]:
    return {
        'metric': reason['metric'],
        'slice': reason.get('slice') or {},
        'of_class': reason.get('of_class'),
        'kind': reason['kind'],
        'bound': reason['bound'],
        'candidate': reason['candidate'],
        'baseline': reason['baseline'],
        'rows': reason['examples'],
        'text': reason['text'],
        'state': 'missed',
    }


def _key(row: Mapping[str, Any]) -> tuple:
    where = tuple(sorted((str(k), str(v)) for k, v in (row.get('slice') or {}).items()))
    return row['metric'], where, row['kind'], row.get('of_class'), row['bound']

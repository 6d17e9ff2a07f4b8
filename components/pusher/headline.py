"""What is told of a pushed model in a line: how it was measured, and when it was blessed."""

import json
from datetime import UTC, datetime
from typing import Any

FILE = 'assets.extra/evaluation.json'
"""Where a pushed model keeps its headline."""


def headline_of(verdict: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return the headline of a verdict.

    Args:
        verdict: `verdict.json` of the Evaluator; of each slice, metrics come headline first.
        at: when the model was blessed.

    Returns:
        `metric`, `value`, `baseline` (null: there was none), `split`, `rows`, and `blessed_at`,
        ISO 8601 in UTC.
    """
    split, slices = next(iter(verdict['metrics'].items()))
    whole = next(s for s in slices if not s['slice'])
    metric, values = next(iter(whole['metrics'].items()))
    return {
        'metric': metric,
        'value': values['candidate'],
        'baseline': values['baseline'],
        'split': split,
        'rows': whole['examples'],
        'blessed_at': at.astimezone(UTC).isoformat(timespec='seconds'),
    }


def headline_text(verdict: str, at: datetime) -> str:
    """Return the headline of a verdict, both as JSON."""
    return json.dumps(headline_of(json.loads(verdict), at), indent=1)

"""Records of finished runs."""

import json
from pathlib import Path


def last_record(store: Path) -> Path:
    """Return the record of a store's last run."""
    return max((store / 'runs').glob('*.json'), key=lambda path: path.stat().st_mtime)


def step_seconds(record: Path) -> dict[str, float]:
    """Return the seconds that each step of a run took."""
    return {s['name']: s['seconds'] or 0 for s in json.loads(record.read_text())['steps']}

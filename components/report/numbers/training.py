"""How the model was trained, and what a search tried before."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.numbers.plain import plain

MAX_EPOCHS = 500
MAX_TRIALS = 200


def curves(history: Mapping[str, Any]) -> dict[str, Any]:
    """Return losses and metrics by epoch.

    Args:
        history: As the Trainer writes it: `best_epoch`, and `epochs`, a mapping of numbers each.

    Returns:
        `best_epoch`, `epoch` and `seconds` (lists), and `series`: name -> `train` and `eval`.
    """
    epochs = _evenly(history.get('epochs', []))
    names = list(dict.fromkeys(n for e in epochs for n, v in e.items() if _is_number(v)))
    told = ('epoch', 'seconds', 'learning_rate')
    series = {}
    for name in (n for n in names if n not in told and not n.startswith('val_')):
        series[name] = {
            'train': [plain(e.get(name)) for e in epochs],
            'eval': [plain(e.get(f'val_{name}')) for e in epochs],
        }
    return {
        'best_epoch': history.get('best_epoch'),
        'epoch': [e.get('epoch') for e in epochs],
        'seconds': [plain(e.get('seconds')) for e in epochs],
        'learning_rate': [plain(e.get('learning_rate')) for e in epochs],
        'series': series,
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _evenly(epochs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    every = -(-len(epochs) // MAX_EPOCHS)
    return list(epochs[:: max(every, 1)])


def trials(results: Sequence[Mapping[str, Any]], space: Sequence[str]) -> dict[str, Any] | None:
    """Return what a search tried, the best first.

    Args:
        results: As TFX's Tuner writes them: `trial_id`, `score` (lower is better), and values.
        space: Names of the settings that were searched.
    """
    if not results:
        return None
    scored = [r for r in results if r.get('score') is not None]
    best = sorted(scored, key=lambda r: r['score'])[:MAX_TRIALS]
    names = [n for n in space if any(n in r for r in best)]
    return {
        'objective': 'val_loss',
        'settings': names,
        'trials': [
            {'score': plain(r['score']), 'values': {n: _value(r.get(n)) for n in names}}
            for r in best
        ],
    }


def _value(value: Any) -> Any:
    return value if value is None or isinstance(value, str | bool) else plain(value)

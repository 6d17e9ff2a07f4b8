"""Answers of a server against those of the signature that was evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

SHOWN = 300
"""Characters of a row that a message shows."""

Arrays = Mapping[str, np.ndarray]


def find_difference(
    answers: Sequence[Any],
    expected: Arrays,
    instances: Sequence[Mapping[str, Any]],
    tolerance: float,
    first: int = 1,
) -> str | None:
    """Return what differs in the first row that does, in one line; None if none does.

    Args:
        answers: the server's, a row each: outputs by name, or the only output.
        expected: `[rows, ...]` by output.
        instances: the rows as they were sent, for the message.
        tolerance: largest relative difference of numbers; near 0 it is absolute.
        first: number of the first row, for the message.
    """
    if len(answers) != len(instances):
        return f'{len(answers)} answers came for {len(instances)} rows'
    for row, answer in enumerate(answers):
        named = answer if isinstance(answer, Mapping) else dict.fromkeys(expected, answer)
        for name, values in expected.items():
            if name not in named:
                return f'the server leaves out {name}, which was evaluated'
            if not _agree(named[name], values[row], tolerance):
                return (
                    f'row {first + row} ({_shown(instances[row])}): {name} is '
                    f'{_plain(named[name])} over HTTP and {_plain(values[row])} as evaluated'
                )
    return None


def _agree(answer: Any, expected: np.ndarray, tolerance: float) -> bool:
    if expected.dtype == object:
        texts = [v.decode() if isinstance(v, bytes) else v for v in expected.reshape(-1)]
        return list(np.array(answer, dtype=object).reshape(-1)) == texts
    found = np.array(answer, dtype=np.float64)
    if found.shape != expected.shape:
        return False
    wanted = expected.astype(np.float64)
    return bool(np.allclose(found, wanted, rtol=tolerance, atol=tolerance, equal_nan=True))


def _plain(value: Any) -> str:
    values = np.array(value).reshape(-1).tolist()
    texts = [v.decode(errors='replace') if isinstance(v, bytes) else v for v in values]
    shown = ', '.join(f'{v:.7g}' if isinstance(v, float) else str(v) for v in texts[:10])
    return shown if len(texts) == 1 else f'[{shown}{", …" if len(texts) > 10 else ""}]'


def _shown(instance: Mapping[str, Any]) -> str:
    values = ', '.join(
        f'{name}={"…" if isinstance(value, Mapping) else value}' for name, value in instance.items()
    )
    return values if len(values) <= SHOWN else f'{values[: SHOWN - 1]}…'

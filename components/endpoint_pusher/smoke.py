"""Asking a deployed model for rows whose evaluated answers are known."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from components.endpoint_pusher.errors import SmokeError

FILE = 'assets.extra/smoke.json'
"""Where a pushed model keeps its rows and answers."""

REQUEST_BYTES = 1_000_000
"""Of a request; Vertex takes 1.5 MB."""

REQUEST_ROWS = 20

MISSED = 1e-9
"""Chance that no request reaches a model that is there, which is then taken for a fault."""

Ask = Callable[[Sequence[Mapping[str, Any]]], tuple[str, Sequence[Any]]]
"""Asks the endpoint for instances; returns the id of the deployed model that answered, and what."""


@dataclass(frozen=True)
class Smoke:
    """Rows as clients send them, and what the model answered when it was evaluated.

    Attributes:
        output: name of the output that is compared.
        instances: the rows.
        expected: a number, or a list of them, for each row.
        tolerance: largest relative difference; near 0 it is absolute.
    """

    output: str
    instances: tuple[Mapping[str, Any], ...]
    expected: tuple[Any, ...]
    tolerance: float

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        try:
            found = json.loads(text)
            return cls(
                str(found['output']),
                tuple(found['instances']),
                tuple(found['expected']),
                float(found['tolerance']),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f'these are no rows of a smoke test: {error!r}') from error


def check(smoke: Smoke, ask: Ask, deployed: str, percent: int) -> int:
    """Ask until the deployed model has answered all rows; other models' answers are passed over.

    Args:
        smoke: rows and answers.
        ask: asks the endpoint.
        deployed: id of the model that is to answer.
        percent: its share of the traffic.

    Returns:
        Requests that were made.

    Raises:
        SmokeError: A row is answered otherwise than evaluated, or the model never answers.
    """
    tries = 1 if percent >= 100 else math.ceil(math.log(MISSED) / math.log1p(-percent / 100))
    asked, first = 0, 0
    for part in _parts(smoke.instances):
        for _ in range(tries):
            asked += 1
            who, answers = ask(part)
            if who == deployed:
                break
        else:
            raise SmokeError(
                f'none of {tries} requests was answered by the new model, which has {percent} % '
                'of the traffic'
            )
        _compare(smoke, first, len(part), answers)
        first += len(part)
    return asked


def _parts(instances: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    part: list[Mapping[str, Any]] = []
    size = 0
    for instance in instances:
        more = len(json.dumps(instance))
        if part and (size + more > REQUEST_BYTES or len(part) == REQUEST_ROWS):
            yield part
            part, size = [], 0
        part.append(instance)
        size += more
    if part:
        yield part


def _compare(smoke: Smoke, first: int, rows: int, answers: Sequence[Any]) -> None:
    if len(answers) != rows:
        raise SmokeError(f'{len(answers)} answers came for {rows} rows')
    for row, answer in enumerate(answers, first):
        found = answer.get(smoke.output) if isinstance(answer, Mapping) else answer
        if found is None:
            raise SmokeError(f'the answer has no {smoke.output}, which was evaluated')
        wanted = np.array(smoke.expected[row], dtype=np.float64).reshape(-1)
        try:
            given = np.array(found, dtype=np.float64).reshape(-1)
        except (TypeError, ValueError):
            raise SmokeError(f'row {row + 1}: {smoke.output} is {found!r}, no number') from None
        if given.shape != wanted.shape or not np.allclose(
            given, wanted, rtol=smoke.tolerance, atol=smoke.tolerance, equal_nan=True
        ):
            raise SmokeError(
                f'row {row + 1} of the smoke test: {smoke.output} is {_plain(given)} from the '
                f'endpoint and {_plain(wanted)} as evaluated'
            )


def _plain(values: np.ndarray) -> str:
    shown = ', '.join(f'{value:.7g}' for value in values[:10])
    return shown if len(values) == 1 else f'[{shown}{", …" if len(values) > 10 else ""}]'

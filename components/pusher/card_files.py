"""Reads what a model card is made from, and returns its files."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from tfx.dsl.io import fileio

from components.evaluator.predictions import file_name, read
from components.evaluator.slice_intervals import KeptRows
from components.evaluator.verdict import Verdict
from components.pusher.card.content import card
from components.pusher.card.render import render
from components.pusher.settings import CardTerms

DESCRIPTION = 'assets.extra/sluice.json'
TRAINING = 'assets.extra/training.json'
"""What an exported model says of itself, and of how it was trained; either may be absent."""


def card_files(
    terms: CardTerms, verdict: str, evaluation: str, model: str, at: datetime
) -> dict[str, str]:
    """Return a model's card as files: path within its version -> text.

    Args:
        terms: From the recipe.
        verdict: `verdict.json` of the Evaluator.
        evaluation: Folder of the evaluation.
        model: Folder of the SavedModel.
        at: When it was blessed.
    """
    judged = Verdict.from_json(verdict)
    columns = sorted({c for slices in judged.metrics.values() for s in slices for c in s.slice})
    split = next(iter(judged.metrics))
    kept = _kept(f'{evaluation}/{file_name(split)}', columns)
    described = _json(f'{model}/{DESCRIPTION}')
    return render(card(terms, judged, kept, described, _json(f'{model}/{TRAINING}'), at))


def _kept(path: str, columns: list[str]) -> KeptRows | None:
    if not fileio.exists(path):
        return None
    with fileio.open(path, 'rb') as file:
        return read(pa.py_buffer(file.read()), columns)


def _json(path: str) -> Mapping[str, Any]:
    if not fileio.exists(path):
        return {}
    with fileio.open(path, 'rb') as file:
        return dict(json.loads(file.read()))

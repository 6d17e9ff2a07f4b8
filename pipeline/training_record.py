"""What the Trainer leaves beside a model, read into a run's record."""

import json
from pathlib import Path

from pipeline.records import TrainingRecord

HISTORY_FILE, CURVES_FILE, RATE_CURVE_FILE = 'history.json', 'curves.png', 'learning_rate.png'
"""As models/trainer.py names them."""


def training_in(folder: Path) -> TrainingRecord:
    """Read what a `model_run` artifact says about a training."""
    history = json.loads((folder / HISTORY_FILE).read_text(encoding='utf-8'))
    pictures = {
        key: str(folder / name)
        for key, name in (('curves', CURVES_FILE), ('rate_curve', RATE_CURVE_FILE))
        if (folder / name).is_file()
    }
    return TrainingRecord.model_validate(
        history | {'epochs': len(history['epochs']), 'events': str(folder)} | pictures
    )

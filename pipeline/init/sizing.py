"""Model, training and splits that suit a number of rows."""

from components.query_example_gen.settings import Split
from models.settings import EarlyStopping, Training, WideDeep

ROWS_FOR_TENTHS = 1_000
"""Rows from which a tenth of them is enough to judge a model by."""


def model_for(rows: int) -> WideDeep:
    """Return a model that many rows can train: smaller and with dropout if they are few."""
    if rows < 2_000:
        return WideDeep(hidden=(32, 16), dropout=0.1)
    if rows < 20_000:
        return WideDeep(hidden=(64, 32), dropout=0.1)
    return WideDeep(hidden=(64, 32))


def training_for(rows: int) -> Training:
    """Return batches that make some tens of steps per epoch, and epochs enough to stop early."""
    if rows < 2_000:
        patience = EarlyStopping(patience=10)
        return Training(epochs=100, batch_size=32 if rows >= 500 else 16, early_stopping=patience)
    if rows < 20_000:
        return Training(epochs=40, batch_size=128, early_stopping=EarlyStopping(patience=5))
    if rows < 1_000_000:
        return Training(epochs=15, batch_size=512)
    return Training(epochs=5, batch_size=2048)


def split_for(rows: int) -> Split:
    """Return the shares of the splits: larger ones to judge by, if rows are few."""
    return Split() if rows >= ROWS_FOR_TENTHS else Split(into={'train': 6, 'eval': 2, 'test': 2})

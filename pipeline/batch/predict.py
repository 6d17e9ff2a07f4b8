"""Rows through a model: read, predicted and written side by side, in their order."""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from pipeline.batch.errors import BatchError
from pipeline.batch.pictures import SUFFIXES, PictureSource, pictures_in
from pipeline.batch.predictions import columns_of
from pipeline.batch.rows import Batch, Fault, Source
from pipeline.batch.tables import TableSource
from pipeline.batch.writers import Output
from serving.saved_model import LoadedModel, PredictError, Signature
from serving.versions import versions_in

AHEAD = 2
"""Batches that are read ahead; memory is bounded by these."""

REPORT_SECONDS = 0.25

MOST_FAULTS = 1000
"""Rows that the model itself may refuse before it is taken to be at fault."""

progress = logging.getLogger('sluice.progress')
_T = TypeVar('_T')


@dataclass(frozen=True)
class Predicted:
    """What came of it.

    Attributes:
        rows: rows that were predicted.
        faults: rows that were not.
        seconds: from the first row read to the last written.
        output: the file with the predictions.
        errors: the file with the rows that were not predicted; None without any.
    """

    rows: int
    faults: int
    seconds: float
    output: Path
    errors: Path | None


def load(path: Path) -> LoadedModel:
    """Load a SavedModel.

    Raises:
        LoadError: It can't be.
    """
    return LoadedModel(path.name, versions_in(path)[-1])


def predict(model: LoadedModel, given: str, output: Path) -> Predicted:
    """Predict all rows of a source.

    Args:
        model: the model; `serving_default`, or else its first signature, is called.
        given: table, folder, glob or picture.
        output: file to write; its name says the format.

    Raises:
        BatchError: The source can't be read, the file can't be written, or the model refuses
            most of the rows.
    """
    if output.exists() and Path(given).exists() and output.samefile(given):
        raise BatchError(f'{output}: is what is read; choose another --output')
    signature = model.signatures[model.default_signature]
    with Output(output) as written, _open(signature, given, written.is_typed) as source:
        return _predict(model, signature, source, written)


def _open(signature: Signature, given: str, typed: bool) -> TableSource | PictureSource:
    if signature.picture:
        return pictures_in(given, signature.picture.name)
    path = Path(given)
    if path.is_file() and path.suffix.lower() in SUFFIXES:
        names = ', '.join(sorted(signature.inputs))
        raise BatchError(f'{given}: is a picture, but the model takes columns: {names}')
    return TableSource(given, signature.inputs, typed)


def _predict(
    model: LoadedModel, signature: Signature, source: Source, written: Output
) -> Predicted:
    started = reported = time.monotonic()
    faults: list[Fault] = []
    rows = 0
    with ThreadPoolExecutor(1) as writing:
        pending = writing.submit(lambda: None)
        for batch in _ahead(source.batches()):
            outputs, good, refused = _call(model, signature, batch)
            faults += [*batch.faults, *refused]
            table = batch.kept if good is None else batch.kept.filter(pa.array(good))
            pending.result()  # raises what the writer did
            if len(table):
                pending = writing.submit(_append, written, table, outputs)
            rows += len(table)
            if (now := time.monotonic()) - reported > REPORT_SECONDS:
                reported = now
                _report(rows, source.total, now - started)
        pending.result()
    if late := source.late_faults():
        faults = _renumbered(faults, late)
    if not rows:
        why = f'; the first: row {faults[0].row}, {faults[0].reason}' if faults else ''
        raise BatchError(f'no row could be predicted, of {len(faults):,}{why}')
    written.finish(faults)
    seconds = time.monotonic() - started
    _report(rows, source.total, seconds)
    return Predicted(rows, len(faults), seconds, written.path, written.errors if faults else None)


def _append(written: Output, table: pa.Table, outputs: dict[str, np.ndarray]) -> None:
    for name, column in columns_of(outputs, table.column_names).items():
        table = table.append_column(name, column)
    written.write(table)


def _call(
    model: LoadedModel, signature: Signature, batch: Batch
) -> tuple[dict[str, np.ndarray], np.ndarray | None, list[Fault]]:
    """Predict a batch; if the model refuses it, find the rows that it refuses.

    Returns:
        Outputs of the good rows; which rows those are, None for all; and faults of the others.
    """
    if not len(batch.kept):
        return {}, None, []
    try:
        return model.predict(signature.name, batch.inputs), None, []
    except PredictError:
        reasons: dict[int, str] = {}
        _search(model, signature, batch.inputs, np.arange(len(batch.kept)), reasons)
    good = np.array([i not in reasons for i in range(len(batch.kept))])
    faults = [
        Fault(int(batch.numbers[i]), reason, batch.kept.slice(i, 1).to_pylist()[0])
        for i, reason in sorted(reasons.items())
    ]
    if not good.any():
        return {}, good, faults
    kept = {name: values[good] for name, values in batch.inputs.items()}
    return model.predict(signature.name, kept), good, faults


def _search(
    model: LoadedModel,
    signature: Signature,
    inputs: dict[str, np.ndarray],
    rows: np.ndarray,
    reasons: dict[int, str],
) -> None:
    """Halve rows that are refused until each that is at fault stands alone."""
    try:
        model.predict(signature.name, {name: values[rows] for name, values in inputs.items()})
    except PredictError as error:
        if len(reasons) > MOST_FAULTS:
            raise BatchError(f'the model refuses more than {MOST_FAULTS:,} rows: {error}') from None
        if len(rows) == 1:
            reasons[int(rows[0])] = str(error)
            return
        middle = len(rows) // 2
        _search(model, signature, inputs, rows[:middle], reasons)
        _search(model, signature, inputs, rows[middle:], reasons)


def _renumbered(faults: list[Fault], late: list[Fault]) -> list[Fault]:
    """Count the lines that were no rows, which come with their line, among the rows."""
    lines = [fault.row - 1 for fault in late]  # after the header, as the others are counted
    moved = []
    for fault in faults:
        row = fault.row
        for line in lines:
            row += line <= row
        moved.append(Fault(row, fault.reason, fault.given))
    apart = [Fault(f.row - 1, f.reason, f.given) for f in late]
    return sorted([*moved, *apart], key=lambda fault: fault.row)


def _report(rows: int, total: int | None, seconds: float) -> None:
    rate = f'{rows / max(seconds, 1e-9):,.0f} rows/s'
    left = (total - rows) * seconds / max(rows, 1) if total else None
    counted = {
        'done': rows,
        'total': total,
        'unit': f'{rate} · row' if total else f'rows · {rate}',
        'seconds_left': left,
    }
    progress.info('%s rows, %s', f'{rows:,}', rate, extra={'progress': counted})


def _ahead(items: Iterator[_T]) -> Iterator[_T]:
    """Read on in another thread while what was read is worked on."""
    waiting: queue.Queue[tuple[bool, object]] = queue.Queue(AHEAD)
    stopped = threading.Event()

    def put(is_item: bool, value: object) -> bool:
        while not stopped.is_set():
            try:
                waiting.put((is_item, value), timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for item in items:
                if not put(True, item):
                    return
            put(False, None)
        except BaseException as error:
            put(False, error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while True:
            is_item, value = waiting.get()
            if is_item:
                yield value  # type: ignore[misc]
            elif value is None:
                return
            else:
                assert isinstance(value, BaseException)
                raise value
    finally:
        stopped.set()
        thread.join()

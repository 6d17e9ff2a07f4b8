"""Ingest: every picture read once, checked, split and written."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from components.image_example_gen.columns import HEIGHT, IMAGE, WIDTH
from components.image_example_gen.copies import Copies
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import SPLIT, Listing, Refusal
from components.image_example_gen.opening import quiet
from components.image_example_gen.reading import Read, read_all
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures
from components.image_example_gen.splits import Splitter
from components.query_example_gen.examples import encode
from components.query_example_gen.writer import SplitWriter

REFUSED_FILE = 'refused.jsonl'
"""Lists the pictures that are left out: `uri`, `label`, `reason`."""

SHOWN = 5
"""Refused pictures that a message shows."""

BATCH = 512
BATCH_BYTES = 32 * 2**20
"""Pictures that are encoded and written at a time: whichever is reached first."""


@dataclass
class Written:
    """What was written.

    Attributes:
        rows: Pictures by split.
        refused: Those that were left out.
        notes: What else a person should know, in a line each.
    """

    rows: dict[str, int]
    refused: list[Refusal]
    notes: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return it short: of the refused, their number and the first."""
        first = [refusal._asdict() for refusal in self.refused[:SHOWN]]
        refused = {'count': len(self.refused), 'first': first, 'list': REFUSED_FILE}
        return {'rows': self.rows, 'refused': refused, 'notes': self.notes}


def write_examples(data: ImageData, folder: Path, stopped: Path) -> Written:
    """Read the pictures of a recipe, and write them to `Split-<name>` under a folder.

    Memory is bounded by the listing, some hundred bytes a picture, and by a batch of pictures.
    Pictures come in an order that mixes the classes, the same every time.

    Args:
        data: Where the pictures are, and how they are split.
        folder: Where the examples go, and the lists of pictures that were refused, or are copies.
        stopped: File that gets the list of the refused if they are too many.

    Raises:
        PicturesError: There are none, a split has none, or more than `data.max_bad_fraction` can't
            be read.
        QueryError: The disk is full, or the folder cannot be written.
    """
    listing = list_pictures(data)
    splitter = Splitter(data.split, listing.table)
    copies = Copies(len(listing.table))
    refused = list(listing.refused)
    with SplitWriter(folder, splitter.names, small_already=True) as writer, quiet():
        for batch in _batches(read_all(listing, data.shrink)):
            refused += _refusals(listing, batch)
            kept = [read for read in batch if read.picture]
            if not kept:
                continue
            rows = np.array([read.row for read in kept])
            contents = np.array([read.content for read in kept], np.int64)
            known = listing.table.take(pa.array(rows)).combine_chunks().to_batches()[0]
            splits = splitter.assign(known, contents)
            writer.write(encode(_with_pictures(known, kept, data)), splits)
            copies.add(rows, contents, splits)
        refused.sort(key=lambda refusal: (refusal.uri, refusal.reason))
        stopped.unlink(missing_ok=True)
        _check(refused, len(listing.table) + len(listing.refused), data, stopped)
        _check_splits(writer.rows)
    _write_list(refused, folder / REFUSED_FILE)
    notes = [
        *listing.notes,
        *splitter.notes,
        *copies.write(listing.table, splitter.names, folder),
    ]
    return Written(dict(writer.rows), refused, notes)


def _batches(pictures: Iterable[Read]) -> Iterator[list[Read]]:
    batch: list[Read] = []
    size = 0
    for read in pictures:
        batch.append(read)
        size += len(read.picture.encoded) if read.picture else 0
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _with_pictures(known: pa.RecordBatch, kept: Sequence[Read], data: ImageData) -> pa.RecordBatch:
    """Put the pictures beside what the listing knows of them, without what names the split."""
    pictures = [read.picture for read in kept if read.picture]
    left_out = [n for n in (SPLIT, data.split.column) if n and n in known.schema.names]
    return (
        known.drop_columns(list(dict.fromkeys(left_out)))
        .append_column(IMAGE, pa.array([p.encoded for p in pictures], pa.binary()))
        .append_column(HEIGHT, pa.array([p.height for p in pictures], pa.int64()))
        .append_column(WIDTH, pa.array([p.width for p in pictures], pa.int64()))
    )


def _refusals(listing: Listing, batch: Sequence[Read]) -> Iterator[Refusal]:
    for read in batch:
        if not read.picture:
            row = listing.table.slice(read.row, 1).to_pylist()[0]
            yield Refusal(row['uri'], row['label'], read.reason)


def _write_list(refused: Sequence[Refusal], file: Path) -> None:
    if refused:
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(r._asdict(), ensure_ascii=False) + '\n' for r in refused)
        file.write_text(''.join(lines), encoding='utf-8')


def _check(refused: Sequence[Refusal], total: int, data: ImageData, stopped: Path) -> None:
    """Stop if more pictures were refused than may be."""
    fraction = data.max_bad_fraction
    allowed = max(int(fraction * total), 1 if fraction else 0)
    if len(refused) <= allowed:
        return
    _write_list(refused, stopped)
    first = '; '.join(f'{r.uri} {r.reason}' for r in refused[:SHOWN])
    raise PicturesError(
        f'data.max_bad_fraction: {len(refused):,} of {total:,} pictures cannot be used, where '
        f'{fraction:g} allows {allowed:,}: {first}; all are in {stopped}. Mend or remove '
        'them, or raise data.max_bad_fraction'
    )


def _check_splits(rows: dict[str, int]) -> None:
    if not any(rows.values()):
        raise PicturesError('data.images: there is no picture that can be read')
    if empty := [name for name, n in rows.items() if not n]:
        counts = ', '.join(f'{name} {n:,}' for name, n in rows.items())
        raise PicturesError(
            f'data.split: no pictures in split {empty[0]} ({counts}); give it a larger share in '
            'data.split.into, or leave it out there'
        )

"""Small copies of the pictures that a model is most wrong about, to be put into the page."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PIL import Image, UnidentifiedImageError
from tfx.types import Artifact

from components.image_example_gen.columns import IMAGE
from components.report.numbers.rows import Rows

SIDE = 112
"""Longest side in pixels."""

QUALITY = 72
MOST_BYTES = 400_000
"""Of all together, as they are in the page."""

FAR = 200_000
"""Records that are read over, at most, to reach the pictures of rows."""


def with_thumbnails(
    shown: Sequence[Mapping[str, Any]], rows: Rows, examples: Artifact, split: str
) -> list[dict[str, Any]]:
    """Add `picture`, a data URI, to rows that have one; others come back as they are.

    Args:
        shown: Rows, by their position `row` in the split.
        rows: Says whether there are pictures.
        examples: Where they are.
        split: The split of the rows.
    """
    if IMAGE not in rows.about.left_out or not shown:
        return [dict(s) for s in shown]
    wanted = {s['row'] for s in shown if s['row'] < FAR}
    found = dict(_read(wanted, examples, split))
    result, size = [], 0
    for own in shown:
        uri = thumbnail(found[own['row']]) if own['row'] in found else None
        size += len(uri or '')
        result.append({**own, 'picture': uri if size <= MOST_BYTES else None})
    return result


def thumbnail(encoded: bytes) -> str | None:
    """Return a small copy of an encoded picture as a data URI; None if it can't be read."""
    try:
        with Image.open(io.BytesIO(encoded)) as picture:
            small = picture.convert('RGB')
            if max(small.size) < SIDE // 2:
                scale = SIDE // max(small.size)
                small = small.resize(
                    (small.width * scale, small.height * scale), Image.Resampling.NEAREST
                )
            small.thumbnail((SIDE, SIDE))
            out = io.BytesIO()
            small.save(out, 'JPEG', quality=QUALITY, optimize=True)
    except (UnidentifiedImageError, OSError):
        return None
    return f'data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode()}'


def _read(wanted: set[int], examples: Artifact, split: str) -> Iterable[tuple[int, bytes]]:
    """Yield the encoded pictures of rows, by their positions."""
    if not wanted:
        return
    from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

    from components.example_batches import example_files, read_records

    last, start = max(wanted), 0
    decoder = ExamplesToRecordBatchDecoder()
    for batch in read_records(example_files(examples, split), 256):
        own = [i for i in range(len(batch)) if start + i in wanted]
        if own:
            column = decoder.DecodeBatch([batch[i] for i in own]).column(IMAGE)
            for i, values in zip(own, column.to_pylist(), strict=True):
                if values:
                    yield start + i, values[0]
        start += len(batch)
        if start > last:
            return

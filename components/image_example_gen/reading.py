"""Pictures read on all cores, in a fixed order, with progress."""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import farmhash
import numpy as np

from components.image_example_gen.errors import UnreadableError
from components.image_example_gen.listing import Listing
from components.image_example_gen.picture import Picture, of_pixels, read_picture

TASK = 8
"""Pictures that a thread takes at a time: small ones cost more to hand over than to read."""

REMOTE_READERS = 16
"""Pictures that are read at a time where that waits for a network."""

PROGRESS_SECONDS = 0.25
"""Shortest time between two reports."""

progress = logging.getLogger('sluice.progress')


class Read(NamedTuple):
    """A picture that was read, or why not; `content` is a fingerprint of its original bytes."""

    row: int
    content: int
    picture: Picture | None
    reason: str = ''


def read_all(listing: Listing, shrink: int | None) -> Iterator[Read]:
    """Read the pictures of a listing on all cores, a few at a time each, a few ahead.

    Args:
        listing: Where they are.
        shrink: Longest side in pixels, if larger pictures are to be made smaller.

    Yields:
        Pictures in an order that mixes the classes, the same every time.
    """
    total = len(listing.table)
    order = np.random.default_rng(0).permutation(total).tolist()
    workers = REMOTE_READERS if listing.remote else len(os.sched_getaffinity(0))
    size = 1 if listing.remote else TASK
    tasks = (order[i : i + size] for i in range(0, total, size))
    report = _Reports(total)
    done = 0

    def read(rows: Sequence[int]) -> list[Read]:
        return [_read(listing, row, shrink) for row in rows]

    with ThreadPoolExecutor(workers) as pool:
        try:
            for found in _in_order(pool, read, tasks, 3 * workers):
                done += len(found)
                report(done)
                yield from found
        finally:
            pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor,
    read: Callable[[Sequence[int]], list[Read]],
    tasks: Iterable[Sequence[int]],
    ahead: int,
) -> Iterator[list[Read]]:
    waiting: deque[Future[list[Read]]] = deque()
    for rows in tasks:
        waiting.append(pool.submit(read, rows))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _read(listing: Listing, row: int, shrink: int | None) -> Read:
    try:
        original = listing.read(row)
        if isinstance(original, np.ndarray):
            return Read(row, _fingerprint(original.tobytes()), of_pixels(original, shrink))
        return Read(row, _fingerprint(original), read_picture(original, shrink))
    except UnreadableError as error:
        return Read(row, 0, None, str(error))


def _fingerprint(content: bytes) -> int:
    """Return BigQuery's FARM_FINGERPRINT of bytes: the same as a signed int64."""
    unsigned = farmhash.fingerprint64(content)
    return unsigned - (1 << 64) if unsigned >> 63 else unsigned


class _Reports:
    """Tells how far it is, a few times a second."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = self._last = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._last < PROGRESS_SECONDS and done < self._total:
            return
        self._last = now
        rate = done / max(now - self._started, 1e-6)
        counted = {
            'done': done,
            'total': self._total,
            'unit': 'pictures',
            'rate': round(rate, 1),
            'seconds_left': (self._total - done) / rate,
        }
        progress.info('%s pictures', f'{done:,}', extra={'progress': counted})

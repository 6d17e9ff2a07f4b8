"""Importing much, quickly."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import without collecting garbage: TFX makes millions of objects, and none of them is any.

    Looking for it takes a quarter of the time. Afterwards, too, what was imported is left out
    of the search, which also keeps its memory shared with forked workers.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()

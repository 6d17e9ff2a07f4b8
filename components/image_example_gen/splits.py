"""Which split each picture goes to: as its folder or column says, or else by its content."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.image_example_gen.columns import IMAGE
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import SPLIT
from components.query_example_gen import splits as of_rows
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import Split

CONTENT = Split(by=(IMAGE,))
"""By content alone; the column holds the content's fingerprint, so copies are never parted."""


class Splitter:
    """Assigns pictures to the splits of a recipe.

    Where folders or a column `split` name splits, those hold. A split that none of them names is
    taken out of `train`, in its share.
    """

    def __init__(self, split: Split, table: pa.Table) -> None:
        """Hold the settings against a listing.

        Args:
            split: The settings.
            table: The listing's table.

        Raises:
            PicturesError: They name a column that is not there, or the pictures a split that
                the settings don't have.
        """
        self.names = split.names
        self.notes: list[str] = []
        self._split = split
        self._held_out: Split | None = None
        known = [IMAGE, *table.column_names]
        for name in split.columns:
            if name not in known:
                key = 'data.split.column' if split.column else 'data.split.by'
                raise PicturesError(f'{key}: {name} is no column; there are {", ".join(known)}')
        if split.column or split.by or SPLIT not in table.column_names:
            return
        found = _named(table[SPLIT], self.names)
        missing = {name: n for name, n in split.into.items() if name not in found}
        if not missing:
            return
        self._held_out = Split(by=(IMAGE,), into={'train': split.into['train'], **missing})
        whole = sum(self._held_out.into.values())
        shares = ' and '.join(f'{n}/{whole} of it for {name}' for name, n in missing.items())
        self.notes.append(f'of train, pictures are held out, chosen by content: {shares}')

    def assign(self, batch: pa.RecordBatch, contents: np.ndarray) -> np.ndarray:
        """Return the index in `names` of each picture's split, int `[pictures]`.

        Args:
            batch: Rows of the listing's table.
            contents: Fingerprints of the pictures' contents, int64 `[pictures]`.

        Raises:
            PicturesError: The column that names splits holds something else.
        """
        batch = batch.append_column(IMAGE, pa.array(contents))
        try:
            if self._split.column or self._split.by:
                return of_rows.assign(batch, self._split)
            if SPLIT in batch.schema.names:
                return self._as_named(batch)
            return of_rows.assign(batch, CONTENT.model_copy(update={'into': self._split.into}))
        except QueryError as error:
            raise PicturesError(str(error)) from None

    def _as_named(self, batch: pa.RecordBatch) -> np.ndarray:
        named = pc.index_in(batch.column(SPLIT), pa.array(self.names)).to_numpy().copy()
        if self._held_out:
            names = tuple(self._held_out.into)
            places = np.array([self.names.index(name) for name in names])
            train = named == self.names.index('train')
            named[train] = places[of_rows.assign(batch, self._held_out)][train]
        return named


def _named(column: pa.ChunkedArray, names: Sequence[str]) -> list[str]:
    found = column.unique().to_pylist()
    for name in found:
        if name not in names:
            shown = 'nothing' if name is None else repr(name)
            raise PicturesError(
                f'data.split.into: pictures are said to be of split {shown}; there are '
                f'{", ".join(names)}. Name it in data.split.into, or give data.split.column and '
                'values'
            )
    if 'train' not in found:
        raise PicturesError(
            f'data.images: no picture is said to be of split train, only of {", ".join(found)}'
        )
    return found

"""Which split each picture goes to: as its folder or column says, or else by its content."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from components.image_example_gen.columns import IMAGE, LABEL
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import SPLIT
from components.image_example_gen.split_names import split_meant
from components.query_example_gen import splits as of_rows
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import Split


class Splitter:
    """Assigns pictures to the splits of a recipe.

    Where folders or a column `split` name splits, those hold; a split that none of them names is
    taken out of `train`, in its share. Otherwise pictures are split by content, that is by the
    fingerprint of their bytes, which stands in the column `image`: copies are never parted.

    Attributes:
        names: Names of the splits.
        notes: What a person should know, in a line each.
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
        self._table = table
        self._split = split
        self._named: Mapping[str, int] = {}
        self._held_out: Split | None = None
        known = [IMAGE, *table.column_names]
        for name in split.columns:
            if name not in known:
                key = 'data.split.column' if split.column else 'data.split.by'
                raise PicturesError(f'{key}: {name} is no column; there are {", ".join(known)}')
        if split.column or split.by:
            return
        if SPLIT in table.column_names:
            self._take_names(table[SPLIT].unique().to_pylist())
        else:
            self._split = Split(by=(IMAGE,), into=split.into)

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
            if not self._named:
                return of_rows.assign(batch, self._split)
            named = np.array([self._named[name] for name in batch.column(SPLIT).to_pylist()])
            if self._held_out:
                places = np.array([self.names.index(name) for name in self._held_out.into])
                train = named == self.names.index('train')
                named[train] = places[of_rows.assign(batch, self._held_out)][train]
            return named
        except QueryError as error:
            raise PicturesError(str(error)) from None

    def counts(self) -> dict[str, dict[str, int]]:
        """Return pictures by split and class; under '' those that are split by content."""
        counts: dict[str, dict[str, int]] = {}
        columns = [LABEL, *([SPLIT] if self._named else [])]
        grouped = self._table.group_by(columns).aggregate([([], 'count_all')])
        for row in sorted(grouped.to_pylist(), key=lambda row: str(row[LABEL])):
            split = self.names[self._named[row[SPLIT]]] if self._named else ''
            of_split = counts.setdefault(split, {})
            of_split[row[LABEL]] = of_split.get(row[LABEL], 0) + row['count_all']
        return {s: counts[s] for s in (*self.names, '') if s in counts}

    def _take_names(self, found: list[str | None]) -> None:
        """Take splits as they are named, and the rest out of train."""
        named = {}
        for name in found:
            meant = name if name in self.names else split_meant(name or '')
            if meant not in self.names:
                raise PicturesError(
                    f'data.split: pictures are said to be of split {name!r}; data.split.into names '
                    f'{", ".join(self.names)}. Add it there, or give data.split.column and values'
                )
            named[str(name)] = self.names.index(str(meant))
        if self.names.index('train') not in named.values():
            raise PicturesError(
                f'data.images: no picture is said to be of split train, only of {", ".join(named)}'
            )
        self._named = named
        into = self._split.into
        missing = {n: into[n] for i, n in enumerate(self.names) if i not in named.values()}
        if missing:
            self._held_out = Split(by=(IMAGE,), into={'train': into['train'], **missing})
            whole = sum(self._held_out.into.values())
            shares = ' and '.join(f'{n}/{whole} of it for {name}' for name, n in missing.items())
            self.notes.append(f'of train, pictures are held out, chosen by content: {shares}')

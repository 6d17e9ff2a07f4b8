"""Pictures that are copies of others, byte for byte, where that matters."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from components.image_example_gen.columns import LABEL, URI

COPIES_FILE = 'copies.jsonl'
"""Lists copies in several classes or splits: `uri`, `label`, `split`, and `content`, the same."""


class Copy(NamedTuple):
    """A picture that has copies."""

    uri: str
    label: str
    split: str
    content: str


class Copies:
    """Finds pictures whose copies are of another class, or in another split.

    All are kept: which label is right, only a person can say.
    """

    def __init__(self, pictures: int) -> None:
        self._contents = np.zeros(pictures, np.int64)
        self._splits = np.full(pictures, -1, np.int8)

    def add(self, rows: np.ndarray, contents: np.ndarray, splits: np.ndarray) -> None:
        """Take in pictures that are kept.

        Args:
            rows: `[pictures]` rows of the listing.
            contents: `[pictures]` fingerprints of their contents, int64.
            splits: `[pictures]` indices of their splits.
        """
        self._contents[rows] = contents
        self._splits[rows] = splits

    def write(self, table: pa.Table, names: Sequence[str], folder: Path) -> list[str]:
        """Write the list of copies that matter, if there are any, and say so in a line each.

        Args:
            table: The listing's table.
            names: Names of the splits.
            folder: Where the list goes.
        """
        groups = list(self._groups(table, names))
        mixed = [group for group in groups if len({copy.label for copy in group}) > 1]
        parted = [group for group in groups if len({copy.split for copy in group}) > 1]
        listed = dict.fromkeys(copy for group in (*mixed, *parted) for copy in group)
        if listed:
            lines = (json.dumps(c._asdict(), ensure_ascii=False) + '\n' for c in listed)
            (folder / COPIES_FILE).write_text(''.join(lines), encoding='utf-8')
        return [*_note('classes', 'label', mixed), *_note('splits', 'split', parted)]

    def _groups(self, table: pa.Table, names: Sequence[str]) -> Iterator[list[Copy]]:
        """Yield pictures of the same content, where there are several, in the listing's order."""
        kept = np.flatnonzero(self._splits >= 0)
        order = kept[np.argsort(self._contents[kept], kind='stable')]
        contents = self._contents[order]
        for rows in np.split(order, np.flatnonzero(contents[1:] != contents[:-1]) + 1):
            if len(rows) > 1:
                found = table.select([URI, LABEL]).take(pa.array(rows)).to_pylist()
                splits = [names[i] for i in self._splits[rows]]
                content = f'{int(self._contents[rows[0]]) % (1 << 64):016x}'
                yield [
                    Copy(one[URI], one[LABEL], split, content)
                    for one, split in zip(found, splits, strict=True)
                ]


def _note(what: str, attribute: str, groups: Sequence[Sequence[Copy]]) -> list[str]:
    """Say how many pictures have copies that differ in an attribute, and show two of those."""
    if not groups:
        return []
    are = 'pictures are' if len(groups) > 1 else 'picture is'
    shown = {getattr(copy, attribute): copy.uri for copy in groups[0]}
    two = ' and '.join(f'{uri} ({value})' for value, uri in list(shown.items())[:2])
    return [
        f'{len(groups):,} {are} in several {what}, such as {two}; all copies are kept, and listed '
        f'in {COPIES_FILE}'
    ]

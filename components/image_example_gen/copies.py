"""Pictures that are copies of others, byte for byte, where that matters."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.image_example_gen.columns import LABEL, URI

COPIES_FILE = 'copies.jsonl'
"""Lists copies in several classes or splits: `uri`, `label`, `split`, and `content`, the same."""


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

    def write(self, table: pa.Table, names: tuple[str, ...], folder: Path) -> list[str]:
        """Write the list of copies that matter, if there are any, and say so in a line each.

        Args:
            table: The listing's table.
            names: Names of the splits.
            folder: Where the list goes.
        """
        kept = np.flatnonzero(self._splits >= 0)
        order = kept[np.argsort(self._contents[kept], kind='stable')]
        contents = self._contents[order]
        same = contents[1:] == contents[:-1]
        member = np.concatenate(([False], same)) | np.concatenate((same, [False]))
        rows = order[member]
        if not len(rows):
            return []
        labels = np.array(table[LABEL].take(pa.array(rows)).to_pylist(), object)
        uris = table[URI].take(pa.array(rows)).to_pylist()
        splits = self._splits[rows]
        starts = np.flatnonzero(np.diff(self._contents[rows], prepend=self._contents[rows[0]] - 1))
        listed: list[dict[str, str]] = []
        mixed, parted = [], []
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            group = range(start, end)
            in_classes = len(set(labels[start:end])) > 1
            in_splits = len(set(splits[start:end])) > 1
            if in_classes:
                mixed.append([f'{uris[i]} ({labels[i]})' for i in group])
            if in_splits:
                parted.append([f'{uris[i]} ({names[splits[i]]})' for i in group])
            if in_classes or in_splits:
                listed += [
                    {
                        'uri': uris[i],
                        'label': labels[i],
                        'split': names[splits[i]],
                        'content': f'{self._contents[rows[i]] & (1 << 64) - 1:016x}',
                    }
                    for i in group
                ]
        if listed:
            lines = (json.dumps(copy, ensure_ascii=False) + '\n' for copy in listed)
            (folder / COPIES_FILE).write_text(''.join(lines), encoding='utf-8')
        return [
            f'{len(groups):,} pictures are in several {what}, such as '
            f'{" and ".join(groups[0][:2])}; all are kept, and listed in {COPIES_FILE}'
            for what, groups in (('classes', mixed), ('splits', parted))
            if groups
        ]

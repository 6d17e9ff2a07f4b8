"""IDX files, as MNIST and Fashion-MNIST come: all pictures in one file, all labels in another.

Format: https://web.archive.org/web/20220509025752/http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import re
import zlib
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from components.image_example_gen.errors import PicturesError, UnreadableError
from components.image_example_gen.listing import Listing, table_of
from components.image_example_gen.local_files import File, Tree
from components.image_example_gen.split_names import split_meant

_IMAGES = re.compile(r'((?P<of>.+)[-_.])?images[-.]idx(?P<dims>[34])-ubyte(\.gz)?')
_UBYTE = 0x08
"""Type code of unsigned bytes."""


class _Pair(NamedTuple):
    """The files of some pictures, and what stands before their names."""

    of: str
    images: File
    labels: File


def has_idx(tree: Tree) -> bool:
    """Whether a folder holds pictures as IDX files."""
    return any(_IMAGES.fullmatch(file.path) for file in tree.files)


def list_idx(root: str, tree: Tree, read: Callable[[str], bytes]) -> Listing:
    """List the pictures of a folder's IDX files; the files' names may tell the splits.

    Labels are read here, pictures when the first of a file is asked for.

    Args:
        root: The folder, for people and for `uri`.
        tree: What is in it.
        read: Reads the file at a path in it.

    Raises:
        PicturesError: A file is missing, damaged, or no such thing.
    """
    pairs = _pairs(root, tree)
    labels = [_array(root, pair.labels.path, read) for pair in pairs]
    sizes = [len(values) for values in labels]
    starts = np.cumsum([0, *sizes])
    lock = Lock()

    @cache
    def images(index: int) -> np.ndarray:
        pair = pairs[index]
        return _checked(root, pair, _array(root, pair.images.path, read), labels[index])

    def pixels(row: int) -> np.ndarray:
        index = int(np.searchsorted(starts, row, side='right')) - 1
        with lock:  # or several threads would read the file
            found = images(index)
        picture: np.ndarray = found[row - starts[index]]
        return picture

    splits = [_split(pair.of) for pair in pairs]
    return Listing(
        table=_table(root, pairs, labels, splits if all(splits) else []),
        read=pixels,
        stamps=lambda: [
            f'{pair.images.stamp} {pair.labels.stamp}'
            for pair, size in zip(pairs, sizes, strict=True)
            for _ in range(size)
        ],
    )


def _pairs(root: str, tree: Tree) -> list[_Pair]:
    by_path = {file.path: file for file in tree.files}
    pairs = []
    for path, images in by_path.items():
        if not (match := _IMAGES.fullmatch(path)):
            continue
        name = path.replace('images', 'labels').replace(f'idx{match["dims"]}', 'idx1')
        bare = name.removesuffix('.gz')
        labels = by_path.get(bare) or by_path.get(f'{bare}.gz')
        if labels is None:
            raise PicturesError(f'data.images: {root}/{path}: there is no {name} with its labels')
        pairs.append(_Pair(match['of'] or '', images, labels))
    return pairs


def _split(of: str) -> str | None:
    """Return the split that files are of by their name: `t10k` is what MNIST calls its test."""
    last = re.split(r'[-_.]', of)[-1]
    return 'test' if last == 't10k' else split_meant(last)


def _table(
    root: str, pairs: list[_Pair], labels: list[np.ndarray], splits: list[str | None]
) -> pa.Table:
    uris = [
        f'{root}/{pair.images.path}#{i}'
        for pair, values in zip(pairs, labels, strict=True)
        for i in range(len(values))
    ]
    named = [
        str(split)
        for split, values in zip(splits, labels, strict=False)
        for _ in range(len(values))
    ]
    return table_of(uris, [str(n) for values in labels for n in values], named)


def _checked(root: str, pair: _Pair, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    where = f'data.images: {root}/{pair.images.path}'
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise PicturesError(f'{where}: holds an array {list(images.shape)}; expected pictures')
    if len(images) != len(labels):
        raise PicturesError(
            f'{where}: holds {len(images):,} pictures; {pair.labels.path} holds {len(labels):,} '
            'labels'
        )
    return images


def _array(root: str, path: str, read: Callable[[str], bytes]) -> np.ndarray:
    """Read an IDX file of unsigned bytes."""
    where = f'data.images: {root}/{path}'
    try:
        data = read(path)
        data = gzip.decompress(data) if data[:2] == b'\x1f\x8b' else data
    except UnreadableError as error:
        raise PicturesError(f'{where}: {error}') from None
    except (OSError, EOFError, zlib.error) as error:
        raise PicturesError(f'{where}: is damaged: {error}') from None
    if len(data) < 4 or data[:2] != b'\0\0' or data[2] != _UBYTE:
        raise PicturesError(f'{where}: is no IDX file of bytes: it begins with {data[:4]!r}')
    start = 4 + 4 * data[3]
    shape = np.frombuffer(data[4:start], '>i4')
    size = int(np.prod(shape, dtype=np.int64))
    if len(data) - start != size:
        raise PicturesError(
            f'{where}: holds {len(data) - start:,} bytes where its head says {size:,}; is it '
            'truncated?'
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)

"""IDX files, as MNIST comes."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from components.image_example_gen.check import look
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import Listing
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures

IMAGES = np.random.default_rng(0).integers(0, 256, (9, 5, 4)).astype(np.uint8)
LABELS = np.arange(9, dtype=np.uint8) % 3


def idx(values: np.ndarray) -> bytes:
    return struct.pack(f'>HBB{values.ndim}i', 0, 8, values.ndim, *values.shape) + values.tobytes()


def write(folder: Path, of: str, ending: str = '-idx{}-ubyte.gz', n: int = 9) -> None:
    for name, values in (('images', IMAGES[:n]), ('labels', LABELS[:n])):
        data = idx(values)
        file = folder / f'{of}{name}{ending.format(values.ndim)}'
        file.write_bytes(gzip.compress(data) if ending.endswith('gz') else data)


def listed(folder: Path) -> Listing:
    return list_pictures(ImageData(images=str(folder)))


@pytest.mark.parametrize('ending', ['-idx{}-ubyte.gz', '-idx{}-ubyte', '.idx{}-ubyte'])
def test_files_as_of_mnist(tmp_path: Path, ending: str) -> None:
    write(tmp_path, 'train-', ending)
    write(tmp_path, 't10k-', ending, n=4)
    listing = listed(tmp_path)
    assert listing.table['label'].to_pylist() == [str(n) for n in [*LABELS[:4], *LABELS]]
    assert all((np.asarray(listing.read(4 + i)) == IMAGES[i]).all() for i in range(9))
    assert (np.asarray(listing.read(3)) == IMAGES[3]).all()
    assert listing.table['uri'][5].as_py().endswith('#1')
    counts = look(ImageData(images=str(tmp_path))).counts
    assert counts == {'train': {'0': 3, '1': 3, '2': 3}, 'test': {'0': 2, '1': 1, '2': 1}}


def test_files_of_no_split_are_split_by_content(tmp_path: Path) -> None:
    write(tmp_path, 'letters-')
    assert look(ImageData(images=str(tmp_path))).counts == {'': {'0': 3, '1': 3, '2': 3}}


def test_colours(tmp_path: Path) -> None:
    write(tmp_path, 'train-')
    (tmp_path / 'train-images-idx3-ubyte.gz').unlink()
    colours = np.repeat(IMAGES[..., None], 3, axis=-1)
    (tmp_path / 'train-images-idx4-ubyte').write_bytes(idx(colours))
    assert (np.asarray(listed(tmp_path).read(2)) == colours[2]).all()


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (idx(IMAGES)[:-1], 'holds 179 bytes where its head says 180; is it truncated'),
        (gzip.compress(idx(IMAGES))[:-9], 'is damaged: '),
        (b'\x89PNG', r'is no IDX file of bytes: it begins with b.\\x89PNG'),
        (idx(IMAGES[:5]), 'holds 5 pictures; train-labels-idx1-ubyte.gz holds 9 labels'),
        (idx(LABELS), r'holds an array \[9\]; expected pictures'),
        (None, 'there is no train-labels-idx1-ubyte.gz with its labels'),
    ],
)
def test_faults(tmp_path: Path, data: bytes | None, message: str) -> None:
    write(tmp_path, 'train-')
    if data is None:
        (tmp_path / 'train-labels-idx1-ubyte.gz').unlink()
    else:
        (tmp_path / 'train-images-idx3-ubyte.gz').write_bytes(data)
    with pytest.raises(PicturesError, match=message) as error:
        listed(tmp_path).read(0)
    assert str(error.value).startswith(f'data.images: {tmp_path}/train-images-idx3-ubyte.gz')

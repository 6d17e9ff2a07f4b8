"""From pictures to split records, without TFX."""

import json
import logging
import os
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.image_example_gen import ingest, reading
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.fingerprint import pictures_fingerprint
from components.image_example_gen.ingest import Written, write_examples
from components.image_example_gen.settings import ImageData
from tests.components.image_example_gen import samples
from tests.components.image_example_gen.samples import (
    class_folders,
    decoded,
    encoded,
    examples,
    jpeg,
    picture,
    pixels,
    turned,
)

SHARED = Path(os.environ.get('SLUICE_SHARED_DATA', Path(__file__).parents[4] / 'shared' / 'data'))
CLOTHING = SHARED / 'clothing'

HALVES = {'into': {'train': 1, 'eval': 1}}


def written(folder: Path, images: Any, **settings: Any) -> Written:
    data = ImageData.model_validate({'images': str(images), 'split': HALVES} | settings)
    return write_examples(data, folder / 'out', folder / 'stopped.jsonl')


def all_examples(folder: Path, splits: tuple[str, ...] = ('train', 'eval')) -> list[dict[str, Any]]:
    return [row for split in splits for row in examples(folder / 'out', split)]


def test_every_picture_is_in_one_split(tmp_path: Path) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 60, 'rose': 40})
    found = written(tmp_path, root)
    assert sum(found.rows.values()) == 100
    rows = all_examples(tmp_path)
    assert Counter(row['label'] for row in rows) == {b'daisy': 60, b'rose': 40}
    assert len({row['uri'] for row in rows}) == 100
    for row in rows[:5]:
        file = Path(row['uri'].decode())
        assert row == {
            'image': file.read_bytes(),
            'label': file.parent.name.encode(),
            'uri': str(file).encode(),
            'height': 24,
            'width': 36,
        }


def test_classes_come_mixed(tmp_path: Path) -> None:
    written(tmp_path, class_folders(tmp_path / 'in', {'daisy': 60, 'rose': 60}))
    labels = [row['label'] for row in examples(tmp_path / 'out', 'train')]
    assert 0.3 < np.mean([a != b for a, b in pairwise(labels)]) < 0.7


def test_the_same_pictures_are_the_same_bytes_however_many_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 40, 'rose': 40})
    written(tmp_path / 'a', root)
    monkeypatch.setattr(reading.os, 'sched_getaffinity', lambda _: range(7))
    monkeypatch.setattr(ingest, 'BATCH', 7)
    written(tmp_path / 'b', root)
    for split in ('train', 'eval'):
        file = f'out/Split-{split}/data_tfrecord-00000-of-00001.gz'
        assert examples(tmp_path / 'a' / 'out', split) == examples(tmp_path / 'b' / 'out', split)
        assert (tmp_path / 'a' / file).exists()


def test_digits_without_a_file(tmp_path: Path) -> None:
    found = written(tmp_path, 'sklearn:digits', split={})
    assert sum(found.rows.values()) == 1797
    rows = all_examples(tmp_path, ('train', 'eval', 'test'))
    first = next(row for row in rows if row['uri'] == b'sklearn:digits/0000')
    assert (first['label'], first['height'], first['width']) == (b'0', 8, 8)
    expected = [0, 0, 80, 207, 143, 16, 0, 0]  # 0, 0, 5, 13, 9, 1, 0, 0 of 16
    assert decoded(first['image'])[0, :, 0].tolist() == expected
    assert Counter(row['label'] for row in rows)[b'3'] == 183


def test_columns_of_a_manifest_are_kept(tmp_path: Path) -> None:
    class_folders(tmp_path, {'x': 40})
    lines = [f'x/{i:03}.png,{"ab"[i % 2]},{i},{i / 2},{"" if i % 3 else "dark"}' for i in range(40)]
    (tmp_path / 'm.csv').write_text('\n'.join(['uri,label,n,half,light', *lines]))
    written(tmp_path, tmp_path / 'm.csv')
    rows = {row['n']: row for row in all_examples(tmp_path)}
    assert len(rows) == 40
    row = rows[7]
    assert (row['uri'], row['half'], row['label'], row['light']) == (b'x/007.png', 3.5, b'b', [])
    assert rows[6]['light'] == b'dark'


def test_a_column_that_names_the_split_is_left_out(tmp_path: Path) -> None:
    class_folders(tmp_path, {'x': 6})
    for column, split in (('split', {}), ('fold', {'column': 'fold'})):
        lines = [f'x/{i:03}.png,{"ab"[i % 2]},{("train", "eval", "test")[i % 3]}' for i in range(6)]
        (tmp_path / 'm.csv').write_text('\n'.join([f'uri,label,{column}', *lines]))
        found = written(tmp_path, tmp_path / 'm.csv', split=split)
        assert found.rows == {'train': 2, 'eval': 2, 'test': 2}
        assert set(examples(tmp_path / 'out', 'test')[0]) == {
            *('image', 'label', 'uri', 'height', 'width')
        }


BROKEN = {
    'cut.jpg': (jpeg()[: len(jpeg()) // 2], 'cannot be decoded: '),
    'empty.png': (b'', 'is empty'),
    'page.jpg': (b'<html>404</html>', 'is no picture that can be read: it begins with'),
    'bomb.png': (samples.bomb(), 'has 10,000 x 10,000 pixels, more than the limit'),
}
"""File -> its bytes, and why it can't be read."""

ALPHA = np.dstack([pixels(7), np.full((24, 36), 255, np.uint8)])
ALPHA[:, :18, 3] = 0
FRAMES = [Image.fromarray(np.roll(pixels(9), 7 * i, axis=1)).quantize(16) for i in range(3)]
VALUES_16 = np.arange(24 * 36, dtype=np.uint16).reshape(24, 36) * 75

ODD = {
    'inks.jpg': encoded(picture(4).convert('CMYK'), 'JPEG', quality=100, subsampling=0),
    'deep.png': encoded(Image.fromarray(VALUES_16)),
    'few colours.png': encoded(picture(6).quantize(16)),
    'glass.webp': encoded(Image.fromarray(ALPHA), 'WEBP', lossless=True, exact=True),
    'moving.gif': encoded(FRAMES[0], 'GIF', save_all=True, append_images=FRAMES[1:]),
    'sideways.png': encoded(picture(11), exif=turned(6)),
    'Ünï cødé ☃.jpeg': encoded(picture(12)),
    'no ending': encoded(picture(13), 'BMP'),
}
"""File -> the bytes of a picture that is read, in its way."""


def broken_folder(root: Path) -> Path:
    """Write one of each: what cannot be read, what is odd, what isn't there."""
    class_folders(root, {'good': 30, 'none': 0})
    (root / 'odd').mkdir()
    for name, data in ({n: d for n, (d, _) in BROKEN.items()} | ODD).items():
        (root / 'odd' / name).write_bytes(data)
    (root / 'odd' / 'Thumbs.db').write_bytes(b'x')
    (root / 'odd' / '.hidden.jpg').write_bytes(b'x')
    return root


def test_of_each_broken_kind_what_can_be_read_is_read_right(tmp_path: Path) -> None:
    found = written(tmp_path, broken_folder(tmp_path / 'in'), max_bad_fraction=0.2)
    assert sum(found.rows.values()) == 30 + len(ODD)
    odd = {
        Path(row['uri'].decode()).name: row
        for row in all_examples(tmp_path)
        if row['label'] == b'odd'
    }
    assert set(odd) == set(ODD)
    white = pixels(7)
    white[:, :18] = 255
    for name, expected, tolerance in (
        ('inks.jpg', pixels(4), 3),
        ('deep.png', np.repeat((VALUES_16 >> 8)[..., None], 3, axis=-1), 0),
        ('few colours.png', np.asarray(picture(6).quantize(16).convert('RGB')), 0),
        ('glass.webp', white, 0),
        ('moving.gif', np.asarray(FRAMES[0].convert('RGB')), 0),
        ('sideways.png', np.rot90(pixels(11), -1), 0),
        ('Ünï cødé ☃.jpeg', pixels(12), 0),
        ('no ending', pixels(13), 0),
    ):
        seen = decoded(odd[name]['image']).astype(int)
        assert seen.shape == expected.shape, name
        assert np.abs(seen - expected).max() <= tolerance, name
        assert (odd[name]['height'], odd[name]['width']) == expected.shape[:2]


def test_of_each_broken_kind_what_cannot_be_read_is_listed(tmp_path: Path) -> None:
    root = broken_folder(tmp_path / 'in')
    found = written(tmp_path, root, max_bad_fraction=0.2)
    lines = (tmp_path / 'out' / 'refused.jsonl').read_text().splitlines()
    listed = [json.loads(line) for line in lines]
    assert [Path(r['uri']).name for r in listed] == sorted(BROKEN)
    for refusal in listed:
        assert refusal['label'] == 'odd'
        assert refusal['reason'].startswith(BROKEN[Path(refusal['uri']).name][1])
    assert found.summary()['refused'] == {'count': 4, 'first': listed, 'list': 'refused.jsonl'}
    assert found.notes == ['class folders without pictures: none']


def test_too_many_that_cannot_be_read_stop_the_run(tmp_path: Path) -> None:
    root = broken_folder(tmp_path / 'in')
    with pytest.raises(PicturesError) as error:
        written(tmp_path, root)
    told = str(error.value)
    assert told.startswith(
        'data.max_bad_fraction: 4 of 42 pictures cannot be used, where 0.01 allows 1: '
        f'{root}/odd/bomb.png has 10,000 x 10,000 pixels'
    )
    assert told.endswith(
        f'all are in {tmp_path}/stopped.jsonl. Mend or remove them, or raise data.max_bad_fraction'
    )
    assert '\n' not in told
    assert len((tmp_path / 'stopped.jsonl').read_text().splitlines()) == 4
    assert not list((tmp_path / 'out').glob('*'))


@pytest.mark.parametrize(
    ('fraction', 'bad', 'stops'), [(0.01, 1, False), (0.01, 2, True), (0, 1, True), (0.1, 2, False)]
)
def test_one_may_be_bad_however_few_there_are(
    tmp_path: Path, fraction: float, bad: int, stops: bool
) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 20 - bad})
    (root / 'rose').mkdir()
    for i in range(bad):
        (root / 'rose' / f'{i}.png').write_bytes(b'')
    if stops:
        with pytest.raises(PicturesError, match=r'data\.max_bad_fraction: '):
            written(tmp_path, root, max_bad_fraction=fraction)
    else:
        written(tmp_path, root, max_bad_fraction=fraction)


def test_one_uri_may_be_refused_for_several_reasons(tmp_path: Path) -> None:
    class_folders(tmp_path, {'x': 20})
    lines = [f'x/{i:03}.png,{"ab"[i % 2]}' for i in range(20)]
    (tmp_path / 'm.csv').write_text('\n'.join(['uri,label', *lines, 'gone.png,', 'gone.png,a']))
    found = written(tmp_path, tmp_path / 'm.csv', max_bad_fraction=0.1)
    reasons = ['cannot be read: No such file or directory', 'has no label']
    assert [refusal.reason for refusal in found.refused] == reasons


def test_copies_in_two_classes_are_kept_and_told(tmp_path: Path) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 20, 'rose': 20})
    for name in ('rose/copy.png', 'daisy/twin.png'):
        (root / name).write_bytes((root / 'daisy' / '005.png').read_bytes())
    found = written(tmp_path, root)
    assert sum(found.rows.values()) == 42
    (note,) = found.notes
    assert note.startswith('1 picture is in several classes, such as ')
    listed = [json.loads(x) for x in (tmp_path / 'out' / 'copies.jsonl').read_text().splitlines()]
    assert sorted(f'{r["label"]}/{Path(r["uri"]).name}' for r in listed) == [
        *('daisy/005.png', 'daisy/twin.png', 'rose/copy.png')
    ]
    assert len({(r['content'], r['split']) for r in listed}) == 1


def test_copies_in_two_split_folders_are_told(tmp_path: Path) -> None:
    for i, split in enumerate(('train', 'val', 'test')):
        class_folders(tmp_path / 'in' / split, {'daisy': 5, 'rose': 5}, seed=100 * i)
    copy = (tmp_path / 'in' / 'train' / 'rose' / '002.png').read_bytes()
    (tmp_path / 'in' / 'test' / 'rose' / 'copy.png').write_bytes(copy)
    found = written(tmp_path, tmp_path / 'in', split={})
    (note,) = found.notes
    assert note.startswith('1 picture is in several splits, such as ')
    assert '(test) and ' in note


def test_copies_in_one_class_are_nothing_to_tell(tmp_path: Path) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 20, 'rose': 20})
    (root / 'rose' / 'copy.png').write_bytes((root / 'rose' / '005.png').read_bytes())
    assert written(tmp_path, root).notes == []


def test_large_pictures_are_made_smaller_if_asked(tmp_path: Path) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 20, 'rose': 20})
    big = encoded(Image.fromarray(np.tile(pixels(), (20, 20, 1))), 'JPEG')
    (root / 'rose' / 'big.jpg').write_bytes(big)
    written(tmp_path, root, shrink=100)
    sizes = {(row['height'], row['width']) for row in all_examples(tmp_path)}
    assert sizes == {(24, 36), (67, 100)}


@pytest.mark.parametrize(
    ('counts', 'split', 'message'),
    [
        ({'a': 1, 'b': 1}, {}, 'data.split: no pictures in split '),
        ({'a': 0, 'b': 0}, {}, 'there are no pictures'),
    ],
)
def test_a_fault_leaves_nothing(
    tmp_path: Path, counts: dict[str, int], split: dict[str, Any], message: str
) -> None:
    root = class_folders(tmp_path / 'in', counts)
    with pytest.raises(PicturesError, match=message):
        written(tmp_path, root, split=split)
    assert not list((tmp_path / 'out').glob('*'))


def test_progress_is_told_in_pictures_a_second(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = class_folders(tmp_path / 'in', {'daisy': 20, 'rose': 20})
    with caplog.at_level(logging.INFO, 'sluice.progress'):
        written(tmp_path, root)
    last = caplog.records[-1].__dict__['progress']
    assert (last['done'], last['total'], last['unit']) == (40, 40, 'pictures')
    assert last['rate'] > 0
    assert last['seconds_left'] == 0


def test_the_fingerprint_is_of_files_and_folders(tmp_path: Path) -> None:
    root = class_folders(tmp_path, {'daisy': 3, 'rose': 3})
    data = ImageData(images=str(root))
    seen = [pictures_fingerprint(data)]
    assert pictures_fingerprint(data) == seen[0]
    changed = root / 'rose' / '001.png'
    stamp = changed.stat()
    os.utime(changed, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    seen.append(pictures_fingerprint(data))
    changed.rename(root / 'daisy' / 'moved.png')
    seen.append(pictures_fingerprint(data))
    (root / 'daisy' / '000.png').unlink()
    seen.append(pictures_fingerprint(data))
    assert len(set(seen)) == 4


def test_the_fingerprint_of_a_manifest_is_of_its_pictures(tmp_path: Path) -> None:
    class_folders(tmp_path, {'x': 2})
    (tmp_path / 'm.csv').write_text('uri,label\nx/000.png,a\nx/001.png,b\nx/002.png,b\n')
    data = ImageData(images=str(tmp_path / 'm.csv'))
    seen = [pictures_fingerprint(data)]
    (tmp_path / 'x' / '002.png').write_bytes(b'now it is there')
    seen.append(pictures_fingerprint(data))
    (tmp_path / 'm.csv').write_text('uri,label\nx/000.png,a\nx/001.png,b\nx/002.png,c\n')
    seen.append(pictures_fingerprint(data))
    assert len(set(seen)) == 3


@pytest.mark.skipif(not CLOTHING.exists(), reason='needs the shared data')
def test_real_clothing(tmp_path: Path) -> None:
    found = written(tmp_path, CLOTHING, split={})
    assert found.rows['test'] == 200
    assert found.rows['train'] + found.rows['eval'] == 600
    assert not found.refused
    rows = all_examples(tmp_path, ('train', 'eval', 'test'))
    assert len({row['label'] for row in rows}) == 10
    assert max(max(row['height'], row['width']) for row in rows) == 256

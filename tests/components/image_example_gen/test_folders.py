"""Folders of pictures, in every layout."""

import os
from pathlib import Path

import pytest

from components.image_example_gen import local_files
from components.image_example_gen.check import look
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import Listing
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures
from tests.components.image_example_gen.samples import class_folders


def listed(root: Path) -> Listing:
    return list_pictures(ImageData(images=str(root)))


def rows(listing: Listing) -> list[tuple[str, ...]]:
    """Return file names and what is known of them."""
    return [(Path(row.pop('uri')).name, *row.values()) for row in listing.table.to_pylist()]


def test_class_folders(tmp_path: Path) -> None:
    listing = listed(class_folders(tmp_path, {'rose': 2, 'daisy': 1}))
    assert rows(listing) == [('000.png', 'daisy'), ('000.png', 'rose'), ('001.png', 'rose')]
    assert listing.table['uri'][0].as_py() == f'{tmp_path}/daisy/000.png'
    assert listing.read(1) == (tmp_path / 'rose' / '000.png').read_bytes()
    assert not listing.notes


def test_folders_within_a_class_are_of_the_class(tmp_path: Path) -> None:
    class_folders(tmp_path / 'rose', {'garden': 1, 'wild': 1})
    class_folders(tmp_path, {'daisy': 1})
    assert [row[1] for row in rows(listed(tmp_path))] == ['daisy', 'rose', 'rose']


@pytest.mark.parametrize('evaluation', ['validation', 'val', 'valid', 'dev', 'eval'])
def test_split_folders(tmp_path: Path, evaluation: str) -> None:
    for split in ('train', evaluation, 'test'):
        class_folders(tmp_path / split, {'daisy': 1, 'rose': 2})
    found = look(ImageData(images=str(tmp_path)))
    assert found.counts == {s: {'daisy': 1, 'rose': 2} for s in ('train', 'eval', 'test')}
    assert found.notes == []


def test_splits_without_folders_are_held_out_of_train(tmp_path: Path) -> None:
    for split in ('train', 'test'):
        class_folders(tmp_path / split, {'daisy': 1, 'rose': 2})
    found = look(ImageData(images=str(tmp_path)))
    assert list(found.counts) == ['train', 'test']
    assert found.notes == ['of train, pictures are held out, chosen by content: 1/9 of it for eval']


def test_a_class_may_be_called_as_a_split_is(tmp_path: Path) -> None:
    listing = listed(class_folders(tmp_path, {'train': 1, 'bus': 1}))
    assert [row[1] for row in rows(listing)] == ['bus', 'train']


def test_hidden_files_and_those_of_file_managers_are_passed_over(tmp_path: Path) -> None:
    class_folders(tmp_path, {'daisy': 1, 'rose': 1})
    for name in ('.DS_Store', '._000.png', 'Thumbs.db', 'desktop.ini'):
        (tmp_path / 'rose' / name).write_bytes(b'x')
    class_folders(tmp_path / '__MACOSX', {'rose': 1})
    class_folders(tmp_path / '.git', {'objects': 1})
    listing = listed(tmp_path)
    assert [row[1] for row in rows(listing)] == ['daisy', 'rose']
    assert not listing.notes


def test_names_may_be_odd(tmp_path: Path) -> None:
    decomposed = 'Margueri\u0301te'
    class_folders(tmp_path, {decomposed: 1, 'two words': 1, "it's 100% # «x»": 1})
    odd = os.fsdecode(os.fsencode(tmp_path) + b'/two words/\xff\n.gif')
    (tmp_path / 'two words' / '000.png').rename(odd)
    listing = listed(tmp_path)
    assert [row[1] for row in rows(listing)] == ['Marguer\u00edte', "it's 100% # «x»", 'two words']
    assert rows(listing)[2][0] == '\\xff\n.gif'
    assert all(bytes(listing.read(row)).startswith(b'\x89PNG') for row in range(3))


def test_a_class_without_pictures_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path, {'daisy': 1, 'rose': 1, 'tulip': 0})
    (tmp_path / 'aster' / '.keep').parent.mkdir()
    (tmp_path / 'aster' / '.keep').touch()
    assert listed(tmp_path).notes == ['class folders without pictures: aster, tulip']


def test_files_beside_the_class_folders_are_named(tmp_path: Path) -> None:
    class_folders(tmp_path, {'daisy': 1, 'rose': 1})
    (tmp_path / 'LICENSE.txt').write_text('free')
    assert listed(tmp_path).notes == ['files beside the class folders, left out: LICENSE.txt']


def test_links_are_followed_once(tmp_path: Path) -> None:
    class_folders(tmp_path / 'elsewhere', {'flowers': 2})
    root = class_folders(tmp_path / 'root', {'rose': 1})
    (root / 'daisy').symlink_to(tmp_path / 'elsewhere' / 'flowers')
    (root / 'rose' / 'again').symlink_to(root)
    (root / 'rose' / 'gone.png').symlink_to(root / 'nowhere.png')
    listing = listed(root)
    assert [row[1] for row in rows(listing)] == ['daisy', 'daisy', 'rose']
    assert listing.refused == [(f'{root}/rose/gone.png', 'rose', 'links to nothing')]


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    class_folders(tmp_path, {'daisy': 1, 'rose': 1})
    os.mkfifo(tmp_path / 'rose' / 'pipe.png')
    assert listed(tmp_path).refused == [(f'{tmp_path}/rose/pipe.png', 'rose', 'is no file')]


def test_a_folder_that_may_not_be_looked_into_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_folders(tmp_path, {'daisy': 1, 'rose': 1})
    scan = os.scandir

    def denied(path: str) -> object:
        if path.endswith('rose'):
            raise PermissionError(13, 'Permission denied')
        return scan(path)

    monkeypatch.setattr(local_files.os, 'scandir', denied)
    reason = 'cannot be looked into: Permission denied'
    assert listed(tmp_path).refused == [(f'{tmp_path}/rose', 'rose', reason)]


@pytest.mark.parametrize(
    ('layout', 'message'),
    [
        ([], 'is empty; expected .*/<class>/<pictures>'),
        (['1.png'], 'holds no class folders; expected'),
        (['train/1.png', 'test/1.png'], 'train holds no class folders|test holds no class folders'),
        (
            ['train/a/1.png', 'val/a/1.png', 'extra/1.png'],
            'holds extra beside the splits train, val; move it away',
        ),
        (['train/a/1.png', 'val/a/1.png', 'dev/a/1.png'], 'two of dev, train, val mean the same'),
        (['test/a/1.png', 'val/a/1.png'], None),
    ],
)
def test_other_layouts_are_told(tmp_path: Path, layout: list[str], message: str | None) -> None:
    for path in layout:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b'x')
    if message is None:
        assert [row[1] for row in rows(listed(tmp_path))] == ['test', 'val']
        return
    with pytest.raises(PicturesError, match=message) as error:
        listed(tmp_path)
    assert str(error.value).startswith('data.images: ')


def test_what_is_not_there_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match=r'name yours: --set data.images=FOLDER'):
        listed(tmp_path / 'flowers')
    (tmp_path / 'photo.jpg').write_bytes(b'x')
    with pytest.raises(PicturesError, match=r'is a file; expected a folder, or a manifest'):
        listed(tmp_path / 'photo.jpg')


def test_files_are_read_within_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'a').write_bytes(b'12345')
    assert local_files.read(str(tmp_path / 'a')) == b'12345'
    monkeypatch.setattr(local_files, 'LARGEST', 4)
    os.mkfifo(tmp_path / 'pipe')
    for name, reason in (
        ('a', 'is larger than 0 MiB'),
        ('b', 'cannot be read: No such file or directory'),
        ('pipe', 'is no file'),
        ('', 'cannot be read: Is a directory'),
        ('a\0', 'is no path'),
    ):
        with pytest.raises(local_files.UnreadableError, match=reason):
            local_files.read(str(tmp_path / name))

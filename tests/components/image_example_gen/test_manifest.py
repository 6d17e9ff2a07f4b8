"""Manifests and queries: rows that name pictures."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from components.image_example_gen.check import look
from components.image_example_gen.errors import PicturesError, UnreadableError
from components.image_example_gen.listing import Listing
from components.image_example_gen.places import resolve
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures
from tests.components.image_example_gen.samples import encoded, picture

CSV = """uri,label,split,camera,iso,taken,night
a.png,cat,train,old,100,2024-01-02,true
b/b.png,dog,val,new,200.5,2024-01-03,false
/somewhere/c.png,dog,test,,,,
"""


def listed(images: Any) -> Listing:
    return list_pictures(ImageData.model_validate({'images': images}))


def manifest(folder: Path, text: str, name: str = 'pictures.csv') -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_manifest_in_csv(tmp_path: Path) -> None:
    (tmp_path / 'a.png').write_bytes(encoded(picture()))
    listing = listed(manifest(tmp_path, CSV))
    assert listing.table.to_pylist()[:2] == [
        {'uri': 'a.png', 'label': 'cat', 'split': 'train', 'camera': 'old', 'iso': 100.0,
             'taken': '2024-01-02', 'night': True},
        {'uri': 'b/b.png', 'label': 'dog', 'split': 'val', 'camera': 'new', 'iso': 200.5,
             'taken': '2024-01-03', 'night': False},
    ]  # fmt: skip
    assert listing.table.to_pylist()[2]['camera'] is None
    assert listing.read(0) == encoded(picture())
    for row in (1, 2):
        with pytest.raises(UnreadableError, match='cannot be read: No such file'):
            listing.read(row)


def test_columns_and_counts_of_a_manifest(tmp_path: Path) -> None:
    found = look(ImageData(images=manifest(tmp_path, CSV)))
    assert found.columns == {
        **{'uri': 'STRING', 'label': 'STRING', 'camera': 'STRING', 'iso': 'FLOAT'},
        **{'taken': 'STRING', 'night': 'BOOLEAN', 'height': 'INTEGER', 'width': 'INTEGER'},
    }
    assert found.counts == {'train': {'cat': 1}, 'eval': {'dog': 1}, 'test': {'dog': 1}}


def test_labels_are_text_as_written(tmp_path: Path) -> None:
    listing = listed(manifest(tmp_path, 'uri, label\na, 01\nb, 2.0\nc, 1e3\n'))
    assert listing.table['label'].to_pylist() == ['01', '2.0', '1e3']


def test_a_manifest_in_json_lines(tmp_path: Path) -> None:
    rows = [{'uri': 'a.png', 'label': 7, 'room': 'x'}, {'uri': 'b.png', 'label': 8}]
    text = '\n'.join(map(json.dumps, rows))
    listing = listed(manifest(tmp_path, text, 'pictures.jsonl'))
    assert listing.table['label'].to_pylist() == ['7', '8']
    assert listing.table['room'].to_pylist() == ['x', None]


def test_a_zipped_manifest(tmp_path: Path) -> None:
    (tmp_path / 'p.csv.gz').write_bytes(gzip.compress(CSV.encode()))
    assert len(listed(str(tmp_path / 'p.csv.gz')).table) == 3


def test_rows_without_uri_or_label_are_refused(tmp_path: Path) -> None:
    file = manifest(tmp_path, 'uri,label\na,cat\n,dog\nb,\nc,dog\n')
    listing = listed(file)
    assert listing.table['uri'].to_pylist() == ['a', 'c']
    assert listing.refused == [(f'{file}, row 2', 'dog', 'has no uri'), ('b', None, 'has no label')]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('file,label\na,b\n', 'has no column uri; it has file, label'),
        ('uri,class\na,b\n', 'has no column label; it has uri, class'),
        ('uri,label,width\na,b,3\n', 'the column width gets its values from the pictures'),
        ('', 'the file is empty'),
        ('uri,label\n', 'the table has no rows'),
        ('uri,label,n\n' + 'a,b,1\n' * 3 + 'a,b\n', 'line 5: expected 3 columns, found 2'),
    ],
)
def test_faults_of_a_manifest(tmp_path: Path, text: str, message: str) -> None:
    file = manifest(tmp_path, text)
    with pytest.raises(PicturesError) as error:
        listed(file)
    assert message in str(error.value)
    assert str(error.value).startswith(f'data.images: {file}')


@pytest.mark.parametrize(
    ('uri', 'place'),
    [
        ('a b.png', '/data/a b.png'),
        ('../a.png', '/data/../a.png'),
        ('/x/a.png', '/x/a.png'),
        ('file:///x/a%20b.png', '/x/a b.png'),
        ('gs://bucket/a.png', 'gs://bucket/a.png'),
    ],
)
def test_uris_lead_somewhere(uri: str, place: str) -> None:
    assert resolve(uri, '/data') == place


def test_relative_uris_of_a_remote_manifest_are_remote() -> None:
    assert resolve('a.png', 'gs://bucket/folder') == 'gs://bucket/folder/a.png'


def test_other_schemes_are_refused(tmp_path: Path) -> None:
    listing = listed(manifest(tmp_path, 'uri,label\nhttps://a.org/a.png,cat\n'))
    with pytest.raises(UnreadableError, match='is of scheme https, which is not read'):
        listing.read(0)


class TestQuery:
    def test_rows_name_pictures(self, tmp_path: Path) -> None:
        (tmp_path / 'a.png').write_bytes(encoded(picture()))
        manifest(tmp_path, 'path,kind,size\na,1,2.5\nb,2,3.5\n')
        query = "SELECT CONCAT(path, '.png') AS uri, kind AS label, size FROM d.pictures"
        listing = listed(
            {'query': query, 'local': {'d.pictures': str(tmp_path / 'pictures.csv')}}
            | {'root': str(tmp_path)}
        )
        assert listing.table.to_pylist() == [
            {'uri': 'a.png', 'label': '1', 'size': 2.5},
            {'uri': 'b.png', 'label': '2', 'size': 3.5},
        ]
        assert listing.read(0) == encoded(picture())

    @pytest.mark.parametrize(
        ('query', 'message'),
        [
            ('SELECT path AS uri FROM d.pictures', 'the query: has no column label; it has uri'),
            ('SELECT path AS uri, 1 AS label FROM d.other', 'data.images.query: '),
            (
                'SELECT size AS uri, path AS label FROM d.pictures',
                'uri is double; expected strings',
            ),
            (
                'SELECT path AS uri, kind AS label FROM d.pictures WHERE kind > 9',
                'returned no rows',
            ),
        ],
    )
    def test_faults(self, tmp_path: Path, query: str, message: str) -> None:
        file = manifest(tmp_path, 'path,kind,size\na,1,2.5\n')
        with pytest.raises(PicturesError) as error:
            listed({'query': query, 'local': {'d.pictures': file}})
        assert message in str(error.value)
        assert str(error.value).startswith('data.images')

    def test_without_tables_bigquery_is_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv('NO_GCE_CHECK', 'true')
        monkeypatch.setenv('CLOUDSDK_CONFIG', str(tmp_path))
        monkeypatch.delenv('GOOGLE_APPLICATION_CREDENTIALS', raising=False)
        message = (
            r'data\.images\.query: .* credentials; .*or name local files in data\.images\.local'
        )
        with pytest.raises(PicturesError, match=message):
            listed({'query': 'SELECT uri, label FROM d.pictures'})

    def test_paths_are_relative_to_the_recipe(self, tmp_path: Path) -> None:
        data = ImageData.model_validate(
            {'images': {'query_file': 'q.sql', 'local': {'t': 't.csv'}, 'root': 'pictures'}}
        )
        found = data.relative_to(tmp_path).images
        assert not isinstance(found, str)
        assert found.query_file == str(tmp_path / 'q.sql')
        assert found.root == str(tmp_path / 'pictures')
        assert found.local['t'].path == (str(tmp_path / 't.csv'),)

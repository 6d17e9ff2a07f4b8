"""Pictures on Cloud Storage, against a small stand-in for its JSON API."""

import json
import re
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from components.image_example_gen import cloud
from components.image_example_gen.check import look
from components.image_example_gen.errors import PicturesError, UnreadableError
from components.image_example_gen.fingerprint import pictures_fingerprint
from components.image_example_gen.ingest import write_examples
from components.image_example_gen.listing import Listing
from components.image_example_gen.settings import ImageData
from components.image_example_gen.source import list_pictures
from tests.components.image_example_gen.samples import examples, unlike

PAGE = 7
"""Objects of a page of a listing."""


class Storage(BaseHTTPRequestHandler):
    """Lists and gives the objects of one bucket, `pictures`."""

    objects: ClassVar[dict[str, bytes]]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        if match := re.fullmatch(r'/storage/v1/b/([^/]+)/o', url.path):
            self._list(match[1], query)
        elif match := re.fullmatch(r'/download/storage/v1/b/pictures/o/(.+)', url.path):
            self._give(unquote(match[1]))
        else:
            self._answer(404, b'{}')

    def _list(self, bucket: str, query: dict[str, str]) -> None:
        if bucket != 'pictures':
            self._answer(404, b'{"error": {"message": "no such bucket"}}')
            return
        names = [n for n in sorted(self.objects) if n.startswith(query.get('prefix', ''))]
        if query.get('delimiter'):
            names = [n for n in names if '/' not in n.removeprefix(query['prefix'])]
        start = int(query.get('pageToken', 0))
        page = {
            'items': [
                {
                    'name': name,
                    'size': str(len(self.objects[name])),
                    'generation': str(zlib.crc32(self.objects[name])),
                }
                for name in names[start : start + PAGE]
            ]
        }
        more = {'nextPageToken': str(start + PAGE)} if start + PAGE < len(names) else {}
        self._answer(200, json.dumps(page | more).encode())

    def _give(self, name: str) -> None:
        if name == 'secret.png':
            self._answer(403, b'{"error": {"message": "denied"}}')
        elif name not in self.objects:
            self._answer(404, b'not here')
        elif not self.objects[name]:
            self._answer(416, b'no such range')
        else:
            self._answer(200, self.objects[name])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    """Serve a bucket's objects, which a test may add to."""

    class Handler(Storage):
        objects: ClassVar[dict[str, bytes]] = {}

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv('STORAGE_EMULATOR_HOST', f'http://127.0.0.1:{server.server_port}')
    cloud._client.cache_clear()
    yield Handler.objects
    server.shutdown()
    server.server_close()
    thread.join()
    cloud._client.cache_clear()


def flowers(bucket: dict[str, bytes], n: int = 20) -> str:
    for i in range(2 * n):
        bucket[f'in/{("daisy", "rose")[i % 2]}/{i:02} ü.png'] = unlike(i)
    bucket['in/tulip/'] = b''
    bucket['in/rose/.hidden'] = b'x'
    bucket['other/x.png'] = b'x'
    return 'gs://pictures/in'


def test_class_folders(bucket: dict[str, bytes], tmp_path: Path) -> None:
    data = ImageData(images=flowers(bucket))
    bucket['in/rose/empty.png'] = b''
    found = look(data)
    assert found.counts == {'': {'daisy': 20, 'rose': 21}}
    assert found.notes == ['class folders without pictures: tulip']
    written = write_examples(data, tmp_path / 'out', tmp_path / 'stopped')
    assert sum(written.rows.values()) == 40
    assert written.refused == [('gs://pictures/in/rose/empty.png', 'rose', 'is empty')]
    row = examples(tmp_path / 'out', 'train')[0]
    name = row['uri'].decode().removeprefix('gs://pictures/')
    assert row['image'] == bucket[name]


def test_a_manifest(bucket: dict[str, bytes]) -> None:
    bucket['in/m.csv'] = b'uri,label\na.png,cat\ngs://pictures/other/b.png,dog\ngone.png,dog\n'
    bucket['in/a.png'] = unlike(1)
    bucket['other/b.png'] = unlike(2)
    listing = listed('gs://pictures/in/m.csv')
    assert [listing.read(row) for row in (0, 1)] == [unlike(1), unlike(2)]
    with pytest.raises(UnreadableError, match='is not there'):
        listing.read(2)
    assert [bool(stamp) for stamp in listing.stamps()] == [True, True, False]


def listed(images: str) -> Listing:
    return list_pictures(ImageData(images=images))


def test_a_changed_object_changes_the_fingerprint(bucket: dict[str, bytes]) -> None:
    data = ImageData(images=flowers(bucket))
    before = pictures_fingerprint(data)
    assert pictures_fingerprint(data) == before
    bucket['in/rose/01 ü.png'] = unlike(99)
    assert pictures_fingerprint(data) != before


def test_what_cannot_be_had_is_told(bucket: dict[str, bytes]) -> None:
    bucket['secret.png'] = b'x'
    with pytest.raises(UnreadableError, match='permission denied'):
        cloud.read('gs://pictures/secret.png')
    with pytest.raises(PicturesError, match='gs://nowhere/in/: there is no bucket nowhere'):
        listed('gs://nowhere/in')
    with pytest.raises(PicturesError, match='gs://pictures/none is empty'):
        listed('gs://pictures/none')
    with pytest.raises(PicturesError, match=r'gs://pictures/m.csv is not there'):
        listed('gs://pictures/m.csv')


def test_too_large_an_object_is_refused(
    bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket['big.png'] = bytes(9)
    monkeypatch.setattr(cloud, 'LARGEST', 8)
    with pytest.raises(UnreadableError, match='is larger than 0 MiB'):
        cloud.read('gs://pictures/big.png')


def test_that_nothing_answers_is_an_error_not_a_refusal(
    bucket: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.api_core.exceptions import ServiceUnavailable

    def down(*_: object, **__: object) -> bytes:
        raise ServiceUnavailable('try later')

    monkeypatch.setattr('google.cloud.storage.Blob.download_as_bytes', down)
    with pytest.raises(PicturesError, match='Cloud Storage cannot be asked: 503 try later'):
        cloud.read('gs://pictures/a.png')

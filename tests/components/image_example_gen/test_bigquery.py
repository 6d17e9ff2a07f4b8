"""A table on BigQuery that names pictures on Cloud Storage, both stood in for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.image_example_gen import cloud
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.fingerprint import pictures_fingerprint
from components.image_example_gen.ingest import write_examples
from components.image_example_gen.settings import ImageData
from tests.components.image_example_gen.samples import examples, jpeg
from tests.fakes.universe import Universe

TABLE = 'rehearsal.shop.photos'
QUERY = f'SELECT uri, label, shop FROM `{TABLE}` WHERE label != "other"'


@pytest.fixture
def universe(tmp_path: Path) -> Iterator[Universe]:
    """A universe whose bucket has twenty pictures, and whose table names them."""
    with Universe(tmp_path / 'cloud') as opened, opened.here():
        cloud._client.cache_clear()
        folder = opened.world.buckets / 'photos'
        folder.mkdir(parents=True)
        lines = ['uri,label,shop']
        for n in range(20):
            (folder / f'{n}.jpg').write_bytes(jpeg(n))
            lines.append(f'gs://photos/{n}.jpg,{("hat", "shirt")[n % 2]},{n % 3}')
        lines.append('gs://photos/none.jpg,other,1')
        (tmp_path / 'photos.csv').write_text('\n'.join(lines) + '\n')
        opened.services['BigQuery'].tables.add(TABLE, str(tmp_path / 'photos.csv'))
        yield opened
    cloud._client.cache_clear()


def pictures(query: str = QUERY) -> ImageData:
    return ImageData.model_validate(
        {'images': {'query': query}, 'split': {'into': {'train': 1, 'eval': 1}}}
    )


def test_the_pictures_that_its_rows_name_are_read(universe: Universe, tmp_path: Path) -> None:
    written = write_examples(pictures(), tmp_path / 'out', tmp_path / 'stopped')
    assert sum(written.rows.values()) == 20
    assert not written.refused
    row = examples(tmp_path / 'out', 'train')[0]
    name = row['uri'].decode().removeprefix('gs://photos/')
    assert row['image'] == (universe.world.buckets / 'photos' / name).read_bytes()
    number = int(name.removesuffix('.jpg'))
    assert (row['label'], row['shop']) == ((b'hat', b'shirt')[number % 2], number % 3)


def test_a_changed_picture_is_noticed(universe: Universe) -> None:
    before = pictures_fingerprint(pictures())
    assert pictures_fingerprint(pictures()) == before
    (universe.world.buckets / 'photos' / '3.jpg').write_bytes(jpeg(99))
    assert pictures_fingerprint(pictures()) != before


def test_what_bigquery_refuses_is_said_of_the_query(universe: Universe, tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match=r'^data\.images\.query: .*nothing'):
        write_examples(
            pictures(f'SELECT nothing FROM `{TABLE}`'), tmp_path / 'out', tmp_path / 'stopped'
        )

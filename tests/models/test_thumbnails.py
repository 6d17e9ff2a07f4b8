import base64
import io

import pytest
from PIL import Image

from models.thumbnails import SIDE, thumbnail
from tests.transforms.pictures import encoded, exif, photo


def shown(contents):
    file = base64.b64decode(thumbnail(contents))
    assert len(file) <= 20_000
    picture = Image.open(io.BytesIO(file))
    assert picture.format == 'JPEG'
    return picture


@pytest.mark.parametrize('format', ['PNG', 'JPEG', 'GIF'])
def test_large_pictures_are_made_smaller(format):
    assert shown(encoded(photo(600, 900), format)).size == (SIDE, 213)


def test_tiny_pictures_are_enlarged_by_a_whole_number():
    assert shown(encoded(photo(8, 10), 'PNG')).size == (120, 96)


def test_turned_photos_are_upright():
    assert shown(encoded(photo(150, 200), 'JPEG', exif=exif(6))).size == (150, 200)

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from tests.transforms.pictures import encoded, exif, photo
from transforms.exif import jpeg_orientation, png_orientation
from transforms.image_decoding import decode


def upright_by_pillow(contents):
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(contents))).convert('RGB'))


@pytest.mark.parametrize('endian', ['<', '>'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_photos_are_turned_as_their_camera_says(orientation, endian):
    contents = encoded(photo(), 'JPEG', quality=95, exif=exif(orientation, endian))
    assert int(jpeg_orientation(contents)) == orientation
    expected = upright_by_pillow(contents)
    assert expected.shape == ((40, 60, 3) if orientation < 5 else (60, 40, 3))
    np.testing.assert_array_equal(decode(contents), expected)


@pytest.mark.parametrize('orientation', [1, 3, 6])
def test_so_are_drawings(orientation):
    contents = encoded(photo(), 'PNG', exif=exif(orientation))
    assert int(png_orientation(contents)) == orientation
    np.testing.assert_array_equal(decode(contents), upright_by_pillow(contents))


def segment(marker, data):
    return b'\xff' + bytes([marker]) + (len(data) + 2).to_bytes(2, 'big') + data


def test_other_segments_may_come_before_it():
    plain = encoded(photo(), 'JPEG')
    block = exif(6)
    before = segment(0xE2, b'ICC_PROFILE\0' + bytes(40_000)) + segment(0xFE, b'a comment')
    contents = plain[:2] + before + segment(0xE1, block) + plain[2:]
    assert int(jpeg_orientation(contents)) == 6


@pytest.mark.parametrize(
    'block',
    [
        b'',
        b'Exif\0\0',
        b'Exif\0\0II*\0',
        b'Exif\0\0II*\0\xff\xff\xff\xff',
        b'Exif\0\0II*\0\x08\0\0\0\xff\xff',
        b'Exif\0\0MM\0*\x7f\xff\xff\xff\xff\xff',
        b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>',
    ],
)
def test_a_block_that_is_cut_off_or_of_something_else_says_nothing(block):
    plain = encoded(photo(), 'JPEG')
    contents = plain[:2] + segment(0xE1, block) + plain[2:]
    assert int(jpeg_orientation(contents)) == 1
    np.testing.assert_array_equal(decode(contents), decode(plain))


@pytest.mark.parametrize('orientation', [0, 9, 200])
def test_orientations_that_there_are_not(orientation):
    contents = encoded(photo(), 'JPEG', exif=exif(orientation))
    assert int(jpeg_orientation(contents)) == 1


@pytest.mark.parametrize(
    'contents', [b'', b'\xff\xd8', b'\xff\xd8\xff\xe1', b'\xff\xd8\xff\xe1\0\0']
)
def test_files_that_end_at_once(contents):
    assert int(jpeg_orientation(tf.constant(contents))) == 1
    assert int(png_orientation(tf.constant(contents))) == 1

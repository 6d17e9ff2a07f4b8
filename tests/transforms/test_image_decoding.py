import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.transforms.pictures import encoded, exif, photo
from transforms.image_decoding import Plain, decode, plain_formats


def by_pillow(contents):
    """Decode and put on white, as `decode` says."""
    picture = Image.open(io.BytesIO(contents)).convert('RGBA')
    white = Image.new('RGBA', picture.size, 'white')
    return np.asarray(Image.alpha_composite(white, picture).convert('RGB'))


def gray():
    return photo().convert('L')


def with_alpha():
    picture = photo().convert('RGBA')
    picture.putalpha(gray())
    return picture


def palette():
    return photo().quantize(16)


PICTURES = {
    'photo': encoded(photo(), 'JPEG', quality=95),
    'progressive photo': encoded(photo(), 'JPEG', quality=60, progressive=True, subsampling=2),
    'gray photo': encoded(gray(), 'JPEG'),
    'CMYK photo': encoded(photo().convert('CMYK'), 'JPEG', quality=95),
    'PNG': encoded(photo(), 'PNG'),
    'gray PNG': encoded(gray(), 'PNG'),
    'black and white PNG': encoded(photo().convert('1'), 'PNG'),
    'palette PNG': encoded(palette(), 'PNG'),
    'large palette PNG': encoded(photo().quantize(200), 'PNG'),
    'palette PNG with a transparent colour': encoded(palette(), 'PNG', transparency=3),
    'PNG with a transparent colour': encoded(photo(), 'PNG', transparency=(255, 255, 255)),
    'PNG with alpha': encoded(with_alpha(), 'PNG'),
    'gray PNG with alpha': encoded(with_alpha().convert('LA'), 'PNG'),
    'GIF': encoded(palette(), 'GIF'),
    'BMP': encoded(photo(), 'BMP'),
    'gray BMP': encoded(gray(), 'BMP'),
    'palette BMP': encoded(palette(), 'BMP'),
    'WebP': encoded(photo(), 'WEBP', quality=80),
    'lossless WebP': encoded(photo(), 'WEBP', lossless=True),
    'WebP with alpha': encoded(with_alpha(), 'WEBP', lossless=True, exact=True),
}


@pytest.mark.parametrize('name', PICTURES)
def test_pixels_are_those_of_pillow(name):
    found = decode(PICTURES[name]).numpy()
    assert found.dtype == np.uint8
    difference = np.abs(found.astype(int) - by_pillow(PICTURES[name]))
    # Pillow rounds twice where it puts a half-transparent pixel on white.
    assert difference.max() <= ('alpha' in name)


PLAIN = {
    Plain.JPEG: ('photo', 'progressive photo', 'gray photo'),
    Plain.PNG: ('PNG', 'gray PNG'),
}


@pytest.mark.parametrize('name', PICTURES)
def test_what_is_known_of_plain_files_changes_no_pixel(name):
    contents = tf.constant(PICTURES[name])
    found = Plain(int(plain_formats(contents)))
    assert found == next((plain for plain, names in PLAIN.items() if name in names), Plain.NO)
    np.testing.assert_array_equal(decode(contents, plain=found), decode(contents))


def test_files_with_something_to_ask_about_are_not_plain():
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    files = [
        encoded(photo(), 'JPEG', exif=exif(6)),
        encoded(Image.fromarray(noise), 'JPEG', quality=90),
        encoded(photo(), 'PNG', exif=exif(6)),
        encoded(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8)), 'PNG'),
        b'',
        b'\xff\xd8\xff\xe0\x00\x10',
        b'\x89PNG',
    ]
    assert plain_formats(tf.constant(files)).numpy().tolist() == [Plain.NO] * len(files)


def test_sixteen_bits_keep_the_upper_eight():
    values = (np.arange(2400).reshape(40, 60) * 27).astype(np.uint16)
    found = decode(encoded(Image.fromarray(values), 'PNG')).numpy()
    np.testing.assert_array_equal(found[..., 0], values >> 8)


@pytest.mark.parametrize('format', ['GIF', 'WEBP'])
def test_of_an_animation_the_first_frame(format):
    frames = [photo().quantize(8), photo().rotate(180).quantize(8)]
    options = {'lossless': True} if format == 'WEBP' else {}
    contents = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(decode(contents), frames[0].convert('RGB'))


def test_a_jpeg_of_many_bytes_is_made_smaller_where_that_is_asked_for():
    noise = np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)
    contents = encoded(Image.fromarray(noise), 'JPEG', quality=90)
    assert len(contents) > 2**16
    asked = []

    def by_four(shape):
        asked.append(shape)
        return tf.constant(4)

    assert decode(contents, by_four).shape == (100, 150, 3)
    assert asked[0].shape == (2,)
    assert decode(contents).shape == (400, 600, 3)


@pytest.mark.parametrize(
    ('contents', 'message'),
    [
        (b'', 'Input is empty'),
        (b'%PDF-1.7 and so on', 'Unknown image file format'),
        (encoded(photo(), 'JPEG')[:300], 'Invalid JPEG'),
        (encoded(photo(), 'PNG')[:300], 'PNG'),
        (encoded(photo(), 'TIFF'), 'Unknown image file format'),
    ],
)
def test_what_cannot_be_decoded(contents, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        decode(contents)


def test_pictures_of_all_formats_go_through_one_dataset():
    data = tf.data.Dataset.from_tensor_slices(list(PICTURES.values())).map(decode)
    for picture, contents in zip(data, PICTURES.values(), strict=True):
        np.testing.assert_array_equal(picture, decode(contents))

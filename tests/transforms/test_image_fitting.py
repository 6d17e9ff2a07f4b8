import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.transforms.pictures import encoded, exif, photo
from transforms.image_fitting import all_pixels, fit, pixels
from transforms.image_settings import ImageInput


def box(height, width, size):
    """Resize by Pillow, as an average over what becomes one pixel."""
    return np.asarray(photo(height, width).resize(size, Image.Resampling.BOX)).astype(int)


def test_padding_keeps_the_proportion_and_all_of_the_picture():
    found = fit(np.asarray(photo(40, 80)), ImageInput(size=40)).numpy()
    assert found.shape == (40, 40, 3)
    assert not found[:10].any()
    assert not found[30:].any()
    np.testing.assert_allclose(found[10:30], box(40, 80, (40, 20)), atol=1)


def test_cropping_keeps_the_proportion_and_the_middle():
    found = fit(np.asarray(photo(40, 80)), ImageInput(size=20, fit='crop')).numpy()
    middle = photo(40, 80).crop((20, 0, 60, 40)).resize((20, 20), Image.Resampling.BOX)
    np.testing.assert_allclose(found, np.asarray(middle).astype(int), atol=1)


def test_stretching_keeps_all_of_it():
    found = fit(np.asarray(photo(40, 80)), ImageInput(size=[20, 20], fit='stretch')).numpy()
    np.testing.assert_allclose(found, box(40, 80, (20, 20)), atol=1)


@pytest.mark.parametrize('how', ['pad', 'crop', 'stretch'])
@pytest.mark.parametrize('shape', [(1, 1), (1, 90), (7, 5), (33, 34), (300, 200)])
@pytest.mark.parametrize('size', [(8, 8), (32, 48)])
def test_any_shape_fits(how, shape, size):
    found = fit(np.full((*shape, 3), 200, np.uint8), ImageInput(size=size, fit=how)).numpy()
    assert found.shape == (*size, 3)
    assert set(np.unique(found)) <= ({0, 200} if how == 'pad' else {200})
    assert found.any()


def test_a_small_picture_is_enlarged_smoothly():
    small = np.array([[0, 0], [200, 200]], np.uint8)[..., np.newaxis].repeat(3, -1)
    column = fit(small, ImageInput(size=8, fit='stretch')).numpy()[:, 4, 0].astype(int)
    assert column[0] == 0
    assert column[-1] == 200
    assert (np.diff(column) >= 0).all()
    assert len(set(column)) > 4


def test_gray_is_brightness():
    found = fit(np.asarray(photo(16, 16)), ImageInput(size=16, channels='gray')).numpy()
    assert found.shape == (16, 16, 1)
    np.testing.assert_allclose(found[..., 0], np.asarray(photo(16, 16).convert('L')), atol=1)
    white = np.full((16, 16, 3), 255, np.uint8)
    assert (fit(white, ImageInput(size=16, channels='gray')).numpy() == 255).all()


@pytest.mark.parametrize('orientation', [1, 6])
@pytest.mark.parametrize('how', ['pad', 'crop', 'stretch'])
def test_large_photos_give_the_same_pixels_as_their_full_size(how, orientation):
    contents = encoded(photo(900, 2400), 'JPEG', quality=100, exif=exif(orientation))
    assert len(contents) > 2**16
    image = ImageInput(size=[64, 96], fit=how)
    turned = photo(900, 2400).rotate(0 if orientation == 1 else -90, expand=True)
    found, full = pixels(contents, image).numpy(), fit(np.asarray(turned), image).numpy()
    difference = np.abs(found.astype(int) - full)
    assert difference.mean() < 1.5
    assert np.quantile(difference, 0.99) < 12


def test_many_pictures_at_once_are_each_as_alone():
    image = ImageInput(size=24)
    files = [encoded(photo(30, 50, seed), 'JPEG') for seed in range(3)]
    together = all_pixels(tf.constant(files), image)
    assert together.dtype == tf.uint8
    for file, alone in zip(files, together, strict=True):
        np.testing.assert_array_equal(pixels(file, image), alone)
    assert all_pixels(tf.constant([], tf.string), image).shape == (0, 24, 24, 3)

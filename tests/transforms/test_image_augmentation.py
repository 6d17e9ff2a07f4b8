import numpy as np
import pytest
import tensorflow as tf

from tests.transforms.pictures import photo
from transforms.image_augmentation import augment
from transforms.image_settings import ImageInput

COUNT = 64
PICTURES = np.stack([np.asarray(photo(32, 32, 1))] * COUNT)


def changed(seed=(1, 2), fit='pad', pictures=PICTURES, **how):
    image = ImageInput(size=pictures.shape[1:3], fit=fit, augment=how)
    return np.asarray(augment(tf.constant(pictures), image, seed))


def test_nothing_to_change():
    np.testing.assert_array_equal(changed(), PICTURES)


@pytest.mark.parametrize(
    ('flip', 'ways'),
    [
        ('horizontal', [np.s_[:], np.s_[:, ::-1]]),
        ('vertical', [np.s_[:], np.s_[::-1]]),
        ('both', [np.s_[:], np.s_[:, ::-1], np.s_[::-1], np.s_[::-1, ::-1]]),
    ],
)
@pytest.mark.parametrize('rotate', [0, 1e-9])
def test_mirrored_pictures_are_exact_and_as_many_as_others(flip, ways, rotate):
    found = changed(flip=flip, rotate=rotate)
    counts = []
    for way in ways:
        expected = PICTURES[0][way]
        counts.append(sum(np.abs(f - expected).max() < 0.1 for f in found))
    assert sum(counts) == COUNT
    assert min(counts) > COUNT / len(ways) / 2.5


def test_turning_stays_within_its_angle():
    picture = np.zeros((1, 65, 65, 3), np.uint8)
    picture[0, 32, 52:60] = 255
    found = changed(pictures=picture.repeat(COUNT, 0), rotate=30)
    y, x = np.mgrid[:65, :65] - 32
    weight = found[..., 0].sum((1, 2))
    angles = np.degrees(
        np.arctan2(
            (found[..., 0] * y).sum((1, 2)) / weight, (found[..., 0] * x).sum((1, 2)) / weight
        )
    )
    assert np.abs(angles).max() < 31
    assert angles.min() < -15
    assert angles.max() > 15


def spread(found):
    """Return the side of the bright square in the middle of each picture."""
    return np.sqrt((found[..., 0] / 255).sum((1, 2)))


def test_zoom_makes_larger_and_smaller():
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    picture[0, 22:42, 22:42] = 255
    sides = spread(changed(pictures=picture.repeat(COUNT, 0), zoom=0.25))
    assert 15 < sides.min() < 18
    assert 23 < sides.max() < 27.5


def test_cropping_only_enlarges_and_moves():
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    picture[0, 22:42, 22:42] = 255
    sides = spread(changed(pictures=picture.repeat(COUNT, 0), crop=0.3))
    assert sides.min() > 19.5
    assert sides.max() > 22
    white = np.full((COUNT, 32, 32, 3), 255, np.uint8)
    np.testing.assert_allclose(changed(pictures=white, crop=0.5), white, atol=0.1)


def test_brightness_and_contrast_stay_within_bounds():
    middle = np.full((COUNT, 32, 32, 3), 100, np.uint8)
    lit = changed(pictures=middle, brightness=0.1)
    assert np.ptp(lit, axis=(1, 2, 3)).max() < 1e-3
    assert 70 < lit.min() < 90
    assert 110 < lit.max() < 130
    np.testing.assert_allclose(changed(pictures=middle, contrast=0.5), middle, atol=1e-3)
    deviations = changed(contrast=0.5).std((1, 2)) / PICTURES[0].std((0, 1))
    assert 0.45 < deviations.min() < 0.75
    assert deviations.max() > 1.1
    everything = changed(brightness=0.9, contrast=0.9)
    assert everything.min() >= 0
    assert everything.max() <= 255


@pytest.mark.parametrize(('fit', 'least'), [('pad', 0), ('crop', 200), ('stretch', 200)])
def test_what_comes_in_is_black_only_where_padding_is(fit, least):
    gray = np.full((COUNT, 32, 32, 3), 200, np.uint8)
    assert changed(pictures=gray, fit=fit, rotate=45).min() == pytest.approx(least, abs=0.1)


def test_the_same_seed_changes_alike_and_another_one_otherwise():
    how = {'flip': 'both', 'rotate': 20, 'zoom': 0.1, 'crop': 0.1, 'brightness': 0.1}
    np.testing.assert_array_equal(changed(**how), changed(**how))
    assert (changed(**how) != changed(seed=(1, 3), **how)).any()
    one, other = changed(**how)[:2]
    assert (one != other).any()

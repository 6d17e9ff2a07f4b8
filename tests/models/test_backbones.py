import keras
import numpy as np
import pytest

from models.backbone_names import BACKBONES, known_backbone, smallest_side
from models.backbones import BackboneError, features
from models.settings import Transfer


def test_all_networks_that_keras_has_are_known():
    names = vars(keras.applications)
    assert set(BACKBONES) == {name for name in names if name[0].isupper() and callable(names[name])}
    assert len(BACKBONES) == 40


@pytest.mark.parametrize('name', ['MobileNetV2', 'Xception', 'InceptionV3', 'InceptionResNetV2'])
def test_a_backbone_takes_no_smaller_pictures_than_is_said(name):
    side = smallest_side(name)
    build = getattr(keras.applications, name)
    with pytest.raises(ValueError, match=f'at least {side}x{side}'):
        build(include_top=False, weights=None, input_shape=(side - 1, side - 1, 3))


@pytest.mark.parametrize('name', BACKBONES)
def test_no_backbone_takes_smaller_ones(name):
    if name.startswith('ConvNeXt'):
        pytest.skip('says nothing about it')
    build = getattr(keras.applications, name)
    side = smallest_side(name) - 1
    with pytest.raises(ValueError, match=r'[Ii]nput size must be at least|default'):
        build(include_top=False, weights=None, input_shape=(side, side, 3))


@pytest.mark.parametrize(
    ('written', 'nearest'),
    [('mobilenetv2', 'MobileNetV2'), ('Resnet-50', 'ResNet50'), ('EfficientNet', 'EfficientNetB')],
)
def test_a_name_that_is_near(written, nearest):
    with pytest.raises(ValueError, match=nearest):
        known_backbone(written)


@pytest.mark.parametrize('name', ['MobileNetV2', 'ResNet50', 'EfficientNetB0', 'MobileNetV3Small'])
@pytest.mark.slow
def test_pixels_are_prepared_as_each_backbone_wants_them(name):
    given = keras.Input((32, 32, 3), name='image')
    keras.utils.set_random_seed(3)
    found = features(given, Transfer(backbone=name, weights=None))
    keras.utils.set_random_seed(3)
    build = getattr(keras.applications, name)
    alone = build(include_top=False, weights=None, input_shape=(32, 32, 3))
    model = keras.Model(given, found)
    model.set_weights(alone.get_weights())
    module = {'ResNet50': 'resnet50', 'EfficientNetB0': 'efficientnet'}.get(name)
    module = module or {'MobileNetV2': 'mobilenet_v2', 'MobileNetV3Small': 'mobilenet_v3'}[name]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    prepared = getattr(keras.applications, module).preprocess_input(pixels.copy())
    np.testing.assert_allclose(model(pixels), alone(prepared), rtol=1e-4, atol=1e-5)


def test_a_download_that_fails_says_where_to_put_the_file(monkeypatch):
    def unreachable(**_):
        raise Exception('URL fetch failure on https://host/some/mobilenet_no_top.h5: None -- down')

    monkeypatch.setattr(keras.applications, 'MobileNetV2', unreachable)
    with pytest.raises(BackboneError) as raised:
        features(keras.Input((32, 32, 3)), Transfer())
    told = str(raised.value)
    assert 'Put mobilenet_no_top.h5 into ~/.keras/models' in told
    assert '--set model.weights=FILE' in told
    assert '\n' not in told


def test_options_that_a_backbone_does_not_have():
    with pytest.raises(BackboneError, match=r'model\.backbone ResNet50: .*alpha'):
        features(
            keras.Input((32, 32, 3)),
            Transfer(backbone='ResNet50', weights=None, options={'alpha': 0.5}),
        )

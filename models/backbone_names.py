"""Networks of keras.applications, by name; imports nothing slow, as recipes are checked with it."""

import difflib

_SMALLEST = {'Inception': 75, 'Xception': 71}
"""Pixels of the smallest side, by the first letters of the name; 32 for others."""

BACKBONES = (
    'ConvNeXtBase', 'ConvNeXtLarge', 'ConvNeXtSmall', 'ConvNeXtTiny', 'ConvNeXtXLarge',
    'DenseNet121', 'DenseNet169', 'DenseNet201',
    'EfficientNetB0', 'EfficientNetB1', 'EfficientNetB2', 'EfficientNetB3', 'EfficientNetB4',
    'EfficientNetB5', 'EfficientNetB6', 'EfficientNetB7',
    'EfficientNetV2B0', 'EfficientNetV2B1', 'EfficientNetV2B2', 'EfficientNetV2B3',
    'EfficientNetV2L', 'EfficientNetV2M', 'EfficientNetV2S',
    'InceptionResNetV2', 'InceptionV3',
    'MobileNet', 'MobileNetV2', 'MobileNetV3Large', 'MobileNetV3Small',
    'NASNetLarge', 'NASNetMobile',
    'ResNet101', 'ResNet101V2', 'ResNet152', 'ResNet152V2', 'ResNet50', 'ResNet50V2',
    'VGG16', 'VGG19', 'Xception',
)  # fmt: skip


def known_backbone(name: str) -> str:
    """Return a name that is one of them.

    Raises:
        ValueError: it is not; says which are near.
    """
    if name in BACKBONES:
        return name
    by_lower_case = {b.lower(): b for b in BACKBONES}
    near = [by_lower_case[n] for n in difflib.get_close_matches(name.lower(), by_lower_case, 3)]
    listed = near or ['MobileNetV2', 'EfficientNetB0', 'ResNet50', 'Xception']
    raise ValueError(f'{name!r} is not in keras.applications; nearest: {", ".join(listed)}')


def smallest_side(name: str) -> int:
    """Return how many pixels the shorter side of a backbone's pictures has at least."""
    return next((side for start, side in _SMALLEST.items() if name.startswith(start)), 32)

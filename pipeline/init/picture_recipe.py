"""A recipe for pictures as text, each guess with its reason beside it."""

import math
from typing import Any

from models.settings import Cnn, Transfer
from pipeline.init.gate import class_bound
from pipeline.init.pictures import Pictures
from pipeline.init.sizing import split_for
from pipeline.init.text import bound_text, comment, flow, given, listed

SMALL = 72
"""Longest side in pixels up to which a network of our own sees all there is."""

MANY = 100_000
"""Pictures from which one learns to see from them alone."""

BACKBONE_SIZES = (96, 128, 160, 192, 224)
"""Sizes that MobileNetV2's weights are for."""

LARGE = 1024
"""Longest side in pixels from which decoding takes most of the time."""

SHRUNK = 512
"""Longest side that larger photos are stored with."""


def picture_recipe_text(name: str, shown: str, images: str, pictures: Pictures) -> str:
    """Write a recipe for pictures as YAML.

    Args:
      name: Its name.
      shown: What it is written from.
      images: Where the pictures are, as the recipe is to name them.
      pictures: What is known of them.
    """
    model = _model(pictures)
    sections = [
        [
            f'# Written by `sluice init` from {comment(shown)}: guesses from '
            f'{pictures.count:,} pictures. Change what is wrong.',
            f'name: {name}',
            *_task(pictures),
        ],
        ['data:', f'  images: {flow(images)}', *_data(pictures)],
        [f'image: {flow(_image(pictures, model))}  # {_image_why(pictures)}'],
        [*_model_lines(model), f'train: {flow(_training(pictures, model))}'],
        ['gate:', '  metrics:', *_gate(pictures)],
    ]
    return '\n\n'.join('\n'.join(lines) for lines in sections) + '\n'


def _task(pictures: Pictures) -> list[str]:
    classes = pictures.found.classes
    counts = comment(listed(dict(sorted(classes.items(), key=lambda item: -item[1]))))
    if len(classes) > 2:
        return [f'task: multiclass  # pictures: {counts}']
    order = 'the second is the positive one; swap them if it is not'
    return [f'task: binary  # pictures: {counts}', f'classes: {flow(list(classes))}  # {order}']


def _data(pictures: Pictures) -> list[str]:
    lines = []
    if '' in pictures.found.counts:
        split = split_for(pictures.count)
        lines.append(f'  split: {flow(given(split, "into"))}  # by content: copies stay together')
    else:
        named = ', '.join(f'{s} {sum(c.values()):,}' for s, c in pictures.found.counts.items())
        lines.append(f'  # Split as they are laid out: {named}.')
        lines += [f'  # {note[0].upper()}{note[1:]}.' for note in pictures.found.notes]
    if pictures.bad_share > 0.01:
        share = math.ceil(150 * pictures.bad_share) / 100
        why = f'{len(pictures.bad)} of {pictures.looked_at} looked at cannot be opened'
        lines.append(f'  max_bad_fraction: {min(share, 1.0)}  # {why}')
    if pictures.longest > LARGE:
        why = f'half of them are {pictures.longest} pixels or more; made smaller once'
        lines.append(f'  shrink: {SHRUNK}  # {why}')
    return lines


def _model(pictures: Pictures) -> Cnn | Transfer:
    if pictures.longest > SMALL and pictures.count < MANY:
        return Transfer()
    return Cnn(filters=(32, 64) if pictures.longest < 40 else (32, 64, 128))


def _image(pictures: Pictures, model: Cnn | Transfer) -> dict[str, Any]:
    if isinstance(model, Transfer):
        fitting = [size for size in BACKBONE_SIZES if size <= pictures.longest]
        return {'size': max(fitting, default=BACKBONE_SIZES[0]), 'fit': 'pad'}
    height, width = (min(max(side, 8), 128) for side in (pictures.height, pictures.width))
    size = height if height == width else [height, width]
    return {'size': size, 'channels': 'gray' if pictures.gray else 'rgb'}


def _image_why(pictures: Pictures) -> str:
    colours = 'gray' if pictures.gray else 'in colour'
    return f'half of them are {pictures.height} x {pictures.width} or more, {colours}'


def _model_lines(model: Cnn | Transfer) -> list[str]:
    if isinstance(model, Cnn):
        return [f'model: {flow({"kind": "cnn"} | given(model, "filters"))}']
    return [
        '# weights: imagenet is downloaded once; offline, name a file: docs/picture-models.md.',
        '# fine_tune: {layers: 30, epochs: 5} and image.augment do better, and take longer.',
        f'model: {flow({"kind": "transfer"} | given(model, "backbone", "weights"))}',
    ]


def _training(pictures: Pictures, model: Cnn | Transfer) -> dict[str, Any]:
    few = pictures.count < 20_000
    epochs = 20 if isinstance(model, Transfer) else 30 if few else 10
    return {'epochs': epochs, 'batch_size': 32 if few else 128, 'schedule': 'cosine'}


def _gate(pictures: Pictures) -> list[str]:
    found = pictures.found
    judged = sum(found.counts.get('test', {}).values())
    shares = split_for(pictures.count).into
    judged = judged or pictures.count * shares['test'] // sum(shares.values())
    task = 'multiclass' if len(found.classes) > 2 else 'binary'
    bound = class_bound(task, found.classes, judged)
    return [f'    {bound.metric}: {bound_text(bound)}  # {bound.why}']

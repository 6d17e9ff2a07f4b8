"""Whether the parts of a recipe fit each other."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

from components.evaluator.fairness_settings import CRITERIA
from components.evaluator.settings import CLASS_METRICS, METRICS
from components.query_example_gen.settings import UNLABELLED
from models.backbone_names import smallest_side
from models.search_space import check_space
from models.settings import OwnModel, Transfer, WideDeep
from pipeline.hardware_check import check_hardware
from pipeline.suggest import check_known
from transforms.features import Numeric
from transforms.image_settings import ImageInput

if TYPE_CHECKING:
    from pipeline.recipe import Recipe


def check_consistency(recipe: 'Recipe') -> None:
    """Check that the parts of a recipe fit each other.

    Raises:
      ValueError: They don't; the first word is the key path.
    """
    _check_kind_of_data(recipe)
    if recipe.data.split.names == (UNLABELLED,):
        raise ValueError('data.split: train and eval are needed')
    if recipe.label in recipe.features:
        raise ValueError(
            f'features.{recipe.label}: is the label; a model that sees it learns nothing else'
        )
    for i, cross in enumerate(recipe.crosses):
        _check_cross(recipe, f'crosses.{i}', cross.of)
    if recipe.task == 'regression':
        if recipe.classes:
            raise ValueError('classes: a regression has none')
        if recipe.train.class_weights:
            raise ValueError('train.class_weights: a regression has no classes')
        if recipe.train.label_smoothing:
            raise ValueError('train.label_smoothing: a regression has no classes')
    if recipe.task == 'binary' and recipe.classes and len(recipe.classes) != 2:
        raise ValueError(f'classes: a binary task has two, got {len(recipe.classes)}')
    if isinstance(recipe.train.class_weights, dict) and recipe.classes:
        check_known('train.class_weights', recipe.train.class_weights, recipe.classes, 'class')
    check_known('gate.metrics', recipe.gate.metrics, METRICS[recipe.task], f'{recipe.task} metric')
    for i, by in enumerate(recipe.gate.slices):
        check_known(
            f'gate.slices.{i}.metrics', by.metrics, METRICS[recipe.task], f'{recipe.task} metric'
        )
    _check_class_gates(recipe)
    for i, fairness in enumerate(recipe.gate.fairness):
        at = f'gate.fairness.{i}.criteria'
        check_known(at, fairness.criteria, CRITERIA[recipe.task], f'{recipe.task} criterion')
    if recipe.gate.fairness and not recipe.evaluation.keep_predictions:
        raise ValueError('evaluation.keep_predictions: 0 keeps no rows to measure gate.fairness on')
    if (
        recipe.train.find_rate == 'use'
        and recipe.tune.trials
        and 'learning_rate' in recipe.tune.space
    ):
        raise ValueError(
            'train.find_rate: use would overrule the learning_rate that tune.space searches; '
            'leave one of them out'
        )
    try:
        check_space(recipe.model, recipe.train, recipe.tune)
    except ValueError as error:
        raise ValueError(f'tune.space: {error}') from None
    check_hardware(recipe)
    try:
        _ = recipe.transform_config
    except ValidationError as error:
        raise ValueError(f'features: {error.errors()[0]["ctx"]["error"]}') from None


def _check_kind_of_data(recipe: 'Recipe') -> None:
    """Check that data, features and model are all of a table, or all of pictures."""
    if not recipe.pictures:
        if not recipe.features and not recipe.transform:
            raise ValueError('features: name at least one column (or your own transform)')
        if recipe.image:
            raise ValueError('image: the data is a table; give data.images, or leave it out')
        if not isinstance(recipe.model, WideDeep | OwnModel):
            raise ValueError(
                f'model.kind: {recipe.model.kind!r} learns from pictures; for a table: '
                'wide_deep, or the dotted path of your own'
            )
        return
    for key in ('features', 'crosses', 'transform'):
        if getattr(recipe, key):
            raise ValueError(f'{key}: the data is pictures, which are learnt from whole')
    if recipe.batch:
        raise ValueError('batch: predicts rows of a table; for pictures: sluice predict')
    if isinstance(recipe.model, WideDeep):
        raise ValueError(
            "model.kind: 'wide_deep' learns from a table; for pictures: linear, dense, cnn, "
            'transfer, or the dotted path of your own'
        )
    if recipe.task == 'regression':
        raise ValueError('task: pictures are told apart by class; binary or multiclass')
    if recipe.label != 'label':
        raise ValueError(f"label: of pictures it is 'label', got {recipe.label!r}")
    if isinstance(recipe.model, Transfer):
        _check_backbone(recipe, recipe.model)


def _check_backbone(recipe: 'Recipe', model: Transfer) -> None:
    height, width = (recipe.image or ImageInput()).size
    searched = recipe.tune.space.get('backbone', ())
    for name in (model.backbone, *(searched if isinstance(searched, tuple) else ())):
        if min(height, width) < smallest_side(name):
            raise ValueError(
                f'image.size: {height} x {width} pixels are too few for {name}, which takes '
                f'{smallest_side(name)} or more'
            )


def _check_cross(recipe: 'Recipe', path: str, of: tuple[str, ...]) -> None:
    check_known(path, of, recipe.features, 'feature')
    for name in of:
        feature = recipe.features[name]
        if feature.kind == 'date':
            raise ValueError(f'{path}: {name} is a date, which has no single id')
        if isinstance(feature, Numeric) and not feature.is_bucketed:
            raise ValueError(f'{path}: {name} is numeric; give it buckets or boundaries')


def _check_class_gates(recipe: 'Recipe') -> None:
    if recipe.task == 'regression' and recipe.gate.classes:
        raise ValueError('gate.classes: a regression has none')
    for i, gate in enumerate(recipe.gate.classes):
        path = f'gate.classes.{i}'
        check_known(f'{path}.metrics', gate.metrics, CLASS_METRICS, 'metric of a class')
        if recipe.classes:
            check_known(f'{path}.of', gate.of or (), recipe.classes, 'class')

"""Whether a recipe fits its data: the columns of its query, or its pictures."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from components.prediction_table.settings import COLUMNS
from models.settings import Transfer
from pipeline.suggest import check_known

if TYPE_CHECKING:
    from pipeline.recipe import Recipe

CLASSES_SHOWN = 8
"""Classes that a message names."""

KINDS_TYPES = {
    'numeric': ('INTEGER', 'FLOAT', 'BOOLEAN'),
    'categorical': ('STRING', 'INTEGER', 'BOOLEAN'),
    'hashed': ('STRING', 'INTEGER'),
    'date': ('STRING',),
}
"""Feature kind -> BigQuery types it can be made from."""


def check_columns(recipe: 'Recipe', columns: dict[str, str]) -> None:
    """Hold the recipe against the columns that its query returns.

    Args:
      recipe: The recipe.
      columns: column name -> BigQuery type.

    Raises:
      ValueError: A column is named that the query doesn't return, or a feature's kind
        does not fit its type; the first word is the key path.
    """
    check_known('label', [recipe.label], columns, 'column of the query')
    check_known('features', recipe.features, columns, 'column of the query')
    check_known('units', recipe.units, columns, 'column of the query')
    check_known('data_gate.drift', recipe.data_gate.drift, columns, 'column of the query')
    check_known('data_gate.skew', recipe.data_gate.skew, columns, 'column of the query')
    split = recipe.data.split
    split_key = 'data.split.column' if split.column else 'data.split.by'
    check_known(split_key, split.columns, columns, 'column of the query')
    for i, fairness in enumerate(recipe.gate.fairness):
        check_known(f'gate.fairness.{i}.by', fairness.by, columns, 'column of the query')
    for i, by in enumerate(recipe.gate.slices):
        check_known(f'gate.slices.{i}.by', by.by, columns, 'column of the query')
    check_known('report.slices', recipe.report.slices or (), columns, 'column of the query')
    for name, feature in recipe.features.items():
        if (type_ := columns[name]) not in (allowed := KINDS_TYPES[feature.kind]):
            raise ValueError(
                f'features.{name}: {feature.kind} needs {" or ".join(allowed)}, '
                f'the query returns {type_}; CAST it in the query or choose another kind'
            )
    if recipe.task == 'regression' and columns[recipe.label] not in ('INTEGER', 'FLOAT'):
        raise ValueError(
            f'label: a regression needs a number, but {recipe.label} is {columns[recipe.label]}; '
            'use task: binary or multiclass, or CAST it'
        )


def check_pictures(recipe: 'Recipe', columns: Collection[str], classes: Mapping[str, int]) -> None:
    """Hold the recipe against its pictures.

    Args:
      recipe: The recipe.
      columns: Columns that they have beside themselves.
      classes: Pictures by class.

    Raises:
      ValueError: A column or class is named that they don't have, or they have other classes
        than the recipe; the first word is the key path.
    """
    check_known('data_gate.drift', recipe.data_gate.drift, columns, 'column of the pictures')
    check_known('data_gate.skew', recipe.data_gate.skew, columns, 'column of the pictures')
    for i, fairness in enumerate(recipe.gate.fairness):
        check_known(f'gate.fairness.{i}.by', fairness.by, columns, 'column of the pictures')
    for i, by in enumerate(recipe.gate.slices):
        check_known(f'gate.slices.{i}.by', by.by, columns, 'column of the pictures')
    check_known('report.slices', recipe.report.slices or (), columns, 'column of the pictures')
    if isinstance(recipe.train.class_weights, dict):
        check_known('train.class_weights', recipe.train.class_weights, classes, 'class')
    for i, gate in enumerate(recipe.gate.classes):
        check_known(f'gate.classes.{i}.of', gate.of or (), classes, 'class')
    if isinstance(recipe.model, Transfer):
        _check_weights(recipe.model)
    listed = ', '.join(list(classes)[:CLASSES_SHOWN])
    listed += ', …' if len(classes) > CLASSES_SHOWN else ''
    if len(classes) < 2:
        raise ValueError(
            f'data.images: there is one class only, {listed or "none"}; expected a folder for '
            'each class, at least two'
        )
    if recipe.classes is None:
        if recipe.task == 'binary' and len(classes) > 2:
            raise ValueError(
                f'task: binary has two classes, the pictures {len(classes)}: {listed}; use '
                'multiclass'
            )
        return
    check_known('classes', recipe.classes, classes, 'class of the pictures')
    if others := [name for name in classes if name not in recipe.classes]:
        raise ValueError(
            f'classes: the pictures have {others[0]!r} too; name all {len(classes)}, or leave '
            'classes out'
        )


def check_batch_columns(recipe: 'Recipe', columns: dict[str, str]) -> None:
    """Hold the recipe against the columns that its batch query returns.

    Raises:
      ValueError: A feature isn't among them, or a prediction's name is.
    """
    missing = [name for name in recipe.features if name not in columns]
    if missing:
        raise ValueError(
            f'batch.query: does not return {missing[0]}, which the model learns from; it '
            f'returns {", ".join(columns)}'
        )
    for name in COLUMNS[recipe.task].values():
        if name in columns:
            raise ValueError(
                f'batch.query: returns a column {name}, as the predictions are called; '
                'rename it in the query'
            )


def _check_weights(model: Transfer) -> None:
    file = model.weights_file
    if file and '://' not in file and not Path(file).is_file():
        raise ValueError(
            f'model.weights: there is no file {file}; expected weights of {model.backbone} without '
            'its top layers, imagenet or null'
        )

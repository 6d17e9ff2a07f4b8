"""Models built by the user's own function, named by its dotted path."""

import importlib
import inspect
from collections.abc import Sequence
from typing import Any

import keras

from models.inputs import ModelInput
from models.settings import OwnModel, TrainerConfig
from models.target import Target


class OwnModelError(ValueError):
    """A function of the user that cannot be found or does not build a fitting model."""


def load_function(path: str) -> Any:
    """Import the function that a dotted path names.

    Raises:
        OwnModelError: it cannot be imported, or is not there, or cannot be called.
    """
    module_name, _, name = path.rpartition('.')
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise OwnModelError(
            f'model.kind {path!r}: cannot import {module_name!r}: {error}; it must be beside the '
            'recipe, in the working directory, or installed'
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise OwnModelError(f'model.kind {path!r}: {module_name!r} has no function {name!r}')
    return function


def build(
    inputs: Sequence[ModelInput], model: OwnModel, config: TrainerConfig, target: Target
) -> keras.Model:
    """Build the user's model, and check that it fits the task.

    Args:
        inputs: what it may take in, each by the name given.
        model: names the function and its options.
        config: passed on, with the classes of `target` filled in.
        target: what is predicted.

    Returns:
        The model, as built by the function.

    Raises:
        OwnModelError: options that the function does not take, inputs that there are not, or an
            output other than `[batch, 1]` (regression, binary) or `[batch, classes]`.
    """
    function = load_function(model.kind)
    config = config.model_copy(update={'classes': target.classes or None})
    try:
        inspect.signature(function).bind(inputs, config, **model.options)
    except TypeError as error:
        raise OwnModelError(
            f'model.kind {model.kind!r} cannot be called as build(inputs, config, **options) with '
            f'options {model.options}: {error}'
        ) from None
    built = function(inputs, config, **model.options)
    _check(built, model.kind, {i.name for i in inputs}, target)
    return built


def _check(built: object, path: str, names: set[str], target: Target) -> None:
    if not isinstance(built, keras.Model):
        raise OwnModelError(
            f'model.kind {path!r} must return a keras.Model, got {type(built).__name__}'
        )
    try:
        taken = built.input
    except (AttributeError, ValueError):
        taken = None
    if not isinstance(taken, dict):
        raise OwnModelError(
            f'model.kind {path!r} must return a functional model whose inputs are a dict by name '
            '(see models.inputs.keras_inputs)'
        )
    unknown = sorted(set(taken) - names)
    if unknown:
        raise OwnModelError(
            f'model.kind {path!r} takes an input {unknown[0]!r} that the transform does not make; '
            f'it makes: {", ".join(sorted(names))}'
        )
    if built.output_shape != (None, target.units):
        raise OwnModelError(
            f'model.kind {path!r} must have one output of shape (None, {target.units}) for '
            f'task {target.task}, got {built.output_shape}'
        )

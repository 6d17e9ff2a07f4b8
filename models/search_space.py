"""What a search may vary, and how its values become settings; imports nothing slow."""

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from models.settings import (
    TUNABLE_MODEL,
    TUNABLE_TRAINING,
    Model,
    OwnModel,
    Range,
    TrainerConfig,
    Training,
    Transfer,
    Tuning,
    WideDeep,
)

Scalar = int | float | str | bool


def check_space(model: Model, train: Training, tune: Tuning) -> None:
    """Check that what is searched exists, and that each value would be accepted.

    Raises:
        ValueError: a name that the model and the training do not have, or a value that the
            setting of that name does not take.
    """
    for name, choices in tune.space.items():
        known = TUNABLE_TRAINING + TUNABLE_MODEL.get(model.kind, ())
        if not isinstance(model, OwnModel) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f'did you mean {near[0]!r}? ' if near else ''
            raise ValueError(
                f'{name!r} cannot be searched; {hint}settings that can: {", ".join(known)}'
            )
        if name == 'backbone' and isinstance(model, Transfer) and model.weights_file:
            raise ValueError(
                f'backbone: the weights {model.weights_file} fit one only; to search backbones use '
                'weights: imagenet'
            )
        values = (choices.min, choices.max) if isinstance(choices, Range) else choices
        for value in values:
            try:
                _applied(model, train, {name: value})
            except ValidationError as error:
                why = error.errors()[0]['msg']
                raise ValueError(f'{name}: {value!r} is no value for it: {why}') from None


def with_values(config: TrainerConfig, values: Mapping[str, Any]) -> TrainerConfig:
    """Return the settings with those that a search has found.

    Args:
        config: settings, with the space that was searched.
        values: as KerasTuner holds them: choices encoded, and its own notes among them.
    """
    found = {
        name: decoded(choices, values[name])
        for name, choices in config.tune.space.items()
        if name in values
    }
    model, train = _applied(config.model, config.train, found)
    return config.model_copy(update={'model': model, 'train': train})


def _applied(model: Model, train: Training, found: Mapping[str, Any]) -> tuple[Model, Training]:
    for_train = {k: v for k, v in found.items() if k in TUNABLE_TRAINING}
    for_model = {k: v for k, v in found.items() if k not in TUNABLE_TRAINING}
    if isinstance(model, OwnModel):
        for_model = {'options': model.options | for_model}
    return (
        type(model).model_validate(model.model_dump() | for_model),
        type(train).model_validate(train.model_dump() | for_train),
    )


def encoded(choices: Sequence[Any]) -> dict[Scalar, Any]:
    """Return the choices by what stands for them in KerasTuner: scalars of one type.

    Numbers stay numbers; lists (as of `hidden`) and mixtures become JSON.
    """
    if all(isinstance(c, int | float) and not isinstance(c, bool) for c in choices):
        whole = all(isinstance(c, int) for c in choices)
        return {(c if whole else float(c)): c for c in choices}
    if all(isinstance(c, str) for c in choices) or all(isinstance(c, bool) for c in choices):
        return {c: c for c in choices}
    return {json.dumps(c): c for c in choices}


def decoded(choices: Range | Sequence[Any], value: Scalar) -> Any:
    """Return the value that a search has found, as the setting takes it."""
    return value if isinstance(choices, Range) else encoded(choices)[value]


def is_whole(name: str, choices: Range) -> bool:
    """Whether only whole numbers of a range are meant."""
    for settings in (Training, WideDeep):
        if name in settings.model_fields:
            return settings.model_fields[name].annotation is int
    return isinstance(choices.min, int) and isinstance(choices.max, int)

"""The feature kinds a recipe may name, and their settings."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MISSING_ID = 0
"""Id that every category-like output gives to a missing value."""


class Settings(BaseModel):
    """Base of all recipe settings: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra='forbid', allow_inf_nan=False)


class Numeric(Settings):
    """A number, scaled; optionally also cut into buckets.

    A missing value is replaced as `missing` says, and marked in a second output,
    `<name>_missing`, so that the model can tell it from a real one.
    """

    kind: Literal['numeric'] = 'numeric'
    scale: Literal['zscore', 'minmax', 'log', 'none'] = Field(
        'zscore',
        description='zscore: mean 0, deviation 1. minmax: to [0, 1]. '
        'log: sign(x) * ln(1 + |x|), then zscore. none: as it is.',
    )
    buckets: int | None = Field(
        None, ge=2, le=1000, description='Also cut into this many quantile buckets.'
    )
    boundaries: tuple[float, ...] | None = Field(
        None, min_length=1, description='Also cut at these values (ascending).'
    )
    missing: Literal['mean'] | float = Field(
        'mean',
        description='What a missing value is replaced by: mean (with log, that of the logs), '
        'or a number.',
    )

    @model_validator(mode='after')
    def _one_way_to_cut(self) -> 'Numeric':
        if self.buckets and self.boundaries:
            raise ValueError('give buckets or boundaries, not both')
        if self.boundaries and list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError(f'boundaries must ascend, got {list(self.boundaries)}')
        return self

    @property
    def is_bucketed(self) -> bool:
        """Whether the number is also available as a bucket id, as crosses need."""
        return bool(self.buckets or self.boundaries)


class Categorical(Settings):
    """One of a set of values (strings, whole numbers or booleans), by a learnt vocabulary.

    Missing is a category of its own; values outside the vocabulary share `oov` buckets.
    """

    kind: Literal['categorical'] = 'categorical'
    vocabulary: int = Field(
        1000, ge=1, description='Keep at most this many of the most frequent values.'
    )
    min_count: int = Field(1, ge=1, description='Keep values seen at least this often.')
    oov: int = Field(1, ge=1, description='Buckets for values outside the vocabulary.')


class Hashed(Settings):
    """A value of high cardinality (names, codes, free text), hashed whole into buckets.

    Missing is a bucket of its own.
    """

    kind: Literal['hashed'] = 'hashed'
    hash_buckets: int = Field(1000, ge=2, description='Number of hash buckets.')


class Date(Settings):
    """A date or timestamp string, ISO 8601 order (`2008-03-01`, `2008-03-01 12:30:00`).

    The parts are those written: an offset (`+01:00`, `Z`) is not applied. Missing and
    unreadable values are a category of their own in each part; with `days` they are also
    marked in `<name>_missing`.
    """

    kind: Literal['date'] = 'date'
    parts: tuple[Literal['days', 'year', 'month', 'day', 'weekday', 'hour'], ...] = Field(
        ('days', 'month', 'weekday'),
        min_length=1,
        description='What to take from it. days: days since 1970-01-01, scaled. '
        'The others are categories: year by a vocabulary of those seen, month 1-12, '
        'day 1-31, weekday 1-7 from Monday, hour 1-24 (1 is the first of the day).',
    )


def _short_form(value: object) -> object:
    return {'kind': value} if isinstance(value, str) else value


FeatureSettings = Annotated[Numeric | Categorical | Hashed | Date, Field(discriminator='kind')]

Kind = Literal['numeric', 'categorical', 'hashed', 'date']

Feature = Annotated[
    FeatureSettings, BeforeValidator(_short_form, json_schema_input_type=Kind | FeatureSettings)
]
"""Settings of one feature; in a recipe also its kind alone: `plurality: categorical`."""


class Cross(Settings):
    """Combination of two or more features, as one category.

    Each combination has an id of its own where they number no more than `hash_buckets`;
    otherwise combinations are hashed into that many buckets.
    """

    of: tuple[str, ...] = Field(
        min_length=2,
        max_length=4,
        description='Features to combine: categorical, hashed, or numeric with buckets.',
    )
    hash_buckets: int = Field(1000, ge=2, description='Ids at most.')

    @property
    def name(self) -> str:
        """Name of the transformed feature."""
        return '_x_'.join(self.of)


def _short_cross(value: object) -> object:
    return {'of': value} if isinstance(value, list | tuple) else value


CrossFeature = Annotated[
    Cross, BeforeValidator(_short_cross, json_schema_input_type=tuple[str, ...] | Cross)
]
"""Settings of one cross; in a recipe also its members alone: `[is_male, plurality]`."""


def output_names(name: str, feature: Numeric | Categorical | Hashed | Date) -> tuple[str, ...]:
    """Return the names of the transformed features that one feature becomes."""
    match feature:
        case Numeric():
            bucket = (f'{name}_bucket',) if feature.is_bucketed else ()
            return (name, f'{name}_missing', *bucket)
        case Date():
            missing = (f'{name}_missing',) if 'days' in feature.parts else ()
            return (*(f'{name}_{part}' for part in feature.parts), *missing)
        case _:
            return (name,)


class TransformConfig(Settings):
    """All that `preprocessing_fn` needs to know; travels as Transform's `custom_config`."""

    features: dict[str, Feature]
    crosses: tuple[CrossFeature, ...] = ()
    label: str
    task: Literal['regression', 'binary', 'multiclass']

    @model_validator(mode='after')
    def _crosses_combine_categories(self) -> 'TransformConfig':
        for cross in self.crosses:
            for member in cross.of:
                feature = self.features.get(member)
                if feature is None:
                    known = ', '.join(self.features)
                    raise ValueError(
                        f'cross {list(cross.of)}: {member!r} is no feature; known: {known}'
                    )
                if isinstance(feature, Date):
                    raise ValueError(f'cross {list(cross.of)}: {member!r} is a date')
                if isinstance(feature, Numeric) and not feature.is_bucketed:
                    raise ValueError(
                        f'cross {list(cross.of)}: {member!r} is numeric; give it buckets'
                    )
            if len(set(cross.of)) < len(cross.of):
                raise ValueError(f'cross {list(cross.of)} names a feature twice')
        return self

    @model_validator(mode='after')
    def _outputs_differ(self) -> 'TransformConfig':
        made_by = {self.label: 'the label'}
        for name, feature in self.features.items():
            for output in output_names(name, feature):
                _claim(made_by, output, f'feature {name!r}')
        for cross in self.crosses:
            _claim(made_by, cross.name, f'cross {list(cross.of)}')
        return self


def _claim(made_by: dict[str, str], output: str, maker: str) -> None:
    """Note who makes an output; two makers of one name are an error."""
    if output in made_by:
        raise ValueError(
            f'{made_by[output]} and {maker} both become {output!r}; rename a column in the query'
        )
    made_by[output] = maker

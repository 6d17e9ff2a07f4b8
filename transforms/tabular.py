"""The `preprocessing_fn` of recipes that name features: from raw columns to model inputs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import schema_inference

from transforms.dates import Dates, parse_dates
from transforms.features import Categorical, Cross, Date, Hashed, Numeric, TransformConfig

LABEL_VOCABULARY = 'label'
"""Name of the TFT vocabulary asset that holds the label's values, for classification."""

Raw = Mapping[str, tf.Tensor | tf.SparseTensor]


class FeatureError(ValueError):
    """A recipe's features do not fit the columns of the data."""


class Numbers(NamedTuple):
    """Numbers `[batch]`, float64, NaN for missing, and what is to become of them."""

    values: tf.Tensor
    flag: str
    feature: Numeric


class Ids(NamedTuple):
    """Category ids `[batch]`, int64, 0 for missing, and the largest there can be (int64)."""

    values: tf.Tensor
    largest: tf.Tensor


def preprocessing_fn(inputs: Raw, custom_config: Mapping[str, Any]) -> dict[str, tf.Tensor]:
    """Transform raw columns as the recipe's features say.

    Args:
        inputs: raw columns by name, `[batch]` or `[batch, 1]`, sparse where optional; int64,
            float32 or string. No value, NaN, an infinite one and '' all mean missing.
        custom_config: a `TransformConfig` as a dict; other keys are ignored.

    Returns:
        `[batch]` tensors: float32 numbers, int64 ids (0 = missing; their domain is in the
        transformed schema), and the label under its own name: float32 for regression, otherwise
        string, its values kept as vocabulary asset `label`.

    Raises:
        FeatureError: a column is not there, or has a type that its kind cannot use.
    """
    known = {k: v for k, v in custom_config.items() if k in TransformConfig.model_fields}
    config = TransformConfig.model_validate(known)
    numbers: dict[str, Numbers] = {}
    ids: dict[str, Ids] = {}
    for name, feature in config.features.items():
        column = _column(inputs, name)
        match feature:
            case Numeric():
                numbers[name] = Numbers(_numbers(name, column), f'{name}_missing', feature)
                if feature.is_bucketed:
                    ids[f'{name}_bucket'] = _bucket_ids(numbers[name].values, feature)
            case Categorical():
                ids[name] = _vocabulary_ids(f'{name}_vocabulary', _text(column), feature)
            case Hashed():
                ids[name] = _hashed_ids(_text(column), feature.hash_buckets)
            case Date():
                dates = _dates(name, column)
                if 'days' in feature.parts:
                    days = tf.where(dates.valid, tf.cast(dates.days, tf.float64), float('nan'))
                    numbers[f'{name}_days'] = Numbers(days, f'{name}_missing', Numeric())
                for part in feature.parts:
                    if part != 'days':
                        ids[f'{name}_{part}'] = _date_ids(f'{name}_{part}', part, dates)
    for cross in config.crosses:
        members = [ids[f'{m}_bucket' if m in numbers else m] for m in cross.of]
        ids[cross.name] = _crossed_ids(members, cross)
    return {
        **_scaled(numbers),
        **{name: _published(i) for name, i in ids.items()},
        config.label: _label(config, _column(inputs, config.label)),
    }


def _column(inputs: Raw, name: str) -> tf.Tensor | tf.SparseTensor:
    """Return a column with one place per row, `[batch]` (dense) or `[batch, 1]` (sparse)."""
    if name not in inputs:
        raise FeatureError(f'column {name!r} is not in the data; it has: {", ".join(inputs)}')
    column = inputs[name]
    if isinstance(column, tf.SparseTensor):
        rows = column.dense_shape[0]
        return tf.SparseTensor(column.indices, column.values, tf.stack([rows, 1]))
    if column.shape.rank == 2 and column.shape[1] != 1:
        raise FeatureError(f'column {name!r} has {column.shape[1]} values per row, expected one')
    return tf.reshape(column, [-1])


def _dense(column: tf.Tensor | tf.SparseTensor, missing: Any) -> tf.Tensor:
    if isinstance(column, tf.SparseTensor):
        return tf.reshape(tf.sparse.to_dense(column, missing), [-1])
    return column


def _numbers(name: str, column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Return float64 `[batch]`, NaN for missing."""
    if column.dtype == tf.string:
        raise FeatureError(
            f'feature {name!r} is numeric but its column holds strings; make it categorical, '
            'hashed or date, or CAST it in the query'
        )
    numbers = _dense(tf.cast(column, tf.float64), float('nan'))
    return tf.where(tf.math.is_finite(numbers), numbers, float('nan'))


def _text(column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    """Return string `[batch]`, '' for missing; whole numbers as their digits."""
    if isinstance(column, tf.SparseTensor):
        return _dense(column.with_values(_text(column.values)), '')
    if column.dtype.is_floating:
        written = tf.strings.as_string(column, shortest=True)
        return tf.where(tf.math.is_finite(column), written, '')
    return column if column.dtype == tf.string else tf.strings.as_string(column)


def _scaled(columns: Mapping[str, Numbers]) -> dict[str, tf.Tensor]:
    """Scale numbers by statistics of their present values, and mark where they are missing.

    All columns are analysed together, as TFT's cost is by analyzer rather than by column.
    """
    if not columns:
        return {}
    features = [c.feature for c in columns.values()]
    logs = [f.scale == 'log' for f in features]
    sample = _measured(tf.stack([c.values for c in columns.values()], axis=1), logs)
    missing = tf.math.is_nan(sample)

    # TFT leaves NaN out of means and variances; what has no value at all gets mean 0.
    mean = _finite_or(tft.mean(sample, reduce_instance_dims=False), 0.0)
    variance = tft.var(sample, reduce_instance_dims=False)
    standard = [f.scale in ('zscore', 'log') for f in features]
    offset = tf.where(standard, mean, 0.0)
    spread = tf.where(standard, tf.sqrt(variance), 1.0)
    if any(f.scale == 'minmax' for f in features):
        to_range = [f.scale == 'minmax' for f in features]
        infinity = tf.constant(float('inf'), tf.float64)
        low = tft.min(tf.where(missing, infinity, sample), reduce_instance_dims=False)
        high = tft.max(tf.where(missing, -infinity, sample), reduce_instance_dims=False)
        offset = tf.where(to_range, _finite_or(low, 0.0), offset)
        spread = tf.where(to_range, high - low, spread)
    spread = tf.where(tf.math.is_finite(spread) & (spread > 0), spread, 1.0)

    by_mean = [f.missing == 'mean' for f in features]
    number = [0.0 if f.missing == 'mean' else f.missing for f in features]
    fill = tf.where(by_mean, mean, _measured(tf.constant(number, tf.float64), logs))
    scaled = tf.cast((tf.where(missing, fill, sample) - offset) / spread, tf.float32)

    # A mark that is never set when analysed would meet an untrained weight when serving.
    flags = tf.cast(missing, tf.float32)
    flags *= tft.max(flags, reduce_instance_dims=False)
    return {
        **dict(zip(columns, tf.unstack(scaled, axis=1), strict=True)),
        **dict(zip((c.flag for c in columns.values()), tf.unstack(flags, axis=1), strict=True)),
    }


def _measured(x: tf.Tensor, logs: list[bool]) -> tf.Tensor:
    """Take sign(x) ln(1 + |x|) of the columns that ask for it."""
    return tf.where(logs, tf.sign(x) * tf.math.log1p(tf.abs(x)), x)


def _finite_or(x: tf.Tensor, otherwise: float) -> tf.Tensor:
    return tf.where(tf.math.is_finite(x), x, tf.cast(otherwise, x.dtype))


def _bucket_ids(numbers: tf.Tensor, feature: Numeric) -> Ids:
    present = ~tf.math.is_nan(numbers)
    if feature.buckets:
        epsilon = min(0.1 / feature.buckets, 0.01)
        boundaries = tft.quantiles(tf.boolean_mask(numbers, present), feature.buckets, epsilon)
    else:
        boundaries = tf.constant([feature.boundaries], tf.float64)
    buckets = tft.apply_buckets(numbers, boundaries)
    count = tf.shape(boundaries, out_type=tf.int64)[1] + 1
    return _shifted(buckets, present, count)


def _vocabulary_ids(name: str, text: tf.Tensor, feature: Categorical) -> Ids:
    vocabulary = tft.vocabulary(
        text,
        top_k=feature.vocabulary,
        frequency_threshold=feature.min_count if feature.min_count > 1 else None,
        vocab_filename=name,
    )
    ids = tft.apply_vocabulary(text, vocabulary, num_oov_buckets=feature.oov)
    # TFT writes one entry, which nothing matches, to a vocabulary that would be empty.
    size = tf.maximum(tft.experimental.get_vocabulary_size_by_name(name), 1)
    return _shifted(ids, text != '', tf.cast(size, tf.int64) + feature.oov)


def _hashed_ids(text: tf.Tensor, buckets: int) -> Ids:
    return _shifted(tft.hash_strings(text, buckets), text != '', tf.constant(buckets, tf.int64))


def _dates(name: str, column: tf.Tensor | tf.SparseTensor) -> Dates:
    if column.dtype != tf.string:
        raise FeatureError(
            f'feature {name!r} is a date but its column holds {column.dtype.name}; '
            'CAST it to STRING in the query, or make it numeric'
        )
    return parse_dates(_text(column))


def _date_ids(name: str, part: str, dates: Dates) -> Ids:
    match part:
        case 'year':
            text = tf.where(dates.valid, tf.strings.as_string(dates.year), '')
            return _vocabulary_ids(f'{name}_vocabulary', text, Categorical())
        case 'hour':
            zero_based, count = dates.hour, 24
        case 'weekday':
            zero_based, count = dates.weekday - 1, 7
        case 'month':
            zero_based, count = dates.month - 1, 12
        case _:
            zero_based, count = dates.day - 1, 31
    return _shifted(zero_based, dates.valid, tf.constant(count, tf.int64))


def _crossed_ids(members: list[Ids], cross: Cross) -> Ids:
    """Combine ids: numbered through where all combinations fit, otherwise hashed.

    Missing (0) is where every member is; a combination with some members missing is one more.
    """
    mixed = members[0].values
    combinations = tf.cast(members[0].largest + 1, tf.float64)
    for member in members[1:]:
        mixed = mixed * (member.largest + 1) + member.values
        combinations *= tf.cast(member.largest + 1, tf.float64)
    fits = combinations - 1 <= cross.hash_buckets
    hashed = 1 + tft.hash_strings(tf.strings.as_string(mixed), cross.hash_buckets)
    some = tf.reduce_any(tf.stack([m.values > 0 for m in members]), axis=0)
    values = tf.where(some, tf.where(fits, mixed, hashed), 0)
    largest = tf.minimum(combinations - 1, float(cross.hash_buckets))
    return Ids(values, tf.cast(largest, tf.int64))


def _shifted(zero_based: tf.Tensor, present: tf.Tensor, count: tf.Tensor) -> Ids:
    """Make room for missing: ids 0..count-1 become 1..count, missing ones 0."""
    return Ids(tf.where(present, zero_based + 1, 0), count)


def _published(ids: Ids) -> tf.Tensor:
    """Put the domain of ids into the transformed schema, where models read it."""
    values = tf.identity(ids.values)
    schema_inference.set_tensor_schema_override(values, tf.constant(0, tf.int64), ids.largest)
    return values


def _label(config: TransformConfig, column: tf.Tensor | tf.SparseTensor) -> tf.Tensor:
    if config.task == 'regression':
        if column.dtype == tf.string:
            raise FeatureError(
                f'label {config.label!r} holds strings, but task regression needs a number'
            )
        return _dense(tf.cast(column, tf.float32), float('nan'))
    text = _text(column)
    tft.vocabulary(text, vocab_filename=LABEL_VOCABULARY)
    return text

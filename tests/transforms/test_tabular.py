import math

import numpy as np
import pytest
import tensorflow as tf

from tests.transforms.analysis import analyse, transformed
from transforms import tabular

NAN = float('nan')
TYPES = {
    'count': int,
    'share': float,
    'late': float,
    'income': int,
    'never': float,
    'same': int,
    'colour': str,
    'code': int,
    'rare': str,
    'nothing': str,
    'name': str,
    'day': str,
    'y': int,
}
COLUMNS = {
    'count': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, None, None],
    'share': [0.0, None, 0.5, NAN, 1.0, math.inf, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    'late': [None] * 6 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    'income': [0, 10, 100, 1000, -10, 0, 0, 0, 0, 0, None, 0],
    'never': [None] * 12,
    'same': [5] * 12,
    'colour': ['red'] * 6 + ['blue'] * 3 + ['green'] + [None, ''],
    'code': [7] * 5 + [-3] * 4 + [12345678901] * 2 + [None],
    'rare': ['a'] * 5 + ['b'] * 4 + ['c', 'd', 'e'],
    'nothing': [None] * 12,
    'name': [f'name {i}' for i in range(11)] + [None],
    'day': ['2024-02-28', '2024-02-29', '2024-03-01', '1969-12-31 23:00:00']
    + ['2023-02-29', 'no', None]
    + ['2024-06-01'] * 5,
    'y': [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, None],
}
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
CONFIG = {
    'label': 'y',
    'task': 'regression',
    'features': {
        'count': {'kind': 'numeric', 'buckets': 5},
        'share': {'kind': 'numeric', 'scale': 'minmax', 'missing': -1, 'boundaries': [0.5, 0.75]},
        'late': {'kind': 'numeric', 'scale': 'none'},
        'income': {'kind': 'numeric', 'scale': 'log'},
        'never': {'kind': 'numeric', 'buckets': 3},
        'same': 'numeric',
        'colour': 'categorical',
        'code': {'kind': 'categorical', 'vocabulary': 2, 'oov': 2},
        'rare': {'kind': 'categorical', 'min_count': 3},
        'nothing': 'categorical',
        'name': {'kind': 'hashed', 'hash_buckets': 7},
        'day': {'kind': 'date', 'parts': ['days', 'year', 'month', 'day', 'weekday', 'hour']},
    },
    'crosses': [
        ['colour', 'rare'],
        {'of': ['count', 'name'], 'hash_buckets': 4},
        {'of': ['colour', 'nothing'], 'hash_buckets': 50},
    ],
    'code': 'digest of the code, no setting',
}
UNSEEN = {
    'count': 1000,
    'share': 2.0,
    'late': None,
    'income': 5,
    'never': 3.0,
    'same': None,
    'colour': 'mauve',
    'code': 99,
    'rare': None,
    'nothing': 'something',
    'name': 'nobody',
    'day': '2031-12-31',
}


@pytest.fixture(scope='module')
def output(tmp_path_factory):
    return analyse(ROWS, TYPES, CONFIG, tmp_path_factory.mktemp('graph'), batch_size=4)


@pytest.fixture(scope='module')
def made(output):
    return transformed(output, ROWS, TYPES)


@pytest.fixture(scope='module')
def unseen(output):
    """The features of a row with new values, without the label."""
    return {k: v[0] for k, v in transformed(output, [UNSEEN], {**TYPES, 'y': int}).items()}


def domains(output):
    return {
        f.name: (f.int_domain.min, f.int_domain.max)
        for f in output.transformed_metadata.schema.feature
        if f.HasField('int_domain')
    }


def test_zscore_is_of_present_values_and_missing_becomes_their_mean(made):
    present = np.arange(1, 11)
    np.testing.assert_allclose(made['count'][:10], (present - 5.5) / present.std(), rtol=1e-6)
    assert made['count'][10:].tolist() == [0, 0]
    assert made['count_missing'].tolist() == [0] * 10 + [1, 1]


def test_nan_and_infinity_are_missing(made):
    assert made['share_missing'].tolist() == [0, 1, 0, 1, 0, 1] + [0] * 6
    assert made['share'].tolist() == [0, -1, 0.5, -1, 1, -1] + [0.5] * 6
    assert made['share_bucket'].tolist() == [1, 0, 2, 0, 3, 0] + [2] * 6


def test_a_column_missing_in_a_whole_batch_still_has_its_mean(made):
    assert made['late'].tolist() == [3.5] * 6 + [1, 2, 3, 4, 5, 6]


def test_log_scale(made):
    values = np.array([0, 10, 100, 1000, -10, 0, 0, 0, 0, 0, 0])
    logs = np.sign(values) * np.log1p(np.abs(values))
    scaled = (logs - logs.mean()) / logs.std()
    np.testing.assert_allclose(np.delete(made['income'], 10), scaled, rtol=1e-5)
    assert made['income'][10] == 0


def test_nothing_to_learn_from_gives_no_nan(made, unseen):
    assert made['never'].tolist() == [0] * 12
    assert made['never_missing'].tolist() == [1] * 12
    assert made['same'].tolist() == [0] * 12
    assert all(np.isfinite(v).all() for k, v in made.items() if v.dtype == np.float32 and k != 'y')
    assert all(np.isfinite(v).all() for v in unseen.values() if v.dtype == np.float32 and v == v)


def test_missing_is_not_marked_where_training_never_saw_it(unseen):
    assert unseen['same_missing'] == 0
    assert unseen['late_missing'] == 1


def test_quantile_buckets(made, unseen):
    assert made['count_bucket'].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 0, 0]
    assert unseen['count_bucket'] == 5


def test_vocabulary_ids_by_frequency(made, unseen):
    assert made['colour'].tolist() == [1] * 6 + [2] * 3 + [3] + [0, 0]
    assert unseen['colour'] == 4


def test_whole_numbers_as_categories(made, unseen):
    assert made['code'][:9].tolist() == [1] * 5 + [2] * 4
    assert set(made['code'][9:11]) <= {3, 4}
    assert made['code'][11] == 0
    assert unseen['code'] in (3, 4)


def test_rare_values_share_a_bucket(made):
    assert made['rare'].tolist() == [1] * 5 + [2] * 4 + [3] * 3


def test_an_empty_vocabulary(made, unseen, output):
    assert made['nothing'].tolist() == [0] * 12
    assert 0 < unseen['nothing'] <= domains(output)['nothing'][1]


def test_hashing(made, unseen):
    assert made['name'][11] == 0
    assert made['name'][:11].min() >= 1
    assert len(set(made['name'][:11])) > 3
    assert 1 <= unseen['name'] <= 7


def test_date_parts(made, unseen):
    unreadable = [4, 5, 6]
    assert made['day_missing'][unreadable].tolist() == [1, 1, 1]
    for part in ('year', 'month', 'day', 'weekday', 'hour'):
        assert made[f'day_{part}'][unreadable].tolist() == [0, 0, 0], part
    assert made['day_month'][:4].tolist() == [2, 2, 3, 12]
    assert made['day_day'][:4].tolist() == [28, 29, 1, 31]
    assert made['day_weekday'][:4].tolist() == [3, 4, 5, 3]
    assert made['day_hour'][:4].tolist() == [1, 1, 1, 24]
    assert made['day_year'][:4].tolist() == [1, 1, 1, 2]
    assert unseen['day_year'] == 3
    per_day = made['day_days'][1] - made['day_days'][0]
    np.testing.assert_allclose(made['day_days'][2] - made['day_days'][1], per_day, rtol=1e-4)


def test_a_cross_that_fits_numbers_all_combinations(made, output):
    pairs = set(zip(made['colour'], made['rare'], strict=True))
    assert len(set(made['colour_x_rare'])) == len(pairs)
    assert domains(output)['colour_x_rare'] == (0, 5 * 4 - 1)
    assert made['colour_x_nothing'][:10].min() > 0
    assert made['colour_x_nothing'][10:].tolist() == [0, 0]


def test_a_cross_that_does_not_fit_is_hashed(made):
    assert made['count_x_name'].min() >= 0
    assert made['count_x_name'].max() <= 4
    assert made['count_x_name'][11] == 0
    assert made['count_x_name'][10] > 0


def test_every_id_lies_in_the_domain_of_the_schema(made, unseen, output):
    found = domains(output)
    assert found == {
        'count_bucket': (0, 5),
        'share_bucket': (0, 3),
        'never_bucket': found['never_bucket'],
        'colour': (0, 4),
        'code': (0, 4),
        'rare': (0, 3),
        'nothing': (0, 2),
        'name': (0, 7),
        'day_year': (0, 3),
        'day_month': (0, 12),
        'day_day': (0, 31),
        'day_weekday': (0, 7),
        'day_hour': (0, 24),
        'colour_x_rare': (0, 19),
        'count_x_name': (0, 4),
        'colour_x_nothing': (0, 14),
    }
    assert found.keys() == {k for k, v in made.items() if v.dtype == np.int64}
    for name, (low, high) in found.items():
        assert low <= made[name].min(), name
        assert made[name].max() <= high, name
        assert low <= unseen[name] <= high, name


def test_the_label_passes_through_and_is_not_needed_for_the_features(output, made):
    np.testing.assert_array_equal(made['y'], [*range(1, 12), NAN])
    layer = output.transform_features_layer()
    columns = {k: v for k, v in output.raw_feature_spec().items() if k != 'y'}
    without = layer(tf.io.parse_example([b''], columns))
    assert without.keys() == made.keys() - {'y'}


def test_classes_pass_through_as_text_with_their_vocabulary(tmp_path):
    rows = [{'x': 1.0, 'y': v} for v in [3, 3, 12, None, 5]]
    config = {'label': 'y', 'task': 'multiclass', 'features': {'x': 'numeric'}}
    output = analyse(rows, {'x': float, 'y': int}, config, tmp_path)
    assert transformed(output, rows, {'x': float, 'y': int})['y'].tolist() == [
        b'3',
        b'3',
        b'12',
        b'',
        b'5',
    ]
    assert sorted(output.vocabulary_by_name('label')) == [b'12', b'3', b'5']


@pytest.mark.parametrize(
    ('kind', 'dtype', 'message'),
    [
        ('numeric', tf.string, "'x' is numeric but its column holds strings"),
        ('date', tf.int64, "'x' is a date but its column holds int64"),
    ],
)
def test_a_kind_that_does_not_fit_the_column(kind, dtype, message):
    with pytest.raises(tabular.FeatureError, match=message):
        tabular.preprocessing_fn(
            {'x': tf.zeros([1], tf.int64) if dtype == tf.int64 else tf.constant(['1'])},
            {'label': 'y', 'task': 'regression', 'features': {'x': kind}},
        )


def test_a_column_that_is_not_there():
    with pytest.raises(tabular.FeatureError, match="column 'x' is not in the data; it has: z"):
        tabular.preprocessing_fn(
            {'z': tf.zeros([1])}, {'label': 'y', 'task': 'regression', 'features': {'x': 'numeric'}}
        )

"""Preprocessing functions of users, for a table of `area`, `rooms`, `town` and `photo`."""

import tensorflow as tf
import tensorflow_transform as tft


def dense(column, missing):
    return tf.squeeze(tft.sparse_tensor_to_dense_with_shape(column, [None, 1], missing), 1)


def in_phases(inputs):
    """Analyze what depends on what was analyzed, twice."""
    area = dense(tf.cast(inputs['area'], tf.float32), 0.0)
    centred = area - tft.mean(area)
    scaled = centred / tft.max(tf.abs(centred))
    town = dense(inputs['town'], 'none')
    ids = tft.compute_and_apply_vocabulary(town, num_oov_buckets=1, vocab_filename='town')
    return {
        'area': scaled,
        'wide': tft.scale_to_0_1(scaled + tf.cast(ids, tf.float32)),
        'bucket': tft.bucketize(scaled, 5, elementwise=False),
        'ids': ids,
        'covariance': scaled * tft.covariance(tf.stack([area, scaled], 1), tf.float32)[0, 1],
    }


def vocabularies(inputs):
    """Learn vocabularies of each kind that is known."""
    town = dense(inputs['town'], '')
    rooms = dense(inputs['rooms'], 0)
    weights = dense(tf.cast(inputs['area'], tf.float32), 0.0)
    for name, column, settings in (
        ('frequent', town, {'frequency_threshold': 100}),
        ('counted', town, {'store_frequency': True}),
        ('heavy', town, {'weights': weights, 'top_k': 2}),
        ('shuffled', town, {'fingerprint_shuffle': True}),
        ('reserved', town, {'reserved_tokens': ['Oslo', 'Cork']}),
        ('none', town, {'frequency_threshold': 10**9}),
        ('no_top', town, {'frequency_threshold': 10**9, 'top_k': 3}),
        ('numbers', rooms, {'top_k': 3}),
        ('compressed', town, {'file_format': 'tfrecord_gzip'}),
    ):
        tft.vocabulary(column, vocab_filename=name, **settings)
    return {'town': tft.compute_and_apply_vocabulary(town), 'rooms': tf.identity(rooms)}


def with_photo(inputs):
    """Pass pictures through, and learn the label's classes."""
    town = dense(inputs['town'], '')
    tft.vocabulary(town, vocab_filename='label')
    return {'photo': dense(inputs['photo'], ''), 'town': town}


def per_key(inputs):
    """Ask for what only Beam computes."""
    area = dense(tf.cast(inputs['area'], tf.float32), 0.0)
    return {'area': tft.scale_to_z_score_per_key(area, dense(inputs['town'], 'none'))}


def nothing_learnt(inputs):
    """Analyze nothing."""
    return {'area': dense(tf.cast(inputs['area'], tf.float32), 0.0) * 2}

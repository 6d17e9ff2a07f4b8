import base64

from components.serving_gate.instances import instance, spread
from tests.transforms.analysis import serialized

TYPES = {'age': int, 'size': float, 'name': str, 'spare': str}


def test_rows_are_what_a_client_sends():
    row = {'age': 3, 'size': 1.5, 'name': 'Ω', 'spare': 'x'}
    sent = instance(serialized(row, TYPES), ['age', 'size', 'name'])
    assert sent == {'age': 3, 'size': 1.5, 'name': 'Ω'}


def test_missing_values_are_null():
    row = {'age': None, 'size': float('nan')}
    sent = instance(serialized(row, TYPES), ['age', 'size', 'name', 'unknown'])
    assert sent == dict.fromkeys(('age', 'size', 'name', 'unknown'))


def test_pictures_are_base64_whatever_their_column_is_called():
    import tensorflow as tf

    jpeg = b'\xff\xd8\xff and more'
    for name in ('image', 'image_bytes'):
        example = tf.train.Example()
        example.features.feature['label'].bytes_list.value.append(b'hat')
        example.features.feature[name].bytes_list.value.append(jpeg)
        sent = instance(example.SerializeToString(), ['image_bytes'])
        assert base64.b64decode(sent['image_bytes']['b64']) == jpeg


def test_rows_are_spread_over_the_first_batches():
    batches = ([b'%d' % (10 * i + j) for j in range(10)] for i in range(50))
    rows = spread(batches, 10)
    assert rows == [b'%d' % n for n in range(0, 100, 10)]


def test_few_rows_are_all_taken():
    assert spread([[b'a', b'b']], 10) == [b'a', b'b']
    assert spread([], 10) == []

import pytest
import tensorflow as tf

from tests.transforms.analysis import analyse, transformed
from transforms import image

TYPES = {'image': str, 'label': str, 'uri': str}
ROWS = [
    {'image': f'bytes of {i}', 'label': name, 'uri': f'{i}.png'}
    for i, name in enumerate(['dog', 'cat', 'dog', 'emu'])
]


@pytest.fixture(scope='module')
def output(tmp_path_factory):
    directory = tmp_path_factory.mktemp('image')
    return analyse(ROWS, TYPES, {'label': 'label'}, directory, image.preprocessing_fn)


def test_pictures_pass_as_they_are_and_labels_are_known(output):
    found = transformed(output, ROWS, TYPES)
    assert found.keys() == {'image', 'label'}
    assert found['image'].tolist() == [row['image'].encode() for row in ROWS]
    assert found['label'].tolist() == [b'dog', b'cat', b'dog', b'emu']
    assert sorted(output.vocabulary_by_name('label')) == [b'cat', b'dog', b'emu']


def test_a_missing_label_is_empty(output):
    rows = [*ROWS, {'image': 'more', 'label': None}]
    assert transformed(output, rows, TYPES)['label'].tolist()[-1] == b''


def test_a_column_that_is_not_there():
    columns = {'picture': tf.constant(['a']), 'label': tf.constant(['b'])}
    # By the module: TFX reloads it in a process that runs a pipeline, and makes its classes anew.
    with pytest.raises(
        image.PictureError, match="column 'image' is not in the data; it has: picture"
    ):
        image.preprocessing_fn(columns, {'label': 'label'})

import functools
import json

import numpy as np
import pytest
import tensorflow as tf

from models import dataset
from models.labels import DataError
from models.pictures import PictureGraph, PictureReader
from tests.models.picture_splits import as_examples, coloured, labelled, write_pictures
from transforms.image_fitting import all_pixels
from transforms.image_settings import ImageInput

SIZE = {'size': [8, 12]}
CHANGED = SIZE | {'augment': {'flip': 'both', 'rotate': 20, 'brightness': 0.2}}


def load(made, image=SIZE):
    return _loaded(made, json.dumps(image))


@functools.cache
def _loaded(made, image):
    return made.load(made.config(image=json.loads(image)))


def streamed(made, monkeypatch, image=SIZE):
    monkeypatch.setattr(dataset, 'MEMORY_LIMIT', 1000)
    return made.load(made.config(image=image))


def seen(batches):
    """Return pixels and labels of all batches."""
    inputs, labels = zip(*batches.as_numpy_iterator(), strict=True)
    return np.concatenate([i['image'] for i in inputs]), np.concatenate(labels)[:, 0]


def in_some_order(pixels):
    return sorted(picture.tobytes() for picture in pixels)


def read(made, name, files, must_know_all):
    data = load(made)
    return PictureReader(name, files, data.graph, data.target).read(must_know_all)


def test_a_single_pass_has_the_decoded_pictures_in_order_with_their_classes(pictures):
    made = pictures('multiclass')
    data = load(made)
    files, names = zip(*made.pictures['eval'], strict=True)
    pixels, labels = seen(data.evaluation.batches(8, inputs=['image']))
    expected = all_pixels(tf.constant(files), ImageInput.model_validate(SIZE))
    assert pixels.shape == (21, 8, 12, 3)
    np.testing.assert_array_equal(pixels, expected)
    assert [data.target.classes[i] for i in labels] == list(names)
    assert data.evaluation.labels.counts == (7, 7, 7)


def test_the_graph_gives_models_what_readers_give_them(pictures):
    made = pictures('multiclass')
    data = load(made)
    assert isinstance(data.graph, PictureGraph)
    examples = tf.constant(as_examples(made.pictures['eval']))
    columns = tf.io.parse_example(examples, data.graph.raw | data.graph.raw_label)
    features, label = data.graph.both(columns)
    np.testing.assert_array_equal(
        features['image'], seen(data.evaluation.batches(8, inputs=['image']))[0]
    )
    assert [x.decode() for x in label.numpy()] == [name for _, name in made.pictures['eval']]


def test_gray_pictures_have_one_channel(pictures):
    data = load(pictures('multiclass'), {'size': 8, 'channels': 'gray'})
    assert data.graph.inputs[0].shape == (8, 8, 1)
    assert seen(data.train.batches(8, inputs=['image']))[0].shape == (48, 8, 8, 1)


def test_pictures_that_do_not_fit_in_memory_are_streamed_the_same(pictures, monkeypatch):
    made = pictures('multiclass')
    kept = load(made).train
    stream = streamed(made, monkeypatch).train
    assert kept.columns
    assert stream.columns is None
    assert stream.labels == kept.labels
    one, other = (seen(split.batches(10, inputs=['image'])) for split in (kept, stream))
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


@pytest.mark.parametrize('way', ['kept', 'streamed'])
def test_shuffled_passes_have_each_picture_once_in_an_order_of_the_seed(pictures, monkeypatch, way):
    made = pictures('multiclass')
    split = (load(made) if way == 'kept' else streamed(made, monkeypatch)).train
    ordered, classes = seen(split.batches(16, inputs=['image']))
    two, labels = seen(split.batches(16, inputs=['image'], seed=5).take(6))
    assert in_some_order(two[:48]) == in_some_order(two[48:]) == in_some_order(ordered)
    assert (two[:48] != two[48:]).any()
    of_picture = dict(zip([p.tobytes() for p in ordered], classes, strict=True))
    assert [of_picture[p.tobytes()] for p in two] == labels.tolist()
    again = seen(split.batches(16, inputs=['image'], seed=5).take(6))[0]
    np.testing.assert_array_equal(two, again)
    assert (two != seen(split.batches(16, inputs=['image'], seed=6).take(6))[0]).any()


@pytest.mark.parametrize('way', ['kept', 'streamed'])
def test_pictures_change_anew_in_each_epoch_and_the_same_by_seed(pictures, monkeypatch, way):
    made = pictures('multiclass')
    data = load(made, CHANGED) if way == 'kept' else streamed(made, monkeypatch, CHANGED)
    two, again = (
        seen(data.train.batches(16, inputs=['image'], seed=5).take(6))[0] for _ in range(2)
    )
    np.testing.assert_array_equal(two, again)
    assert not set(in_some_order(two[:48])) & set(in_some_order(two[48:]))
    monkeypatch.undo()
    plain = load(made).train
    unchanged = seen(data.train.batches(16, inputs=['image']))[0]
    np.testing.assert_array_equal(unchanged, seen(plain.batches(16, inputs=['image']))[0])
    assert data.train.change


def test_without_augmentation_nothing_changes(pictures):
    assert load(pictures('multiclass')).train.change is None


def test_epochs_that_are_left_out_leave_the_later_ones_as_they_are(pictures):
    split = load(pictures('multiclass'), CHANGED).train
    whole = seen(split.batches(16, inputs=['image'], seed=5).take(6))[0]
    rest = seen(split.batches(16, inputs=['image'], seed=5, first_step=3).take(3))[0]
    np.testing.assert_array_equal(rest, whole[48:])


def test_unknown_labels_are_an_error_in_training_and_left_out_in_evaluation(
    pictures, tmp_path, caplog
):
    made = pictures('multiclass')
    some = labelled(6, ['red', 'blue'], 50)
    odd = [(coloured('green', 60), 'pink'), (coloured('green', 61), None)]
    files = write_pictures(tmp_path / 'part.gz', [*some[:3], *odd, *some[3:]])
    with pytest.raises(
        DataError, match=r"2 of 8 rows of split 'train' \(such as 'pink'\); expected: 'blue'"
    ):
        read(made, 'train', files, must_know_all=True)
    split = read(made, 'eval', files, must_know_all=False)
    assert "in 2 of 8 rows of split 'eval'" in caplog.text
    assert (split.rows, split.labels.counts) == (6, (3, 0, 3))
    pixels, labels = seen(split.batches(4, inputs=['image']))
    assert len(pixels) == 6
    assert labels.tolist() == [2, 0] * 3


def test_a_picture_that_cannot_be_decoded_names_its_split(pictures, tmp_path):
    made = pictures('multiclass')
    some = [*labelled(2, ['red', 'blue'], 70), (b'no picture', 'red')]
    files = write_pictures(tmp_path / 'part.gz', some)
    with pytest.raises(DataError, match="split 'eval' has a picture that cannot be decoded"):
        read(made, 'eval', files, must_know_all=False)


def test_a_split_without_pictures_or_files(pictures, tmp_path):
    made = pictures('multiclass')
    files = write_pictures(tmp_path / 'part.gz', [])
    with pytest.raises(DataError, match="split 'eval' has no rows"):
        read(made, 'eval', files, must_know_all=False)
    with pytest.raises(DataError, match="split 'eval' has no files"):
        read(made, 'eval', [str(tmp_path / 'nothing*')], must_know_all=False)

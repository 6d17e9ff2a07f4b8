"""What a model of pictures answers to clients, beside what is evaluated."""

import io
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from models.signatures import export
from models.training import build_model, fit
from tests.models.picture_splits import COLOURS, as_examples, coloured
from tests.models.test_signatures import V1_SESSION


@pytest.fixture(scope='module')
def exported(pictures, tmp_path_factory):
    """Return the directory of a trained and exported network, and its signatures."""
    made = pictures('multiclass')
    config = made.config(model={'kind': 'cnn', 'filters': [8]}, train={'epochs': 4})
    model = build_model(config, made.data)
    fit(model, config, made.data)
    directory = str(tmp_path_factory.mktemp('exported') / 'model')
    export(model, made.data.graph, made.data.target, directory)
    return directory, tf.saved_model.load(directory).signatures


def written(format_: str, size: tuple[int, int], **options) -> bytes:
    """Return a picture of no even colour, as a file of a format."""
    buffer = io.BytesIO()
    original = Image.open(io.BytesIO(coloured('red', 7, 48, 40)))
    original.resize(size).save(buffer, format_, **options)
    return buffer.getvalue()


def turned() -> bytes:
    """Return a JPEG file that says it is to be turned by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return written('JPEG', (60, 20), exif=exif)


@pytest.fixture(scope='module')
def files():
    return [
        written('JPEG', (64, 48), quality=80),
        written('JPEG', (17, 90), progressive=True),
        turned(),
        written('PNG', (32, 32)),
        coloured('green', 3),
        coloured('blue', 4, 8, 200),
    ]


def test_a_file_is_answered_as_its_example_is_evaluated(exported, files):
    served = exported[1]['serving_default'](image_bytes=tf.constant(files))
    examples = tf.constant(as_examples((file, 'red') for file in files))
    evaluated = exported[1]['serving_examples'](examples=examples)
    assert served.keys() == evaluated.keys()
    probabilities = served['probabilities'].numpy()
    np.testing.assert_allclose(probabilities, evaluated['probabilities'].numpy(), atol=1e-5)
    assert len({tuple(row) for row in probabilities.round(4).tolist()}) == len(files)
    for name in ('classes', 'label', 'top_classes'):
        assert served[name].numpy().tolist() == evaluated[name].numpy().tolist()


def test_files_are_answered_together_as_alone(exported, files):
    serve = exported[1]['serving_default']
    together = serve(image_bytes=tf.constant(files))['probabilities'].numpy()
    alone = [serve(image_bytes=tf.constant([f]))['probabilities'].numpy()[0] for f in files]
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_picture_is_turned_as_its_file_says(exported):
    contents = turned()
    upright = Image.open(io.BytesIO(contents)).transpose(Image.Transpose.ROTATE_270)
    buffer = io.BytesIO()
    upright.save(buffer, 'PNG')
    answers = exported[1]['serving_default'](image_bytes=tf.constant([contents, buffer.getvalue()]))
    said, expected = answers['probabilities'].numpy()
    np.testing.assert_allclose(said, expected, atol=0.02)  # TensorFlow and Pillow round JPEG apart


def test_the_most_likely_classes_come_first(exported, files):
    answers = exported[1]['serving_default'](image_bytes=tf.constant(files))
    probabilities, classes = answers['probabilities'].numpy(), answers['classes'].numpy()
    order = np.argsort(-probabilities, axis=1, kind='stable')
    expected = np.take_along_axis(probabilities, order, axis=1)
    np.testing.assert_array_equal(answers['top_probabilities'].numpy(), expected)
    assert (answers['top_classes'].numpy() == np.take_along_axis(classes, order, axis=1)).all()
    assert {name.decode() for name in classes[0]} == set(COLOURS)


def test_a_session_loads_it(exported, files, tmp_path):
    examples = as_examples((file, 'red') for file in files)
    np.save(tmp_path / 'examples.npy', np.array(examples, object))
    arguments = [exported[0], str(tmp_path / 'examples.npy'), str(tmp_path / 'answers.npz')]
    subprocess.run([sys.executable, '-c', V1_SESSION, *arguments], check=True)
    answers = np.load(tmp_path / 'answers.npz', allow_pickle=True)
    direct = exported[1]['serving_examples'](examples=tf.constant(examples))
    np.testing.assert_allclose(answers['probabilities'], direct['probabilities'], atol=1e-5)

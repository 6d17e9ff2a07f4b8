import keras
import numpy as np
import pytest

from models.losses import SmoothedCrossentropy, StandardSquaredError, loss_of
from models.target import LabelStatistics, Target

LABELS = LabelStatistics(deviation=4.0, counts=(1, 2, 3))
TRUTH = np.array([[0], [2], [1], [1]])
GUESS = np.random.default_rng(0).dirichlet(np.ones(3), 4).astype(np.float32)


def restored(loss):
    return keras.losses.deserialize(keras.losses.serialize(loss))


def test_the_loss_of_numbers_is_in_units_of_the_variance():
    loss = loss_of(Target('regression', 'amount'), LABELS)
    truth, guess = np.array([[1.0], [5.0]]), np.array([[5.0], [5.0]])
    assert float(loss(truth, guess)) == pytest.approx(0.5)
    assert isinstance(loss, StandardSquaredError)
    assert restored(loss).deviation == 4.0


@pytest.mark.parametrize('smoothing', [0.0, 0.1, 0.5])
@pytest.mark.parametrize('weights', [None, np.array([[1.0], [2.0], [0.5], [3.0]])])
def test_smoothed_labels_are_those_that_keras_has_for_vectors(smoothing, weights):
    loss = loss_of(Target('multiclass', 'kind', ('a', 'b', 'c')), LABELS, smoothing)
    expected = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    each = None if weights is None else weights[:, 0]
    found = float(loss(TRUTH, GUESS, sample_weight=weights))
    assert found == pytest.approx(float(expected(np.eye(3)[TRUTH[:, 0]], GUESS, each)), rel=1e-5)


def test_a_smoothed_loss_can_be_saved():
    assert restored(SmoothedCrossentropy(0.2)).smoothing == 0.2


def test_two_classes_are_smoothed_too():
    truth, guess = np.array([[1.0]]), np.array([[0.75]])
    loss = loss_of(Target('binary', 'won', ('no', 'yes')), LABELS, 0.2)
    expected = -(0.9 * np.log(0.75) + 0.1 * np.log(0.25))
    assert float(loss(truth, guess)) == pytest.approx(expected, rel=1e-5)

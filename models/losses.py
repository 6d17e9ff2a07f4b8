"""What training makes small."""

from typing import Any

import keras
from keras import ops

from models.target import LabelStatistics, Target


@keras.saving.register_keras_serializable('sluice')
class StandardSquaredError(keras.losses.Loss):
    """Squared error in units of the label's variance: 1 is as good as predicting the mean.

    Gradients then do not depend on the label's unit, and learning rates mean the same everywhere.
    """

    def __init__(self, deviation: float, **kwargs: Any) -> None:
        """Take the label's standard deviation."""
        super().__init__(**{'name': 'standard_squared_error'} | kwargs)
        self.deviation = deviation

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the error of each row."""
        error = (y_true - y_pred) / self.deviation
        return ops.mean(ops.square(error), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return super().get_config() | {'deviation': self.deviation}


@keras.saving.register_keras_serializable('sluice')
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy with labels smoothed (Szegedy et al. 2016, arXiv:1512.00567).

    Keras has it for labels as vectors only.
    """

    def __init__(self, smoothing: float, **kwargs: Any) -> None:
        """Take the share of each label that is spread over all classes."""
        super().__init__(**{'name': 'smoothed_crossentropy'} | kwargs)
        self.smoothing = smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each row, from class ids `[batch, 1]` and probabilities."""
        classes = y_pred.shape[-1]
        labels = ops.one_hot(ops.reshape(y_true, [-1]), classes, dtype=y_pred.dtype)
        smoothed = labels * (1 - self.smoothing) + self.smoothing / classes
        return keras.losses.categorical_crossentropy(smoothed, y_pred)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return super().get_config() | {'smoothing': self.smoothing}


def loss_of(target: Target, labels: LabelStatistics, smoothing: float = 0.0) -> keras.losses.Loss:
    """Return the loss of a task.

    Args:
        target: what is predicted.
        labels: the label in the train split.
        smoothing: of class labels.
    """
    match target.task:
        case 'regression':
            return StandardSquaredError(labels.deviation)
        case 'binary':
            return keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
        case _ if smoothing:
            return SmoothedCrossentropy(smoothing)
        case _:
            return keras.losses.SparseCategoricalCrossentropy()

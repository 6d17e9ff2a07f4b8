"""A plain Keras script for the training that the recipe of `benchmarks.photos` describes.

    python -m benchmarks.plain_transfer FOLDER WEIGHTS OUT

Features of frozen layers are computed once, as a careful script does, and the model is evaluated
on the test split and exported; statistics, checks, reports and gates it has none.

    python -m benchmarks.plain_transfer WEIGHTS

writes random weights, for where there are no others: speed is the same.
"""

import json
import logging
import sys
from pathlib import Path

import keras
import tensorflow as tf

from benchmarks.photos import (
    BATCH_SIZE,
    DROPOUT,
    FINE_TUNED_LAYERS,
    FINE_TUNING_EPOCHS,
    FINE_TUNING_RATE,
    HEAD_EPOCHS,
    HEAD_RATE,
    LABEL_SMOOTHING,
    SIZE,
)

EVAL_SHARE = 1 / 9
"""Of the train folder, as Sluice takes it where there are train and test folders."""


def main(folder: Path, weights: str, out: Path) -> None:
    """Train, evaluate and export."""
    keras.utils.set_random_seed(1)
    train, evaluation = _pictures(
        folder / 'train', validation_split=EVAL_SHARE, subset='both', seed=1
    )
    classes = len(train.class_names)
    test = _pictures(folder / 'test', shuffle=False)
    backbone = keras.applications.MobileNetV2(
        include_top=False, weights=weights, input_shape=(SIZE, SIZE, 3)
    )
    for layer in backbone.layers:
        layer.trainable = False
    border = len(backbone.layers) - FINE_TUNED_LAYERS
    frozen = keras.Model(backbone.input, backbone.layers[border - 1].output)
    last = keras.Model(frozen.output, backbone.output)
    head = keras.Sequential(
        [
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(DROPOUT),
            keras.layers.Dense(classes, activation='softmax'),
        ]
    )
    learnt, validated = _features(frozen, train), _features(frozen, evaluation)
    _fit(head, _features(last, learnt), _features(last, validated), HEAD_RATE, HEAD_EPOCHS)
    for layer in last.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    features = keras.Input(frozen.output.shape[1:])
    tuned = keras.Model(features, head(last(features, training=False)))
    _fit(tuned, learnt, validated, FINE_TUNING_RATE, FINE_TUNING_EPOCHS)
    pixels = keras.Input((SIZE, SIZE, 3))
    prepared = keras.applications.mobilenet_v2.preprocess_input(pixels)
    model = keras.Model(pixels, tuned(frozen(prepared)))
    model.compile(loss='categorical_crossentropy', metrics=['accuracy'])
    logging.getLogger(__name__).info(json.dumps(model.evaluate(test, verbose=0, return_dict=True)))
    model.export(str(out), verbose=False)


def write_weights(path: Path) -> None:
    """Write random weights of the backbone."""
    keras.utils.set_random_seed(1)
    network = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(SIZE, SIZE, 3)
    )
    network.save_weights(path)


def _pictures(folder: Path, **kwargs: object) -> tf.data.Dataset | list[tf.data.Dataset]:
    """Read a folder of class folders, in batches of (pixels, label one-hot)."""
    return keras.utils.image_dataset_from_directory(
        folder,
        label_mode='categorical',
        batch_size=BATCH_SIZE,
        image_size=(SIZE, SIZE),
        pad_to_aspect_ratio=True,
        verbose=False,
        **kwargs,
    )


def _features(network: keras.Model, split: tf.data.Dataset) -> tf.data.Dataset:
    """Run layers on a split, and keep what comes out in memory, unbatched."""
    pixels = network.input.shape[-1] == 3
    inputs, labels = [], []
    for x, label in split:
        x = keras.applications.mobilenet_v2.preprocess_input(x) if pixels else x
        inputs.append(network.predict_on_batch(x))
        labels.append(label)
    return tf.data.Dataset.from_tensor_slices((tf.concat(inputs, 0), tf.concat(labels, 0))).batch(
        BATCH_SIZE
    )


def _fit(
    network: keras.Model,
    train: tf.data.Dataset,
    evaluation: tf.data.Dataset,
    rate: float,
    epochs: int,
) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(rate, len(train) * epochs, alpha=0.01)
    network.compile(
        optimizer=keras.optimizers.Adam(schedule),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=LABEL_SMOOTHING),
        metrics=['accuracy'],
    )
    shuffled = train.unbatch().shuffle(10_000, seed=1).batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)
    network.fit(shuffled, validation_data=evaluation, epochs=epochs, verbose=0)


if __name__ == '__main__':
    logging.basicConfig(level=logging.INFO, format='%(message)s')
    if len(sys.argv) == 2:
        write_weights(Path(sys.argv[1]))
    else:
        main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))

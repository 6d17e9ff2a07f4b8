"""Export of a trained model with its transform, for clients, evaluation and batch inference."""

from collections.abc import Callable

import keras
import tensorflow as tf

from models.inputs import Tensors, TransformGraph
from models.labels import class_table
from models.pictures import PictureGraph
from models.target import Target

IMAGE_BYTES = 'image_bytes'
"""Input of pictures' signature; clients of JSON send base64 under such a name."""

TOP = 5
"""Classes that a model of pictures names at most, the most likely first."""


def export(model: keras.Model, graph: TransformGraph, target: Target, directory: str) -> None:
    """Write a SavedModel.

    Its signatures, for a batch of N rows:

    - `serving_default`: one input per raw column that the model needs, `[N]`: string ('' =
      missing), float32 for a float, float64 for an integer (NaN = missing; exact to 2^53). Of
      pictures one input, `image_bytes`, string `[N]`: files in any format that
      `transforms.image_decoding` knows, of any size.
    - `serving_examples`: input `examples`, string `[N]`, serialized tf.Examples. Same outputs.
    - `preprocessing`: inputs as `serving_default`; outputs what the network takes, by its names.
    - `labels`: input `examples`; output `label` `[N, 1]`: float32, or int64 class id (-1: none).

    Outputs: see `predictions`.

    Args:
        model: trained; takes inputs by name.
        graph: makes the inputs.
        target: what is predicted.
        directory: where to; may be remote.
    """
    table = class_table(target)
    examples = tf.TensorSpec([None], tf.string, name='examples')

    spec, features_of = _client_side(graph)

    def taken(features: Tensors) -> Tensors:
        return {n: features[n] for n in model.input}

    def predicted(features: Tensors) -> Tensors:
        found = predictions(model(taken(features), training=False), target)
        return found | most_likely(found) if isinstance(graph, PictureGraph) else found

    @tf.function(input_signature=[spec], autograph=False)
    def serving_default(given: Tensors) -> Tensors:
        return predicted(features_of(given))

    @tf.function(input_signature=[spec], autograph=False)
    def preprocessing(given: Tensors) -> Tensors:
        return taken(features_of(given))

    @tf.function(input_signature=[examples], autograph=False)
    def serving_examples(examples: tf.Tensor) -> Tensors:
        return predicted(graph.features(tf.io.parse_example(examples, graph.raw)))

    @tf.function(input_signature=[examples], autograph=False)
    def labels(examples: tf.Tensor) -> Tensors:
        label = graph.label(tf.io.parse_example(examples, graph.raw_label))
        return {'label': (table.lookup(label) if table else label)[:, tf.newaxis]}

    endpoints: dict[str, Callable] = {
        'serving_default': serving_default,
        'serving_examples': serving_examples,
        'preprocessing': preprocessing,
        'labels': labels,
    }
    # Only what ExportArchive writes can also be loaded in a session, as batch inference does.
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.track(graph.saved_model)
    if table:
        archive.track(table)
    for name, endpoint in endpoints.items():
        archive.add_endpoint(name, endpoint)
    archive.write_out(directory, verbose=False)


def _client_side(
    graph: TransformGraph,
) -> tuple[dict[str, tf.TensorSpec], Callable[[Tensors], Tensors]]:
    """Return what clients have, columns or files of pictures, and what makes features of it."""
    if isinstance(graph, PictureGraph):
        file = tf.TensorSpec([None], tf.string, name=IMAGE_BYTES)
        return {IMAGE_BYTES: file}, lambda given: graph.decoded(given[IMAGE_BYTES])
    raw = {name: _json_type(name, spec.dtype) for name, spec in graph.raw.items()}

    def features_of(given: Tensors) -> Tensors:
        return graph.features({n: _as_parsed(n, given[n], spec) for n, spec in graph.raw.items()})

    return raw, features_of


def predictions(output: tf.Tensor, target: Target) -> Tensors:
    """Name what a model says.

    Args:
        output: `[N, 1]`, or `[N, classes]` probabilities.
        target: what is predicted.

    Returns:
        regression: `prediction` `[N, 1]`; binary: `probability` `[N, 1]` of the second class, and
        as multiclass: `probabilities` and `classes` `[N, classes]`, `label` `[N, 1]`, the most
        likely class.
    """
    output = tf.cast(output, tf.float32)
    if target.task == 'regression':
        return {'prediction': output}
    both = tf.concat([1 - output, output], axis=1) if target.task == 'binary' else output
    classes = tf.constant(target.classes)
    named = {
        'probabilities': both,
        'classes': tf.tile(classes[tf.newaxis, :], [tf.shape(both)[0], 1]),
        'label': tf.gather(classes, tf.argmax(both, axis=1))[:, tf.newaxis],
    }
    return named | {'probability': output} if target.task == 'binary' else named


def most_likely(predicted: Tensors) -> Tensors:
    """Name the most likely classes, at most TOP, and their probabilities, the highest first.

    Args:
        predicted: `classes` and `probabilities` `[N, classes]`.

    Returns:
        `top_classes` and `top_probabilities` `[N, k]`.
    """
    count = min(TOP, predicted['probabilities'].shape[1])
    probabilities, places = tf.math.top_k(predicted['probabilities'], count)
    classes = tf.gather(predicted['classes'], places, batch_dims=1)
    return {'top_classes': classes, 'top_probabilities': probabilities}


def _as_parsed(
    name: str, column: tf.Tensor, spec: tf.io.FixedLenFeature | tf.io.VarLenFeature
) -> tf.Tensor | tf.SparseTensor:
    """Make of a column `[N]` what parsing tf.Examples would, missing values left out."""
    present = column != '' if column.dtype == tf.string else ~tf.math.is_nan(column)
    if isinstance(spec, tf.io.VarLenFeature):
        rows = tf.where(present)
        return tf.SparseTensor(
            tf.pad(rows, [[0, 0], [0, 1]]),
            tf.cast(tf.boolean_mask(column, present), spec.dtype),
            tf.stack([tf.size(column, tf.int64), 1]),
        )
    if spec.default_value is not None:
        default = tf.cast(tf.reshape(spec.default_value, []), column.dtype)
        column = tf.where(present, column, default)
    elif spec.dtype.is_integer:
        tf.debugging.assert_equal(
            tf.reduce_all(present), True, f'{name} is required, and missing in a row'
        )
    return tf.reshape(tf.cast(column, spec.dtype), [-1, *spec.shape])


def _json_type(name: str, dtype: tf.DType) -> tf.TensorSpec:
    """Return a type that can say of any value that it is missing."""
    return tf.TensorSpec([None], tf.float64 if dtype == tf.int64 else dtype, name=name)

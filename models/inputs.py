"""What a model takes in: raw columns through the transform graph to named tensors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import keras
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import graph_tools, tf2_utils

from models.settings import Task

Tensors = dict[str, tf.Tensor]


class InputError(ValueError):
    """A transformed feature that models cannot take."""


@dataclass(frozen=True)
class ModelInput:
    """One transformed feature, as a model takes it.

    Attributes:
        name: of the feature and of the model's input.
        size: number of ids, for a category (int32, 0 to size - 1); None for a number (float32).
        shape: without the batch.
        smallest: id that becomes 0.
    """

    name: str
    size: int | None = None
    shape: tuple[int, ...] = ()
    smallest: int = field(default=0, repr=False)

    @property
    def dtype(self) -> str:
        """Keras dtype."""
        return 'float32' if self.size is None else 'int32'


def model_inputs(schema: schema_pb2.Schema, label: str) -> tuple[ModelInput, ...]:
    """Read the inputs of models from a transformed schema.

    Integers with a domain are categories, other integers and floats are numbers.

    Args:
        schema: transformed schema.
        label: name of the feature to leave out.

    Raises:
        InputError: a feature is text or of varying length.
    """
    return tuple(_model_input(f) for f in schema.feature if f.name != label)


def _model_input(feature: schema_pb2.Feature) -> ModelInput:
    if not feature.HasField('shape'):
        raise InputError(
            f'transformed feature {feature.name!r} is sparse; models take a fixed number of '
            'values: make it dense in the preprocessing function'
        )
    if feature.type == schema_pb2.BYTES:
        raise InputError(
            f'transformed feature {feature.name!r} is text; make it ids in the preprocessing '
            'function, as with tft.compute_and_apply_vocabulary'
        )
    shape = tuple(dim.size for dim in feature.shape.dim)
    if feature.type == schema_pb2.INT and feature.HasField('int_domain'):
        domain = feature.int_domain
        return ModelInput(feature.name, domain.max - domain.min + 1, shape, domain.min)
    return ModelInput(feature.name, None, shape)


def keras_inputs(inputs: Iterable[ModelInput]) -> dict[str, keras.KerasTensor]:
    """Return a Keras input per model input, by name."""
    return {i.name: keras.Input(i.shape, name=i.name, dtype=i.dtype) for i in inputs}


class TransformGraph:
    """The transform of a pipeline, applied to raw columns.

    Attributes:
        layer: applies it; to be tracked by what exports it.
        inputs: what models get.
        raw: parsing specs of the raw columns that the inputs are made of.
        raw_label: parsing specs of the raw columns that the label is made of.
    """

    def __init__(self, output: tft.TFTransformOutput, label: str, task: Task) -> None:
        """Read the graph.

        Args:
            output: of the Transform component.
            label: name of the transformed label.
            task: says whether the label is a number or a class.

        Raises:
            InputError: there is no such label, or a feature that models cannot take.
        """
        self.layer = output.transform_features_layer()
        self.inputs = model_inputs(output.transformed_metadata.schema, label)
        self._label = label
        self._is_number = task == 'regression'
        sources = _raw_columns(output.transform_savedmodel_dir)
        if label not in sources:
            raise InputError(f'the transform has no output {label!r}: it must pass the label on')
        specs = output.raw_feature_spec()
        used = {column for i in self.inputs for column in sources[i.name]}
        self.raw = {name: spec for name, spec in specs.items() if name in used}
        self.raw_label = {name: spec for name, spec in specs.items() if name in sources[label]}

    def features(self, columns: Mapping[str, tf.Tensor | tf.SparseTensor]) -> Tensors:
        """Make the inputs of models from raw columns, which may include the label's."""
        return self._adapted(self.layer(dict(columns)))

    def label(self, columns: Mapping[str, tf.Tensor | tf.SparseTensor]) -> tf.Tensor:
        """Make the label, `[batch]`, from its raw columns: float32, or string for classes."""
        return self._flat_label(self.layer(dict(columns)))

    def both(self, columns: Mapping[str, tf.Tensor | tf.SparseTensor]) -> tuple[Tensors, tf.Tensor]:
        """Make the inputs of models and the label."""
        transformed = self.layer(dict(columns))
        return self._adapted(transformed), self._flat_label(transformed)

    def _adapted(self, transformed: Mapping[str, tf.Tensor]) -> Tensors:
        return {
            i.name: tf.cast(transformed[i.name], i.dtype) - tf.cast(i.smallest, i.dtype)
            for i in self.inputs
        }

    def _flat_label(self, transformed: Mapping[str, tf.Tensor]) -> tf.Tensor:
        label = tf.reshape(transformed[self._label], [-1])
        if self._is_number:
            return tf.cast(label, tf.float32)
        return label if label.dtype == tf.string else tf.strings.as_string(label)


def _raw_columns(saved_model: str) -> dict[str, frozenset[str]]:
    """Return the raw columns that each output of a transform graph is made of."""
    graph = tf.saved_model.load(saved_model).transform_fn.graph
    outputs = tf.nest.pack_sequence_as(
        graph.structured_outputs, graph.outputs, expand_composites=True
    )
    columns = {
        component.op.name: name
        for name, tensor in tf2_utils.get_structured_inputs_from_func_graph(graph).items()
        for component in tf.nest.flatten(tensor, expand_composites=True)
    }
    return {
        name: frozenset(
            columns[source.op.name]
            for source in graph_tools.retrieve_sources(
                [c.op for c in tf.nest.flatten(tensor, expand_composites=True)],
                ignore_control_dependencies=True,
            )
            if source.op.name in columns
        )
        for name, tensor in outputs.items()
    }


def vocabulary(output: tft.TFTransformOutput, name: str) -> list[str]:
    """Return the entries of a TFT vocabulary asset, most frequent first; [] if there is none."""
    if output.vocabulary_file_by_name(name) is None:
        return []
    return [entry.decode() for entry in output.vocabulary_by_name(name)]

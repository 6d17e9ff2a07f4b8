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
Columns = Mapping[str, tf.Tensor | tf.SparseTensor]


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

    It does what `TFTransformOutput.transform_features_layer` does, which is a layer of Keras 2 and
    takes seconds to export.

    Attributes:
        saved_model: the transform as loaded; to be tracked by what exports it.
        inputs: what models get.
        raw: parsing specs of the raw columns that the inputs are made of.
        raw_label: parsing specs of the raw columns that the label is made of.
    """

    def __init__(
        self,
        output: tft.TFTransformOutput,
        label: str,
        task: Task,
        inputs: tuple[ModelInput, ...] | None = None,
    ) -> None:
        """Read the graph.

        Args:
            output: of the Transform component.
            label: name of the transformed label.
            task: says whether the label is a number or a class.
            inputs: what models get; by default as the transformed schema says.

        Raises:
            InputError: there is no such label, or a feature that models cannot take.
        """
        self.saved_model = tf.saved_model.load(output.transform_savedmodel_dir)
        self.inputs = inputs or model_inputs(output.transformed_metadata.schema, label)
        self._label = label
        self._is_number = task == 'regression'
        graph = self.saved_model.transform_fn.graph
        self._columns = tf2_utils.get_structured_inputs_from_func_graph(graph)
        sources = _sources(graph, self._columns)
        if label not in sources:
            raise InputError(f'the transform has no output {label!r}: it must pass the label on')
        specs = output.raw_feature_spec()
        used = {column for i in self.inputs for column in sources[i.name]}
        self.raw = {name: spec for name, spec in specs.items() if name in used}
        self.raw_label = {name: spec for name, spec in specs.items() if name in sources[label]}

    def features(self, columns: Columns) -> Tensors:
        """Make the inputs of models from raw columns, which may include the label's."""
        return self._adapted(self._transformed(columns))

    def label(self, columns: Columns) -> tf.Tensor:
        """Make the label, `[batch]`, from its raw columns: float32, or string for classes."""
        return self._flat_label(self._transformed(columns))

    def both(self, columns: Columns) -> tuple[Tensors, tf.Tensor]:
        """Make the inputs of models and the label."""
        transformed = self._transformed(columns)
        return self._adapted(transformed), self._flat_label(transformed)

    def _transformed(self, columns: Columns) -> Tensors:
        """Apply the graph, with stand-ins for columns that are not given.

        What depends on those is there too, and means nothing.
        """
        absent = sorted(self._columns.keys() - columns.keys())
        rows = tf.shape(next(iter(columns.values())))[0]
        # Given no names at all, TFT would make stand-ins for every column.
        others = tf2_utils.supply_missing_inputs(self._columns, rows, absent) if absent else {}
        flat = tf.nest.flatten({**columns, **others}, expand_composites=True)
        return self.saved_model.transform_fn(*flat)

    def _adapted(self, transformed: Tensors) -> Tensors:
        return {
            i.name: tf.cast(transformed[i.name], i.dtype) - tf.cast(i.smallest, i.dtype)
            for i in self.inputs
        }

    def _flat_label(self, transformed: Tensors) -> tf.Tensor:
        label = tf.reshape(transformed[self._label], [-1])
        if self._is_number:
            return tf.cast(label, tf.float32)
        return label if label.dtype == tf.string else tf.strings.as_string(label)


def _sources(graph: tf.Graph, columns: Columns) -> dict[str, frozenset[str]]:
    """Return the raw columns that each output of a transform graph is made of."""
    outputs = tf.nest.pack_sequence_as(
        graph.structured_outputs, graph.outputs, expand_composites=True
    )
    names = {
        component.op.name: name
        for name, column in columns.items()
        for component in tf.nest.flatten(column, expand_composites=True)
    }
    return {
        output: frozenset(
            names[source.op.name]
            for source in graph_tools.retrieve_sources(
                [c.op for c in tf.nest.flatten(tensor, expand_composites=True)],
                ignore_control_dependencies=True,
            )
            if source.op.name in names
        )
        for output, tensor in outputs.items()
    }


def vocabulary(output: tft.TFTransformOutput, name: str) -> list[str]:
    """Return the entries of a TFT vocabulary asset, most frequent first; [] if there is none."""
    if output.vocabulary_file_by_name(name) is None:
        return []
    return [entry.decode() for entry in output.vocabulary_by_name(name)]

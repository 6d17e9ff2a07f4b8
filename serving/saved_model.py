"""A SavedModel in memory: what its signatures take and give, and calling them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import saved_model_pb2

from serving.errors import listed
from serving.versions import SAVED_MODEL, Version

Arrays = dict[str, np.ndarray]
"""Name -> array; strings are object arrays of bytes."""

DESCRIPTION = 'assets.extra/sluice.json'
"""File in a SavedModel that says for people what the model takes and gives."""

PICTURE = 'image_bytes'
"""Name of a signature's only string input, if that takes encoded pictures."""


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a signature.

    Attributes:
        name: its name in requests and answers.
        dtype: `object` for strings, which are bytes.
        shape: None for an axis of any length; None for any shape.
    """

    name: str
    dtype: np.dtype
    shape: tuple[int | None, ...] | None

    @property
    def is_string(self) -> bool:
        """Whether it holds strings."""
        return self.dtype == object

    @property
    def is_batched(self) -> bool:
        """Whether the first axis counts the rows."""
        return bool(self.shape) and self.shape[0] is None  # type: ignore[index]


@dataclass(frozen=True)
class Signature:
    """A function of a SavedModel that can be called by name."""

    name: str
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]

    @cached_property
    def is_batched(self) -> bool:
        """Whether rows of several requests can be put together, and taken apart again."""
        specs = [*self.inputs.values(), *self.outputs.values()]
        return bool(self.inputs) and all(spec.is_batched for spec in specs)

    @cached_property
    def picture(self) -> TensorSpec | None:
        """The input that takes encoded pictures, if there is one."""
        strings = [spec for spec in self.inputs.values() if spec.is_string]
        is_picture = [(spec.name, spec.shape) for spec in strings] == [(PICTURE, (None,))]
        return strings[0] if is_picture else None


LONGEST = 300
"""Characters of what TensorFlow says that are passed on."""

_ABOUT_GRAPH = re.compile(
    r'Graph execution error|Detected at|<stack traces|\s*\[\[|.*recent call last'
)
_IN_GRAPH = re.compile(r'\{\{.*?\}\}|\[Op:.*?\]')


class LoadError(Exception):
    """A SavedModel can't be served; says why in one line."""


class PredictError(Exception):
    """The model itself refused its inputs; the message is TensorFlow's first line."""


class LoadedModel:
    """One version of a model, ready to be called from any thread.

    Attributes:
        name: the model's name.
        version: its version.
        path: the directory that it was loaded from.
        signatures: by name, those that can be called over JSON.
        signature_defs: all signatures as TensorFlow Serving's metadata has them.
        description: `assets.extra/sluice.json`, parsed; None without one.
    """

    def __init__(self, name: str, version: Version) -> None:
        """Load a version into memory.

        Args:
            name: the model's name.
            version: which, and where it is.

        Raises:
            LoadError: It can't be loaded, or has no signature that can be served.
        """
        self.name = name
        self.version = version.number
        self.path = version.path
        try:
            self._loaded = tf.saved_model.load(str(version.path))
            self.signature_defs = _signature_defs(version.path)
        except Exception as error:  # whatever a broken directory makes TensorFlow raise
            raise LoadError(f'{version.path}: cannot be loaded: {first_line(error)}') from error
        self._functions = dict(self._loaded.signatures)
        self.signatures = {
            key: signature
            for key, function in self._functions.items()
            if (signature := _signature(key, function))
        }
        if not self.signatures:
            raise LoadError(f'{version.path}: has no signature that can be served')
        self.description = _description(version.path)

    @property
    def default_signature(self) -> str:
        """The signature that is called when none is named."""
        default = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY
        return default if default in self.signatures else next(iter(self.signatures))

    def predict(self, signature: str, tensors: Mapping[str, np.ndarray]) -> Arrays:
        """Call a signature.

        Args:
            signature: its name.
            tensors: an array for each input, of its type and shape.

        Returns:
            An array for each output.

        Raises:
            KeyError: There is no such signature.
            PredictError: The model refused what it was given.
        """
        function = self._functions[signature]
        try:
            outputs = function(**{name: tf.constant(array) for name, array in tensors.items()})
            return {name: _array(tensor) for name, tensor in outputs.items()}
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError, ValueError) as error:
            raise PredictError(first_line(error)) from error

    def metadata(self) -> dict[str, Any]:
        """Return the answer to TensorFlow Serving's metadata request."""
        return {
            'model_spec': {
                'name': self.name,
                'signature_name': '',
                'version': str(self.version),
            },
            'metadata': {'signature_def': {'signature_def': self.signature_defs}},
        }


def first_line(error: BaseException) -> str:
    """Return the line of TensorFlow's error that says what is wrong, without names of its graph."""
    lines = str(getattr(error, 'message', error)).splitlines()
    said = (_IN_GRAPH.sub('', line).strip() for line in lines if not _ABOUT_GRAPH.match(line))
    return next(filter(None, said), type(error).__name__)[:LONGEST]


def _signature(key: str, function: Any) -> Signature | None:
    """Describe a signature; None if JSON can't say what it takes or gives."""
    _, keywords = function.structured_input_signature
    outputs = function.structured_outputs
    specs = [*keywords.values(), *outputs.values()]
    if key.startswith('__') or not all(isinstance(spec, tf.TensorSpec) for spec in specs):
        return None
    if any(spec.dtype.is_complex or spec.dtype.is_quantized for spec in specs):
        return None
    return Signature(
        name=key,
        inputs={name: _spec(name, spec) for name, spec in keywords.items()},
        outputs={name: _spec(name, spec) for name, spec in outputs.items()},
    )


def _spec(name: str, spec: tf.TensorSpec) -> TensorSpec:
    dtype = np.dtype(object) if spec.dtype == tf.string else np.dtype(spec.dtype.as_numpy_dtype)
    shape = None if spec.shape.rank is None else tuple(spec.shape.as_list())
    return TensorSpec(name, dtype, shape)


def _array(tensor: tf.Tensor) -> np.ndarray:
    """Return a tensor as an array; a scalar string too."""
    return np.asarray(tensor.numpy(), dtype=object) if tensor.dtype == tf.string else tensor.numpy()


def _signature_defs(path: Path) -> dict[str, Any]:
    saved = saved_model_pb2.SavedModel.FromString((path / SAVED_MODEL).read_bytes())
    serving = next((g for g in saved.meta_graphs if 'serve' in g.meta_info_def.tags), None)
    if serving is None:
        tags = listed(tag for graph in saved.meta_graphs for tag in graph.meta_info_def.tags)
        raise ValueError(f"no graph with the tag 'serve'; its tags: {tags}")
    found: dict[str, Any] = json_format.MessageToDict(
        serving, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )['signature_def']
    return {key: value for key, value in found.items() if not key.startswith('__')}


def _description(path: Path) -> dict[str, Any] | None:
    try:
        described = json.loads((path / DESCRIPTION).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return described if isinstance(described, dict) else None

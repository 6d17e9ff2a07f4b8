"""The network of a served model, converted and run again to compare."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

# The classes that a saved network may name: importing them lets Keras find them.
import models.frozen  # noqa: F401
from models.portable.errors import PortableError
from models.warm_start import KERAS_FILE

Format = Literal['litert', 'onnx']
OUTPUT = 'output'
OPSET = 17
"""Version of ONNX's operators: any runtime since 2022 knows it."""

INSTALL = '; install it: uv pip install --python .venv/bin/python {}'
Arrays = Mapping[str, np.ndarray]


def load_network(path: Path) -> keras.Model:
    """Load the network that was saved beside a SavedModel.

    Raises:
        PortableError: It isn't there, or is not one that takes inputs by name.
    """
    file = path / KERAS_FILE
    if not file.is_file():
        raise PortableError(
            f'{path}: has no {KERAS_FILE}, which models of `sluice run` have beside them'
        )
    try:
        network = keras.saving.load_model(file, compile=False)
    except (ValueError, TypeError, ImportError) as error:
        first = str(error).strip().splitlines()[0]
        raise PortableError(
            f'{file}: cannot be loaded: {first}; a class of your own must be importable from here, '
            'and registered with keras.saving.register_keras_serializable'
        ) from None
    return network


def specs_of(network: keras.Model) -> dict[str, tf.TensorSpec]:
    """Return the network's inputs by name, `[N, ...]` each."""
    return {i.name: tf.TensorSpec(i.shape, i.dtype, name=i.name) for i in network.inputs}


def convert(network: keras.Model, to: Format, file: Path) -> None:
    """Write a network in another format: inputs by their names, one output, `output`.

    Raises:
        PortableError: The format's library is missing, or can't express the network.
    """
    specs = specs_of(network)
    names = list(specs)

    @tf.function(input_signature=list(specs.values()))
    def call(*tensors: tf.Tensor) -> dict[str, tf.Tensor]:
        given = dict(zip(names, tensors, strict=True))
        by_name = given if isinstance(network.input, dict) else given[names[0]]
        return {OUTPUT: tf.identity(network(by_name, training=False), name=OUTPUT)}

    try:
        if to == 'onnx':
            _to_onnx(call, list(specs.values()), file)
        else:
            _to_litert(network, call, file)
    except ImportError as error:
        package = 'tf2onnx onnxruntime' if to == 'onnx' else 'ai-edge-litert'
        raise PortableError(f'{error.name} is not installed{INSTALL.format(package)}') from None


def run(to: Format, file: Path, inputs: Arrays) -> np.ndarray:
    """Run a converted network with the format's own runtime.

    Args:
        to: the format.
        file: the converted network.
        inputs: `[N, ...]` by name.

    Returns:
        The output, `[N, ...]`.
    """
    if to == 'onnx':
        import onnxruntime

        session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
        output: np.ndarray = session.run([OUTPUT], dict(inputs))[0]
        return output
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(file)).get_signature_runner()
    return next(iter(runner(**inputs).values()))


def _to_onnx(call: Any, specs: list[tf.TensorSpec], file: Path) -> None:
    import onnxruntime  # noqa: F401 (without it the result could not be checked)
    import tf2onnx

    try:
        tf2onnx.convert.from_function(call, specs, opset=OPSET, output_path=str(file))
    except (ValueError, NotImplementedError, KeyError, RuntimeError) as error:
        raise PortableError(f'ONNX cannot express this network: {_first_line(error)}') from None


def _to_litert(network: keras.Model, call: Any, file: Path) -> None:
    import ai_edge_litert.interpreter  # noqa: F401 (without it the result could not be checked)

    with tempfile.TemporaryDirectory() as folder:
        archive = keras.export.ExportArchive()
        archive.track(network)
        archive.add_endpoint('serving_default', call)
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            file.write_bytes(converter.convert())
        except Exception as error:  # the converter raises what MLIR raises
            raise PortableError(
                f'LiteRT cannot express this network: {_first_line(error)}'
            ) from None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]

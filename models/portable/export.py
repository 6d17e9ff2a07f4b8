"""Export of a served model's network, with a check and a description of its preprocessing."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.description import FILE as DESCRIPTION
from models.portable.errors import PortableError
from models.portable.network import OUTPUT, Format, convert, load_network, run, specs_of
from models.portable.preprocessing import Entry, describe_preprocessing
from models.portable.samples import Arrays, sample_rows
from transforms.features import TransformConfig

ROWS = 256
"""Sample rows that the exported network must agree on with the SavedModel."""

PICTURES = 8
TOLERANCE = 1e-4
"""Largest difference, relative and absolute: other runtimes add in another order."""

SHOWN = 5
PREPROCESSING, SERVED = 'preprocessing', 'serving_default'
PREDICTIONS = ('probability', 'prediction', 'probabilities')
"""Outputs of `serving_default` that are the network's output, in the order they are looked for."""


@dataclass(frozen=True)
class Exported:
    """What an export made.

    Attributes:
        file: the network.
        about: JSON file that describes its inputs, its output and the preprocessing.
        text: the same for people, in Markdown.
        rows: sample rows that it was compared on.
        difference: largest difference to the SavedModel among them.
    """

    file: Path
    about: Path
    text: Path
    rows: int
    difference: float


def export_network(path: Path, to: Format, file: Path) -> Exported:
    """Export the network of a served model.

    Args:
        path: directory of the SavedModel.
        to: `litert` or `onnx`.
        file: gets the network; beside it the descriptions, `<file>.json` and `<file>.md`.

    Raises:
        PortableError: The model can't be exported, or the result differs; nothing is left then.
    """
    network = load_network(path)
    signatures = tf.saved_model.load(str(path)).signatures
    if PREPROCESSING not in signatures:
        raise PortableError(
            f'{path}: has no signature {PREPROCESSING}, which hands rows to the network; train it '
            'anew with this version of Sluice'
        )
    description = _description(path)
    rows = _sample(signatures, description)
    inputs = _call(signatures[PREPROCESSING], rows)
    served = _call(signatures[SERVED], rows)
    expected = next((served[name] for name in PREDICTIONS if name in served), None)
    if expected is None:
        raise PortableError(f'{path}: has none of the outputs {", ".join(PREDICTIONS)}')
    taken = {
        name: inputs[name].astype(spec.dtype.as_numpy_dtype)
        for name, spec in specs_of(network).items()
    }
    part = file.with_name(f'.{file.name}.part')
    try:
        convert(network, to, part)
        found = run(to, part, taken)
        difference = _compare(found, expected, to)
        part.replace(file)
    except OSError as error:
        raise PortableError(f'{file}: cannot be written: {error.strerror}') from None
    finally:
        part.unlink(missing_ok=True)
    is_table = description.get('input') != 'picture'
    about = {
        'network': file.name,
        'format': to,
        'name': description.get('name') or path.parent.name,
        'version': path.name,
        'task': description.get('task'),
        'label': description.get('label'),
        'classes': description.get('classes', []),
        'inputs': _inputs(network, description, signatures[PREPROCESSING], path),
        'output': {
            'name': OUTPUT,
            'shape': [None, *expected.shape[1:]],
            'means': _meaning(description),
        },
        'checked': {'rows': len(expected), 'largest_difference': difference},
        'examples': _examples(rows, taken, expected) if is_table else [],
    }
    beside = file.with_name(f'{file.name}.json'), file.with_name(f'{file.name}.md')
    beside[0].write_text(json.dumps(about, indent=1, ensure_ascii=False), encoding='utf-8')
    beside[1].write_text(markdown(about), encoding='utf-8')
    return Exported(file, *beside, len(expected), difference)


def markdown(about: Mapping[str, Any]) -> str:
    """Write a description for people."""
    label = about['label'] or {}
    unit = f' in {label["unit"]}' if label.get('unit') else ''
    lines = [
        f'# {about["network"]}',
        '',
        f'The network of {about["name"]}, version {about["version"]}, for {about["format"]}. It '
        f'predicts {label.get("name", "")}{unit}: `{OUTPUT}`, {about["output"]["means"]}.',
        '',
        'The preprocessing is not in it. For each row, make these inputs:',
        '',
        '| input | type | shape | from | how |',
        '| --- | --- | --- | --- | --- |',
    ]
    for given in about['inputs']:
        shape = ' x '.join('N' if n is None else str(n) for n in given['shape'])
        columns = ', '.join(given.get('from', ()))
        how = given.get('how', '').replace('|', '\\|')
        lines.append(f'| `{given["name"]}` | {given["dtype"]} | {shape} | {columns} | {how} |')
    checked = about['checked']
    lines += [
        '',
        f'Vocabularies, and {len(about["examples"])} rows with their inputs and outputs to test '
        f'your own preprocessing by, are in `{about["network"]}.json`. On {checked["rows"]} sample '
        f'rows the largest difference to the served model is {checked["largest_difference"]:.2g}.',
        '',
    ]
    return '\n'.join(lines)


def _description(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((path / DESCRIPTION).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        raise PortableError(
            f'{path}: has no {DESCRIPTION}, which models of `sluice run` have beside them'
        ) from None
    return found


def _sample(signatures: Mapping[str, Any], description: Mapping[str, Any]) -> Arrays:
    specs = signatures[SERVED].structured_input_signature[1]
    if description.get('input') == 'picture':
        (name,) = specs
        noise = np.random.default_rng(0).integers(0, 256, (PICTURES, 120, 160, 3), np.uint8)
        encoded = [tf.io.encode_png(picture).numpy() for picture in noise]
        return {name: np.array(encoded, object)}
    dtypes = {name: np.dtype(spec.dtype.as_numpy_dtype) for name, spec in specs.items()}
    return sample_rows(description, dtypes, ROWS, seed=0)


def _call(signature: Any, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    outputs = signature(**{name: tf.constant(values) for name, values in columns.items()})
    return {name: tensor.numpy() for name, tensor in outputs.items()}


def _compare(found: np.ndarray, expected: np.ndarray, to: Format) -> float:
    """Return the largest difference.

    Raises:
        PortableError: It is more than other orders of adding explain.
    """
    if found.shape != expected.shape:
        raise PortableError(
            f'{to}: the output is {list(found.shape)} where the SavedModel gives '
            f'{list(expected.shape)}'
        )
    difference = float(np.abs(found - expected).max())
    if not np.allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE):
        row = int(np.abs(found - expected).reshape(len(found), -1).max(axis=1).argmax())
        raise PortableError(
            f'{to}: the converted network differs from the SavedModel by {difference:.3g} '
            f'(sample row {row}); it was not kept'
        )
    return difference


def _inputs(
    network: keras.Model, description: Mapping[str, Any], signature: Any, path: Path
) -> list[Entry]:
    entries = _preprocessing(description, signature, path)
    return [
        {'name': name, 'dtype': spec.dtype.name, 'shape': spec.shape.as_list()}
        | entries.get(name, {})
        for name, spec in specs_of(network).items()
    ]


def _preprocessing(description: Mapping[str, Any], signature: Any, path: Path) -> dict[str, Entry]:
    if description.get('input') == 'picture':
        return {name: _of_picture(spec) for name, spec in signature.structured_outputs.items()}
    own = description.get('transform')
    if not isinstance(own, dict):
        how = f'by your own {own}' if own else 'as the signature `preprocessing` of the SavedModel'
        names = signature.structured_outputs
        columns = [given['name'] for given in description['inputs']]
        return {name: {'from': columns, 'how': how} for name in names}
    specs = signature.structured_input_signature[1]

    def probe(column: str, values: np.ndarray) -> dict[str, np.ndarray]:
        rows = {
            name: np.full(len(values), b'', object)
            if spec.dtype == tf.string
            else np.full(len(values), math.nan, spec.dtype.as_numpy_dtype)
            for name, spec in specs.items()
        }
        rows[column] = values.astype(rows[column].dtype)
        return _call(signature, rows)

    ranges = {
        given['name']: (given['range']['min'], given['range']['max'])
        for given in description['inputs']
        if 'range' in given
    }
    return describe_preprocessing(TransformConfig.model_validate(own), ranges, path, probe)


def _of_picture(spec: tf.TensorSpec) -> Entry:
    _, height, width, channels = spec.shape.as_list()
    colours = {1: 'brightness', 3: 'red, green and blue'}.get(channels, f'{channels} channels')
    how = (
        f'the picture, upright as its Exif data says, brought to {height} x {width} pixels as the '
        f"recipe's `image` settings say; {colours}, 0 to 255"
    )
    return {'from': ['picture'], 'how': how}


def _meaning(description: Mapping[str, Any]) -> str:
    classes = description.get('classes') or []
    match description.get('task'):
        case 'binary':
            return f'the probability of {classes[1]}'
        case 'multiclass':
            return 'the probabilities of the classes, in their order'
    return 'the number itself'


def _examples(
    rows: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray], output: np.ndarray
) -> list[dict[str, Any]]:
    return [
        {
            'row': {name: _plain(values[i]) for name, values in rows.items()},
            'inputs': {name: values[i].tolist() for name, values in inputs.items()},
            'output': output[i].tolist(),
        }
        for i in range(min(SHOWN, len(output)))
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode() or None
    return None if math.isnan(value) else float(value)

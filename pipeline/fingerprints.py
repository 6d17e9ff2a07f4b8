"""Digests of what a step depends on besides its inputs and settings.

TFX's cache key covers input artifacts and execution properties only. The local runner adds
these digests to the properties, so that a changed table or function is noticed.
"""

import hashlib
import importlib.util
import uuid
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from components.image_example_gen.fingerprint import pictures_fingerprint
from components.image_example_gen.settings import ImageData
from components.query_example_gen.fingerprint import local_fingerprint
from components.query_example_gen.settings import Data
from models.settings import Model, Transfer
from pipeline.recipe import Recipe

LIBRARIES = ('tfx', 'tensorflow', 'tensorflow-transform', 'tensorflow-model-analysis', 'keras')


def fingerprints(recipe: Recipe) -> dict[str, str]:
    """Map each step to a digest of our code, the user's, the libraries' versions and the data."""
    own_transform = [recipe.transform] if recipe.transform else []
    reading = ['components.example_batches', 'components.tfrecords']
    transforming = ['transforms', *own_transform]
    own_model = [recipe.model.kind] if '.' in recipe.model.kind else []
    learning = ['models', 'transforms', *own_model]
    code = {
        'QueryExampleGen': ['components.query_example_gen'],
        'ImageExampleGen': ['components.image_example_gen', 'components.query_example_gen'],
        'StatisticsGen': ['components.statistics_gen', *reading],
        'SchemaGen': ['components.schema_gen'],
        'DataGate': ['components.data_gate', *reading],
        'Transform': ['components.transform', *reading, *transforming],
        'Tuner': ['components.tuner', *learning],
        'Trainer': ['components.trainer', *learning],
        'Evaluator': ['components.evaluator', *reading],
        'ServingGate': ['components.serving_gate', *reading, 'serving'],
        'Pusher': ['components.pusher'],
        'Report': ['components.report', 'components.evaluator', 'components.data_gate'],
    }
    beside = _data_fingerprint(recipe.data)
    beside |= dict.fromkeys(('Tuner', 'Trainer'), _weights_fingerprint(recipe.model))
    if recipe.batch_data:
        code |= {
            'BatchExampleGen': ['components.query_example_gen'],
            'BulkInferrer': [],
            'PredictionTable': ['components.prediction_table', *reading],
        }
        beside |= {
            'BatchExampleGen': local_fingerprint(recipe.batch_data),
            # Never the same: its output is a file outside the store, which may be gone.
            'PredictionTable': uuid.uuid4().hex,
        }
    libraries = ' '.join(f'{name}={metadata.version(name)}' for name in LIBRARIES)
    return {
        step: _digest(libraries + beside.get(step, ''), map(_source, names))
        for step, names in code.items()
    }


def _data_fingerprint(data: Data | ImageData) -> dict[str, str]:
    if isinstance(data, ImageData):
        return {'ImageExampleGen': pictures_fingerprint(data)}
    return {'QueryExampleGen': local_fingerprint(data)}


def _weights_fingerprint(model: Model) -> str:
    """Digest the file of weights that a model starts from, if it is on this machine."""
    path = model.weights_file if isinstance(model, Transfer) else None
    if path is None or not Path(path).is_file():
        return ''
    with Path(path).open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def _source(dotted: str) -> Path:
    """Return the folder of a package, or the file of the module a function is in."""
    parts = dotted.split('.')
    for n in range(len(parts), 0, -1):
        try:
            spec = importlib.util.find_spec('.'.join(parts[:n]))
        except (ModuleNotFoundError, ValueError):
            continue
        if spec and spec.origin:
            path = Path(spec.origin)
            return path.parent if path.name == '__init__.py' else path
    raise ModuleNotFoundError(f'{dotted}: no such module on the path')


def _digest(text: str, sources: Iterable[Path]) -> str:
    digest = hashlib.sha256(text.encode())
    for source in sources:
        files = sorted(source.rglob('*.py')) if source.is_dir() else [source]
        for file in files:
            digest.update(f'{file.relative_to(source.parent)}\0'.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]

"""First calls of a model, before it gets requests: they are slow, or show that it is broken."""

import io
import logging
import time

import numpy as np
from PIL import Image

from serving.saved_model import Arrays, LoadedModel, LoadError, PredictError, Signature, first_line

ENOUGH_SECONDS = 0.5
"""A batch that takes this long says that larger ones need not be tried."""

SIDE = 32
"""Width and height of the picture that warms a model, in pixels."""

_log = logging.getLogger(__name__)


def warm(model: LoadedModel, rows: int) -> None:
    """Call every signature with batches of 1, 2, 4, … rows.

    That a signature refuses the made-up rows says nothing: it may need values that exist.

    Args:
        model: just loaded.
        rows: of the largest batch.

    Raises:
        LoadError: A signature can't be called at all.
    """
    for signature in model.signatures.values():
        size = 1
        while size < 2 * rows:
            started = time.perf_counter()
            try:
                model.predict(signature.name, _made_up(signature, min(size, rows)))
            except PredictError as error:
                _log.debug('%s of %s refuses made-up rows: %s', signature.name, model.name, error)
                break
            except Exception as error:  # whatever a broken graph makes TensorFlow raise
                raise LoadError(
                    f'{model.path}: signature {signature.name} cannot be called: '
                    f'{first_line(error)}'
                ) from error
            if not signature.is_batched or time.perf_counter() - started > ENOUGH_SECONDS:
                break
            size *= 2


def _made_up(signature: Signature, rows: int) -> Arrays:
    tensors = {}
    for name, spec in signature.inputs.items():
        lengths = [1 if length is None else length for length in spec.shape or ()]
        if spec.is_batched:
            lengths[0] = rows
        value = b'' if spec.is_string else 1
        tensors[name] = np.full(
            lengths, _picture() if spec is signature.picture else value, spec.dtype
        )
    return tensors


def _picture() -> bytes:
    buffer = io.BytesIO()
    Image.new('RGB', (SIDE, SIDE), 'gray').save(buffer, 'JPEG')
    return buffer.getvalue()

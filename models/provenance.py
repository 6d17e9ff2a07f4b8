"""How a model was trained, told beside its export: what a later run is compared with."""

import json
from collections.abc import Mapping

import tensorflow as tf

from models.settings import TrainerConfig

FILE = 'assets.extra/training.json'
"""Where an exported model keeps it."""


def write(config: TrainerConfig, rows: Mapping[str, int], exported: str) -> None:
    """Put the settings that a model was trained with beside its export.

    Args:
        config: Settings, with those that a search has found.
        rows: Split -> number of rows.
        exported: Folder of the SavedModel; may be remote.
    """
    told = {'settings': config.model_dump(mode='json', exclude={'tune'}), 'rows': dict(rows)}
    path = f'{exported}/{FILE}'
    tf.io.gfile.makedirs(path.rpartition('/')[0])
    with tf.io.gfile.GFile(path, 'w') as file:
        file.write(json.dumps(told, indent=1, ensure_ascii=False))

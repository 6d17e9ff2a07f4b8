"""What there is to learn from: a pipeline's splits, and what a phase of training takes of them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import keras
import tensorflow_transform as tft

from models.dataset import Reader, Split
from models.frozen import FeatureStore
from models.inputs import TransformGraph, vocabulary
from models.pictures import PictureGraph, PictureReader
from models.settings import TrainerConfig
from models.target import Target, resolve_target
from transforms.tabular import LABEL_VOCABULARY

_log = logging.getLogger('sluice.models')


@dataclass(frozen=True)
class Data:
    """What there is to learn from.

    Attributes:
        graph: makes inputs of models from raw columns.
        target: what is predicted.
        train: rows or pictures to learn from.
        evaluation: those to validate on.
        features: of pictures, by frozen layers.
    """

    graph: TransformGraph
    target: Target
    train: Split
    evaluation: Split
    features: FeatureStore = field(default_factory=FeatureStore)


@dataclass(frozen=True)
class Part:
    """What is fitted in a phase.

    Attributes:
        network: the model, or that part of it which learns; its layers are the model's.
        train: what it learns from.
        evaluation: what it is validated on.
    """

    network: keras.Model
    train: Split
    evaluation: Split


def load_data(
    transform_graph: str,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    config: TrainerConfig,
) -> Data:
    """Read the splits through the transform graph.

    Args:
        transform_graph: directory of the TransformGraph artifact.
        train_files: patterns of the train split's files.
        eval_files: patterns of the eval split's.
        config: names task and label.

    Raises:
        InputError, TargetError, DataError: the data cannot be learnt from.
    """
    output = tft.TFTransformOutput(transform_graph)
    target = resolve_target(config, vocabulary(output, LABEL_VOCABULARY))
    graph: TransformGraph
    readers: list[Reader | PictureReader]
    files = {'train': train_files, 'eval': eval_files}
    if config.image:
        graph = pictures = PictureGraph(output, config)
        readers = [PictureReader(name, f, pictures, target) for name, f in files.items()]
    else:
        graph = table = TransformGraph(output, config.label, config.task)
        readers = [Reader(name, f, table, target) for name, f in files.items()]
    train, evaluation = readers
    data = Data(graph, target, train.read(must_know_all=True), evaluation.read(must_know_all=False))
    if target.classes:
        counted = zip(target.classes, data.train.labels.counts, strict=True)
        _log.info('classes, with rows to train on: %s', ', '.join(f'{c} {n:g}' for c, n in counted))
    return data

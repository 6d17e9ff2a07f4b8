"""Which devices a model is trained on, how the work is shared, and in which precision."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from models.dataset import Share
from models.devices import Devices, Precision
from models.multi_device import mend_training_loop

_log = logging.getLogger('sluice.models')

BFLOAT16_SINCE, FLOAT16_SINCE = (8, 0), (7, 0)
"""Compute capability of the first GPUs with tensor cores for a type: Ampere, Volta."""


def strategy(devices: Devices | None = None) -> tf.distribute.Strategy:
    """Return how training is distributed: one device, all of a machine, several machines, a TPU.

    Must be called before anything else of TensorFlow's is run, if there are several machines.

    Args:
        devices: what was asked for; None: whatever is found. What is missing is logged.
    """
    if devices and devices.kind == 'tpu' and (tpu := _tpu()):
        return tpu
    if len(_cluster()) > 1:
        mend_training_loop()
        return tf.distribute.MultiWorkerMirroredStrategy()
    gpus = tf.config.list_logical_devices('GPU')
    if shortage := _shortage(devices, len(gpus)):
        _log.warning(shortage)
    if len(gpus) > 1:
        mend_training_loop()
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief() -> bool:
    """Whether this process is the one, of those that train together, that writes."""
    share = data_share()
    return share is None or share.index == 0


def data_share() -> Share | None:
    """Return this process's part of the data; None: it is the only one that trains."""
    tasks = _cluster()  # in order of names, so the chief is the first
    if len(tasks) < 2:
        return None
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    return Share(len(tasks), tasks.index(f'{resolver.task_type}{resolver.task_id}'))


def compiles() -> bool:
    """Whether steps are compiled by XLA: on a GPU; on CPUs it makes them several times slower.

    What several devices say to each other cannot be compiled.
    """
    several = tf.distribute.get_strategy().num_replicas_in_sync > 1
    return bool(tf.config.list_logical_devices('GPU')) and not several


@contextmanager
def precision(policy: Precision | None, devices: Devices | None = None) -> Iterator[None]:
    """Make a Keras dtype policy the default for layers built within.

    Args:
        policy: which; None: the fastest on what is there.
        devices: what was asked for, if it is there.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy or _fastest(devices))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _fastest(devices: Devices | None) -> Precision:
    gpus = tf.config.list_physical_devices('GPU')
    if devices and devices.kind == 'tpu' and tf.config.list_logical_devices('TPU'):
        return devices.precision
    if not gpus:
        return 'float32'
    if devices and devices.kind == 'gpu':
        return devices.precision
    details = tf.config.experimental.get_device_details(gpus[0])
    capability = details.get('compute_capability', (0, 0))
    if capability >= BFLOAT16_SINCE:
        return 'mixed_bfloat16'
    return 'mixed_float16' if capability >= FLOAT16_SINCE else 'float32'


def _cluster() -> list[str]:
    """Return the tasks that TF_CONFIG names: `chief0`, `worker0`, …; empty: there is no cluster."""
    spec = tf.distribute.cluster_resolver.TFConfigClusterResolver().cluster_spec()
    return [f'{job}{task}' for job in sorted(spec.jobs) for task in spec.task_indices(job)]


def _tpu() -> tf.distribute.Strategy | None:
    """Connect to this machine's TPU."""
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu='local')
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        _log.warning('hardware asks for a TPU, and none can be used: %s; on what is there', error)
        return None
    mend_training_loop()
    return tf.distribute.TPUStrategy(resolver)


def _shortage(devices: Devices | None, gpus: int) -> str:
    if not devices or devices.kind != 'gpu' or gpus >= devices.count:
        return ''
    return (
        f'hardware asks for {devices.count} x {devices.accelerator}, and TensorFlow finds {gpus} '
        'GPUs: has the image CUDA? Training goes on with what is there'
    )

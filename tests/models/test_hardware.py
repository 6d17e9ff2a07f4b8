"""Of GPUs only TensorFlow's lists are stood in for: this must pass on a machine that has none."""

import json
import logging
from types import SimpleNamespace

import keras
import pytest
import tensorflow as tf

from models import hardware, multi_device
from models.devices import Devices

ONE_L4 = Devices(accelerator='NVIDIA_L4', kind='gpu', precision='mixed_bfloat16')


def gpus(monkeypatch, count, capability=(8, 9)):
    found = [SimpleNamespace(name=f'GPU:{n}') for n in range(count)]

    def listed(kind=None):
        return found if kind == 'GPU' else []

    monkeypatch.setattr(tf.config, 'list_logical_devices', listed)
    monkeypatch.setattr(tf.config, 'list_physical_devices', listed)
    monkeypatch.setattr(
        tf.config.experimental,
        'get_device_details',
        lambda _: {'compute_capability': capability},
    )


def test_a_cpu_is_one_device_in_full_precision(monkeypatch):
    monkeypatch.delenv('TF_CONFIG', raising=False)
    assert hardware.strategy() is tf.distribute.get_strategy()
    assert hardware.is_chief()
    assert hardware.data_share() is None
    with hardware.precision(None):
        assert keras.config.dtype_policy().name == 'float32'
    with hardware.precision('mixed_bfloat16'):
        assert keras.config.dtype_policy().name == 'mixed_bfloat16'
    assert keras.config.dtype_policy().name == 'float32'


def test_gpus_that_are_asked_for_and_not_there_are_told_of(monkeypatch, caplog):
    monkeypatch.delenv('TF_CONFIG', raising=False)
    with caplog.at_level(logging.WARNING, 'sluice.models'):
        assert hardware.strategy(ONE_L4) is tf.distribute.get_strategy()
    assert 'hardware asks for 1 x NVIDIA_L4, and TensorFlow finds 0 GPUs' in caplog.text
    with hardware.precision(None, ONE_L4):
        assert keras.config.dtype_policy().name == 'float32'


@pytest.mark.parametrize(
    ('capability', 'devices', 'policy'),
    [
        ((8, 9), None, 'mixed_bfloat16'),
        ((7, 5), None, 'mixed_float16'),
        ((6, 1), None, 'float32'),
        ((6, 0), Devices(accelerator='NVIDIA_TESLA_P100', kind='gpu', precision='mixed_float16'),
         'mixed_float16'),
        ((8, 9), ONE_L4, 'mixed_bfloat16'),
    ],
)  # fmt: skip
def test_precision_is_the_fastest_of_the_gpu_there_is(monkeypatch, capability, devices, policy):
    gpus(monkeypatch, 1, capability)
    with hardware.precision(None, devices):
        assert keras.config.dtype_policy().name == policy
    with hardware.precision('float32', devices):
        assert keras.config.dtype_policy().name == 'float32'


def test_several_gpus_of_one_machine_are_mirrored(monkeypatch):
    monkeypatch.delenv('TF_CONFIG', raising=False)
    gpus(monkeypatch, 2)
    mended = []
    monkeypatch.setattr(hardware, 'mend_training_loop', lambda: mended.append(True))
    monkeypatch.setattr(tf.distribute, 'MirroredStrategy', lambda: 'mirrored')
    assert hardware.strategy() == 'mirrored'
    assert mended


def test_steps_are_compiled_for_one_gpu_only(monkeypatch):
    assert not hardware.compiles()
    gpus(monkeypatch, 1)
    assert hardware.compiles()
    two = SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(tf.distribute, 'get_strategy', lambda: two)
    assert not hardware.compiles()


@pytest.mark.parametrize(
    ('cluster', 'task', 'share'),
    [
        ({'chief': ['a:1'], 'worker': ['b:1', 'c:1']}, ('chief', 0), (3, 0)),
        ({'chief': ['a:1'], 'worker': ['b:1', 'c:1']}, ('worker', 1), (3, 2)),
        ({'worker': ['b:1', 'c:1']}, ('worker', 0), (2, 0)),
        ({'chief': ['a:1']}, ('chief', 0), None),
    ],
)
def test_each_process_has_its_part_and_the_first_is_the_chief(monkeypatch, cluster, task, share):
    told = {'cluster': cluster, 'task': {'type': task[0], 'index': task[1]}}
    monkeypatch.setenv('TF_CONFIG', json.dumps(told))
    found = hardware.data_share()
    assert (found and (found.of, found.index)) == share
    assert hardware.is_chief() == (share is None or share[1] == 0)


def test_another_keras_is_not_mended_blindly(monkeypatch):
    monkeypatch.setattr(multi_device.keras, '__version__', '3.16.0')
    with pytest.raises(RuntimeError, match=r'Keras 3\.16\.0 is not 3\.15\.x'):
        multi_device.mend_training_loop()

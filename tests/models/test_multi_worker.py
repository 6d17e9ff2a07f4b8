"""Processes on this machine that train one model together, against one that does it alone."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from models.trainer import HISTORY_FILE
from models.warm_start import KERAS_FILE

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECONDS = 240
"""A process that waits for another that is gone is ended after these."""


def start(folder: Path, fn_args: Any, tf_config: dict[str, Any] | None, **more: Any):
    settings = vars(fn_args) | {'devices': 1, 'kill_in_epoch': None} | more
    task = tf_config['task'] if tf_config else {'type': 'alone', 'index': 0}
    name = f'{task["type"]}{task["index"]}'
    file = folder / f'{name}.json'
    file.write_text(json.dumps(settings))
    environment = {k: v for k, v in os.environ.items() if k != 'TF_CONFIG'}
    if tf_config:
        environment['TF_CONFIG'] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, '-m', 'tests.models.together', str(file)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(folder / f'{name}.log').open('w'),
    )


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(('127.0.0.1', 0))
        return [one.getsockname()[1] for one in sockets]


def train_together(
    folder: Path, all_args: Sequence[Any], kill_in_epoch: int | None = None
) -> list[int]:
    """Let a chief and workers train, and return their exit codes; the last one may be killed."""
    addresses = [f'127.0.0.1:{port}' for port in free_ports(len(all_args))]
    cluster = {'chief': addresses[:1], 'worker': addresses[1:]}
    tasks = [('chief', 0), *(('worker', n) for n in range(len(addresses) - 1))]
    folder.mkdir(exist_ok=True)
    processes = []
    try:
        for args, (kind, index) in zip(all_args, tasks, strict=True):
            tf_config = {'cluster': cluster, 'task': {'type': kind, 'index': index}}
            dies = kill_in_epoch if args is all_args[-1] else None
            processes.append(start(folder, args, tf_config, kill_in_epoch=dies))
        return [process.wait(SECONDS) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def train_alone(folder: Path, args: Any, devices: int) -> int:
    folder.mkdir(exist_ok=True)
    process = start(folder, args, None, devices=devices)
    try:
        return process.wait(SECONDS)
    finally:
        process.kill()


def weights(folder: Path) -> list[np.ndarray]:
    return keras.saving.load_model(folder / 'model' / KERAS_FILE, compile=False).get_weights()


def assert_same(here: list[np.ndarray], there: list[np.ndarray]) -> None:
    """Two summands add up the same in either order; gradients of embeddings have more of them."""
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def history(folder: Path) -> dict[str, Any]:
    return json.loads((folder / 'run' / HISTORY_FILE).read_text())


def test_two_processes_learn_what_two_devices_of_one_do(artifacts, tmp_path):
    made = artifacts('regression')
    config = made.config(
        train={'epochs': 3, 'batch_size': 64, 'schedule': 'cosine', 'early_stopping': None}
    )
    together = [made.fn_args(tmp_path / name, config) for name in ('chief', 'worker')]
    assert train_together(tmp_path / 'together', together) == [0, 0]
    assert train_alone(tmp_path / 'alone', made.fn_args(tmp_path / 'one', config), devices=2) == 0
    assert not (tmp_path / 'worker' / 'model').exists()
    assert not (tmp_path / 'worker' / 'run').exists()
    assert_same(weights(tmp_path / 'chief'), weights(tmp_path / 'one'))


def test_what_is_left_of_a_lost_worker_is_gone_on_with(artifacts, tmp_path):
    made = artifacts('regression')
    config = made.config(train={'epochs': 4, 'batch_size': 64, 'early_stopping': None})

    def args(name: str, checkpoints: str) -> Any:
        given = made.fn_args(tmp_path / name, config)
        given.custom_config['checkpoints'] = str(tmp_path / checkpoints)
        return given

    first = [args(name, 'kept') for name in ('first', 'first-worker')]
    chief, worker = train_together(tmp_path / 'killed', first, kill_in_epoch=3)
    assert worker == 9
    assert chief != 0
    assert not (tmp_path / 'first' / 'model').exists()
    assert len(list((tmp_path / 'kept').glob('*.npz'))) == 1

    second = [args(name, 'kept') for name in ('second', 'second-worker')]
    assert train_together(tmp_path / 'resumed', second) == [0, 0]
    assert not list((tmp_path / 'kept').iterdir())
    assert history(tmp_path / 'second')['resumed_after_epoch'] == 2

    whole = args('whole', 'other')
    assert train_alone(tmp_path / 'alone', whole, devices=2) == 0
    assert_same(weights(tmp_path / 'second'), weights(tmp_path / 'whole'))

"""A run that is killed while its model is fine-tuned, and the same command again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

RECIPE = """
name: kill
task: multiclass
data: {images: 'sklearn:digits'}
image: {size: 32}
model:
  kind: transfer
  backbone: MobileNetV2
  options: {alpha: 0.35}
  weights: small.weights.h5
  fine_tune: {layers: 20, epochs: 20}
train: {epochs: 2, batch_size: 64, early_stopping: null}
gate: {metrics: {accuracy: {min: 0}}, classes: {metrics: {recall: {min: 0}}}}
push: {local: null}
"""

WEIGHTS = """
import keras
model = keras.applications.MobileNetV2((32, 32, 3), 0.35, include_top=False, weights=None)
model.save_weights('small.weights.h5')
"""
"""Weights of a backbone that knows nothing, which is all that is needed."""


def saved(folder: Path) -> tuple[str, int]:
    """Return the phase and the epoch that a training in a store has saved last."""
    from models.checkpoints import Checkpoints

    for file in folder.glob('.sluice/pipelines/kill/checkpoints/*.npz'):
        if found := Checkpoints(str(file.parent), file.stem).load():
            return found.phase, found.epoch
    return '', 0


def test_fine_tuning_goes_on_from_its_last_epoch(tmp_path: Path) -> None:
    (tmp_path / 'kill.yaml').write_text(RECIPE)
    environment = os.environ | {'PYTHONPATH': str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, '-c', WEIGHTS], cwd=tmp_path, env=environment, check=True)

    command = [sys.executable, '-m', 'pipeline', 'run', 'kill.yaml', '--json']
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while saved(tmp_path) not in [('fine_tune', epoch) for epoch in range(2, 21)]:
            assert process.poll() is None
            time.sleep(0.2)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
    phase, epoch = saved(tmp_path)
    assert phase == 'fine_tune'
    assert 2 <= epoch < 20

    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    run = json.loads(done.stdout)
    assert {s['name']: s['state'] for s in run['steps']}['Transform'] == 'cached'
    assert f'fine-tune, resumed at epoch {epoch + 1}/20' in (tmp_path / run['log']).read_text()
    assert (run['training']['epochs'], run['training']['resumed_after_epoch']) == (22, 2 + epoch)
    trainer = next(s for s in run['steps'] if s['name'] == 'Trainer')
    assert f'resumed after epoch {2 + epoch}' in trainer['note']
    assert (tmp_path / run['training']['curves']).is_file()
    assert not list(tmp_path.glob('.sluice/pipelines/kill/checkpoints/*'))
    assert sum(c['examples'] for c in run['classes']['test']) == run['rows']['test']

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from benchmarks import photos, picture_input, pictures
from models.settings import Transfer
from pipeline.loading import load_recipe
from transforms.image_fitting import pixels
from transforms.image_settings import ImageInput

RESULT = {
    'seconds': 90.0,
    'peak_bytes': 2**31,
    'steps': {'Trainer': 55.0},
    'script': {'seconds': 60.0, 'peak_bytes': 2**30},
    'ratio': 1.5,
    'input': {
        'reader_per_second': 950.0, 'reader_ratio': 1.0, 'reader_cpu_ratio': 1.0,
        'same_per_second': 1000.0, 'same_ratio': 0.95, 'same_cpu_ratio': 0.95,
        'bilinear_per_second': 1900.0, 'bilinear_ratio': 0.5, 'bilinear_cpu_ratio': 0.5,
    },
    'frozen': {'epochs': 3, 'on_seconds': 10.0, 'off_seconds': 25.0, 'ratio': 2.5},
}  # fmt: skip


def folder_of(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(photos, 'SPLITS', {'train': 20, 'test': 10})
    photos.write_photos(path)
    return path


def test_the_same_photos_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (folder_of(tmp_path / name, monkeypatch) for name in ('one', 'other'))
    files = sorted(f.relative_to(one) for f in one.rglob('*.jpg'))
    assert len(files) == 30
    assert all((one / f).read_bytes() == (other / f).read_bytes() for f in files)
    assert len({(one / f).read_bytes() for f in files}) == 30
    assert len(list((one / 'train').iterdir())) == photos.CLASSES
    assert {Image.open(one / f).size for f in files} == set(photos.SIDES[:2])


def test_the_recipe_trains_as_the_script_does(tmp_path: Path) -> None:
    file = tmp_path / 'photos.yaml'
    photos.write_recipe(file, tmp_path, tmp_path / 'w.h5', tmp_path / 'served')
    recipe = load_recipe(file)
    model, train = recipe.model, recipe.train
    assert isinstance(model, Transfer)
    assert model.fine_tune
    assert (model.fine_tune.layers, model.fine_tune.epochs) == (38, photos.FINE_TUNING_EPOCHS)
    assert model.fine_tune.learning_rate == photos.FINE_TUNING_RATE
    assert (train.epochs, train.learning_rate) == (photos.HEAD_EPOCHS, photos.HEAD_RATE)
    assert (train.batch_size, train.early_stopping) == (photos.BATCH_SIZE, None)


@pytest.mark.parametrize('shape', [(256, 192), (170, 256), (256, 256)])
def test_the_bare_pipeline_does_the_same(tmp_path: Path, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)
    file = tmp_path / 'a.jpg'
    Image.fromarray(noise).save(file)
    image = ImageInput(size=96)
    batch = next(iter(picture_input.bare([str(file)], image, 1, 'area')))
    expected = pixels(tf.constant(file.read_bytes()), image)
    np.testing.assert_array_equal(batch[0], expected)


def test_the_page_says_what_was_measured() -> None:
    section = pictures.section({pictures.NAME: RESULT})
    assert '| Sluice, `run` | 90.0 s | 2.0 GiB |' in section
    assert '| plain Keras script | 60.0 s | 1.0 GiB |' in section
    assert 'The run takes 1.50 times as long' in section
    assert '| 1,000 | 0.95 | 0.95 |' in section
    assert 'in 25.0 s with new ones in each epoch: 2.5 times' in section


def test_the_page_says_that_a_cell_failed() -> None:
    section = pictures.section({pictures.NAME: {'failed': 'ended with 1; see a.log'}})
    assert section.endswith('ended with 1; see a.log')


def test_photos_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pictures.FOLDER, str(tmp_path))
    (cell,) = pictures.cells()
    assert isinstance(cell.measure, partial)
    assert cell.measure.args == (tmp_path,)

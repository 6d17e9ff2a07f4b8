"""`sluice init` of pictures: what is written, and that it is a good recipe."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from models.settings import Cnn, Transfer
from pipeline.cli import main
from pipeline.init import InitError, write_recipe
from pipeline.loading import check_against_data, load_recipe
from pipeline.recipe import Recipe
from tests.components.image_example_gen.samples import class_folders, encoded, picture


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def loaded(path: Path) -> Recipe:
    recipe = load_recipe(path)
    check_against_data(path, recipe)
    return recipe


def photos(folder: Path, size: tuple[int, int], counts: dict[str, int]) -> None:
    """Write photos, all the same."""
    data = encoded(picture().resize(size), 'JPEG')
    for name, n in counts.items():
        (folder / name).mkdir(parents=True)
        for i in range(n):
            (folder / name / f'{i}.jpg').write_bytes(data)


def test_photos_get_a_transfer_at_a_size_of_its_backbone(tmp_path: Path) -> None:
    photos(tmp_path / 'My Flowers', (200, 140), {'daisy': 30, 'rose': 20, 'tulip': 10})
    (tmp_path / 'recipes').mkdir()
    written = write_recipe('My Flowers', output=tmp_path / 'recipes' / 'f.yaml')
    recipe = loaded(written.path)
    assert recipe.name == 'my-flowers'
    assert recipe.task == 'multiclass'
    assert recipe.model == Transfer()
    assert recipe.image_input
    assert recipe.image_input.size == (192, 192)
    assert recipe.data.split.into == {'train': 6, 'eval': 2, 'test': 2}
    assert recipe.gate.metrics['accuracy'].min == 0.52
    text = written.path.read_text()
    assert 'images: "../My Flowers"' in text
    assert '# pictures: daisy (30), rose (20), tulip (10)' in text
    assert 'offline, name a file' in text
    assert 'daisy: 30' in written.summary
    assert '60 pictures: split by content' in written.summary


def test_small_pictures_get_a_network_of_their_own_size(tmp_path: Path) -> None:
    class_folders(tmp_path / 'in', {'a': 40, 'b': 40})
    recipe = loaded(write_recipe('in').path)
    assert recipe.task == 'binary'
    assert recipe.classes == ('a', 'b')
    assert recipe.model == Cnn(filters=(32, 64))
    assert recipe.image_input
    assert recipe.image_input.shape == (24, 36, 3)
    assert recipe.gate.metrics['auc'].min == 0.6


def test_large_photos_are_made_smaller(tmp_path: Path) -> None:
    photos(tmp_path / 'in', (1600, 1200), {'a': 3, 'b': 3})
    recipe = loaded(write_recipe('in').path)
    assert recipe.pictures
    assert recipe.pictures.shrink == 512


def test_idx_files(tmp_path: Path) -> None:
    (tmp_path / 'digits').mkdir()
    for of, n in (('train', 60), ('t10k', 20)):
        for what, shape in (('images-idx3', (n, 28, 28)), ('labels-idx1', (n,))):
            values = (np.arange(np.prod(shape)) % 3).astype(np.uint8)
            head = struct.pack(f'>HBB{len(shape)}i', 0, 8, len(shape), *shape)
            file = tmp_path / 'digits' / f'{of}-{what}-ubyte.gz'
            file.write_bytes(gzip.compress(head + values.tobytes()))
    written = write_recipe('digits')
    recipe = loaded(written.path)
    assert recipe.image_input
    assert recipe.image_input.shape == (28, 28, 1)
    assert recipe.model == Cnn(filters=(32, 64))
    text = written.path.read_text()
    assert '# Split as they are laid out: train 60, test 20.' in text
    assert '1/9 of it for eval' in text


def test_a_manifest_is_no_table(tmp_path: Path) -> None:
    class_folders(tmp_path / 'x', {'y': 20})
    lines = [f'x/y/{i:03}.png,{"ab"[i % 2]},{i}' for i in range(20)]
    (tmp_path / 'm.csv').write_text('\n'.join(['uri,label,iso', *lines]))
    recipe = loaded(write_recipe('m.csv').path)
    assert recipe.pictures
    assert recipe.pictures.images == str(tmp_path / 'm.csv')


def test_a_table_with_a_label_is_no_manifest(tmp_path: Path) -> None:
    lines = [f'{i},{"ab"[i % 2]},row{i % 7}' for i in range(80)]
    (tmp_path / 't.csv').write_text('\n'.join(['n,label,uri', *lines]))
    assert loaded(write_recipe('t.csv').path).table


def test_a_folder_of_tables_is_no_folder_of_pictures(tmp_path: Path) -> None:
    (tmp_path / 'in').mkdir()
    lines = [f'{i % 7},{"ab"[i % 2]}' for i in range(80)]
    (tmp_path / 'in' / 't.csv').write_text('\n'.join(['n,label', *lines]))
    assert loaded(write_recipe('in').path).table


def test_pictures_that_cannot_be_opened_are_counted(tmp_path: Path) -> None:
    class_folders(tmp_path / 'in', {'a': 27, 'b': 27})
    for i in range(6):
        (tmp_path / 'in' / 'b' / f'bad{i}.png').write_bytes(b'')
    written = write_recipe('in')
    assert '6 of 60 looked at cannot be opened, such as in/b/bad0.png is empty' in written.summary
    recipe = loaded(written.path)
    assert recipe.pictures
    assert recipe.pictures.max_bad_fraction == 0.15


def test_faults(tmp_path: Path) -> None:
    class_folders(tmp_path / 'one', {'a': 3})
    with pytest.raises(InitError, match='there is one class only, a'):
        write_recipe('one')
    with pytest.raises(InitError, match='pictures are told apart by class'):
        write_recipe('one', label='price')
    for name in 'ab':
        (tmp_path / 'bad' / name).mkdir(parents=True)
        (tmp_path / 'bad' / name / '1.jpg').write_bytes(b'x')
    with pytest.raises(InitError, match=r'of 2 pictures none can be opened, such as bad/a/1\.jpg'):
        write_recipe('bad')
    assert not list(tmp_path.glob('*.yaml'))


def test_the_command(tmp_path: Path) -> None:
    class_folders(tmp_path / 'in', {'a': 40, 'b': 40})
    result = CliRunner().invoke(main, ['init', 'in', '-o', 'r.yaml'])
    assert result.exit_code == 0
    assert result.output.endswith('Next: sluice run r.yaml\n')
    checked = CliRunner().invoke(main, ['recipe', 'check', 'r.yaml'])
    assert checked.exit_code == 0
    assert checked.output == (
        'r.yaml: good: binary of pictures\n  a: 40\n  b: 40\n80 pictures: split by content\n'
    )

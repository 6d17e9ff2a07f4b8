from pathlib import Path

import pytest

from pipeline.batch.models import ModelNotFoundError, find_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for version in ('births/9', 'births/10', 'census/1'):
        (tmp_path / 'models' / version).mkdir(parents=True)
        (tmp_path / 'models' / version / 'saved_model.pb').touch()
    (tmp_path / 'models' / 'births' / '11').mkdir()
    return tmp_path / 'models'


def test_a_name_is_its_newest_version(folder: Path) -> None:
    assert find_model('births', folder) == folder / 'births' / '10'


def test_paths_of_a_model_and_of_a_version(folder: Path) -> None:
    assert find_model(str(folder / 'births'), Path('none')) == folder / 'births' / '10'
    assert find_model(str(folder / 'births' / '9'), Path('none')) == folder / 'births' / '9'


@pytest.mark.parametrize(
    ('model', 'told'),
    [
        ('birth', "birth: no such model in .*; did you mean 'births'"),
        ('{folder}', 'is no SavedModel and holds no version of one'),
    ],
)
def test_what_is_not_there(folder: Path, model: str, told: str) -> None:
    with pytest.raises(ModelNotFoundError, match=told):
        find_model(model.format(folder=folder), folder)


def test_nothing_is_pushed_yet(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match='has none yet; `sluice run` pushes them'):
        find_model('births', tmp_path / 'none')

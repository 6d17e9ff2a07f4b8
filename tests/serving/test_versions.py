from pathlib import Path

import pytest

from serving.sources import find_sources
from serving.versions import VersionsError, check_folder, labels_in, versions_in


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / 'saved_model.pb').touch()
    return folder


def numbers(folder: Path) -> list[int]:
    return [version.number for version in versions_in(folder)]


def test_names_that_are_numbers_are_versions(tmp_path: Path) -> None:
    make(
        tmp_path, '10', '9', '0010000000000', 'withdrawn', '.11.partial', '-3', '1.5', '٣', '9' * 40
    )
    (tmp_path / '12').mkdir()
    (tmp_path / '13').write_text('')
    assert numbers(tmp_path) == [9, 10, 10_000_000_000]


def test_a_saved_model_is_one_version(tmp_path: Path) -> None:
    make(tmp_path, '17', 'exported')
    assert numbers(tmp_path / '17') == [17]
    assert numbers(tmp_path / 'exported') == [1]


def test_a_folder_that_is_gone_has_none(tmp_path: Path) -> None:
    assert versions_in(tmp_path / 'gone') == []


def test_a_directory_that_is_replaced_is_another_version(tmp_path: Path) -> None:
    make(tmp_path, '1')
    (before,) = versions_in(tmp_path)
    make(tmp_path / 'new', '1')
    (tmp_path / '1').rename(tmp_path / 'old')
    (tmp_path / 'new/1').rename(tmp_path / '1')
    assert versions_in(tmp_path) != [before]


@pytest.mark.parametrize('text', ['[]', '{"a": "1"}', '{"a": true}', '{', '\xff'])
def test_labels_that_are_not_that(tmp_path: Path, text: str) -> None:
    (tmp_path / 'labels.json').write_text(text, encoding='latin1')
    with pytest.raises(VersionsError, match=r'labels\.json: '):
        labels_in(tmp_path)


def test_labels(tmp_path: Path) -> None:
    assert labels_in(tmp_path) == {}
    (tmp_path / 'labels.json').write_text('{"canary": 3}')
    assert labels_in(tmp_path) == {'canary': 3}


def test_all_pushed_models_are_served(tmp_path: Path) -> None:
    make(tmp_path / 'births', '1')
    make(tmp_path / 'census', '1', '2')
    (tmp_path / 'empty').mkdir()
    assert [source.name for source in find_sources([], tmp_path)] == ['births', 'census']


def test_models_by_name_by_path_and_renamed(tmp_path: Path) -> None:
    make(tmp_path / 'pushed/births', '1')
    asked = ['births', f'old={tmp_path}/pushed/births', f'{tmp_path}/pushed/births/1']
    sources = find_sources(asked, tmp_path / 'pushed')
    assert [source.name for source in sources] == ['births', 'old', 'births']


@pytest.mark.parametrize(
    ('asked', 'says'),
    [
        (['birth'], "/birth: no such model; did you mean 'births'? pushed: births"),
        (['./gone'], 'gone: no such folder; expected versions of a model'),
        (['x=births/1/saved_model.pb'], 'births/1/saved_model.pb: is a file; expected a folder'),
        (['x=.'], '.: no version in it; expected folders named by numbers'),
        (['a b=births'], "'a b' cannot be the name of a model in URLs; give it one: NAME=births"),
        (['../..=births'], "'../..' cannot be the name of a model in URLs"),
    ],
)
def test_models_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], says: str
) -> None:
    make(tmp_path / 'births', '1')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VersionsError) as caught:
        find_sources(asked, tmp_path)
    assert says in str(caught.value)


def test_nothing_pushed(tmp_path: Path) -> None:
    with pytest.raises(VersionsError, match='no pushed model in it; push one'):
        find_sources([], tmp_path)
    with pytest.raises(VersionsError, match='no such folder'):
        check_folder(tmp_path / 'gone')

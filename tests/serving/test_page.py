"""The page's files, and what they are told of each model."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.settings import ModelSource, ServerSettings
from tests.serving.conftest import serving

FOLDER = Path(__file__).parents[2] / 'serving' / 'page'
FILES = sorted(path.name for path in FOLDER.iterdir())


def test_the_page_and_all_that_it_names_are_there(client: TestClient) -> None:
    page = client.get('/')
    assert page.status_code == 200
    assert page.headers['content-type'].startswith('text/html')
    named = set(re.findall(r'(?:src|href)="page/([^"]+)"', page.text))
    for name in FILES:
        named |= set(re.findall(r"from '\./([^']+)'", (FOLDER / name).read_text()))
    assert named == set(FILES) - {'index.html'}
    for name in named:
        answer = client.get(f'/page/{name}')
        assert answer.status_code == 200
        assert answer.content == (FOLDER / name).read_bytes()


@pytest.mark.parametrize('name', FILES)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    text = (FOLDER / name).read_text()
    addresses = set(re.findall(r'(?:https?:)?//[\w.-]+\.\w+', text))
    assert addresses <= {'http://www.w3.org'}, 'the namespace of SVG'


def test_the_browser_is_told_to_load_nothing_from_elsewhere(client: TestClient) -> None:
    policy = client.get('/').headers['content-security-policy']
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy
    assert 'http' not in policy


def test_files_are_asked_for_again_only_if_they_changed(client: TestClient) -> None:
    first = client.get('/page/app.js')
    again = client.get('/page/app.js', headers={'If-None-Match': first.headers['etag']})
    assert again.status_code == 304
    assert again.content == b''


@pytest.mark.parametrize('name', ['none.js', '..%2Fpage.py', '%2e%2e/page.py', 'app.js/x'])
def test_other_files_are_not_there(client: TestClient, name: str) -> None:
    assert client.get(f'/page/{name}').status_code == 404


def test_a_described_model_tells_what_it_was_told(tmp_path: Path) -> None:
    from tests.serving.page_models import EVALUATION, TABLE, write_weights

    write_weights(tmp_path / 'weights' / '9')
    source = ModelSource(name='weights', path=str(tmp_path / 'weights'))
    with serving(ServerSettings(models=(source,))) as client:
        about = client.get('/v1/models/weights/description').json()
    assert about == {
        'name': 'weights', 'version': 9, 'description': TABLE, 'evaluation': EVALUATION,
    }  # fmt: skip


def test_a_model_without_a_description_is_described_by_its_signature(client: TestClient) -> None:
    table = client.get('/v1/models/table/description').json()
    assert table['evaluation'] is None
    assert table['description']['input'] == 'columns'
    kinds = {given['name']: given['type'] for given in table['description']['inputs']}
    assert kinds == {'age': 'number', 'size': 'number', 'colour': 'string'}
    pictures = client.get('/v1/models/pictures/description').json()
    assert pictures['description']['input'] == 'picture'


def test_no_model_of_that_name(client: TestClient) -> None:
    answer = client.get('/v1/models/none/description')
    assert answer.status_code == 404
    assert 'table' in answer.json()['error']


def test_the_page_is_open_and_descriptions_are_not(table_versions: Path) -> None:
    source = ModelSource(name='table', path=str(table_versions))
    settings = ServerSettings(models=(source,), token='secret')
    with serving(settings) as client:
        assert client.get('/').status_code == 200
        assert client.get('/page/app.js').status_code == 200
        assert client.get('/v1/models/table/description').status_code == 401
        headers = {'Authorization': 'Bearer secret'}
        assert client.get('/v1/models/table/description', headers=headers).status_code == 200

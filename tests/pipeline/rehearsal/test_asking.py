import json
from pathlib import Path

import pytest

from pipeline.rehearsal.asking import PROJECT, SITE, asked_for
from pipeline.rehearsal.errors import RehearsalError
from tests.pipeline.conftest import RECIPE, write_houses
from tests.pipeline.rehearsal.jobs import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / 'houses.yaml').write_text(RECIPE)
    write_houses(tmp_path / 'houses.csv', 60)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_job(name: str) -> None:
    spec = {'schemaVersion': '2.1.0', 'pipelineInfo': {'name': name}, 'root': {'dag': {}}}
    job = {'pipelineSpec': spec, 'runtimeConfig': {'gcsOutputDirectory': ROOT}}
    Path('pipeline.json').write_text(json.dumps(job))


def test_a_recipe_has_its_tables_and_gets_a_place(folder: Path) -> None:
    asked = asked_for('houses.yaml', ['train.epochs=2'], [], [], strict=True)
    assert asked.recipe and asked.recipe.vertex
    assert asked.recipe.vertex.root == 'gs://rehearsal/sluice'
    assert asked.overrides == ['train.epochs=2', *SITE, *PROJECT]
    assert asked.tables['city.sales.houses']['path'] == [str(folder / 'houses.csv')]
    assert asked.strict


def test_a_job_has_the_tables_of_the_recipe_of_its_name_and_those_given(folder: Path) -> None:
    write_job('babyweight')
    asked = asked_for('pipeline.json', [], ['epochs=3'], ['`a.b.c`=houses.csv'], strict=False)
    assert asked.recipe is None
    assert list(asked.tables) == ['bigquery-public-data.samples.natality', 'a.b.c']
    assert asked.tables['a.b.c'] == [str(folder / 'houses.csv')]
    write_job('others')
    assert asked_for('pipeline.json', [], [], [], strict=False).tables == {}


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (('gone.json', [], []), 'gone.json: there is no such file; write it with `sluice compile'),
        (('pipeline.json', ['train.epochs=2'], []), '--set train.epochs=2: is of a recipe'),
        (('houses.yaml', ['train.epoch=2'], []), 'epoch'),
        (('houses.yaml', [], ['a.b.c']), '--table a.b.c: write TABLE=PATH'),
        (('houses.yaml', [], ['a.b.c=gone.csv']), 'there is no file gone.csv'),
        (('nothing', [], []), 'nothing'),
    ],
)
def test_what_is_wrong_is_told_in_a_line(folder: Path, words: tuple, told: str) -> None:
    write_job('others')
    named, overrides, tables = words
    with pytest.raises(RehearsalError) as error:
        asked_for(named, overrides, [], tables, strict=False)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        ('{', 'is no JSON'),
        ('{}', 'is no compiled pipeline: it has no pipelineSpec'),
        ('{"pipelineSpec": {"tasks": {}}}', 'Vertex would refuse it'),
        ('{"pipelineSpec": {"schemaVersion": "2.0.0"}}', "schemaVersion is '2.0.0'"),
        ('{"pipelineSpec": {"schemaVersion": "2.1.0"}}', "gcsOutputDirectory is ''"),
    ],
)
def test_what_vertex_would_not_take_is_refused(folder: Path, content: str, told: str) -> None:
    Path('pipeline.json').write_text(content)
    with pytest.raises(RehearsalError, match=told):
        asked_for('pipeline.json', [], [], [], strict=False)


def test_faults_are_methods_and_statuses(folder: Path) -> None:
    asked = asked_for('houses.yaml', [], [], [], ['DeployModel=UNAVAILABLE'], strict=False)
    assert asked.faults == [('DeployModel', 'UNAVAILABLE')]
    with pytest.raises(RehearsalError, match='write METHOD=STATUS'):
        asked_for('houses.yaml', [], [], [], ['DeployModel'], strict=False)

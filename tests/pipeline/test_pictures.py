"""Recipes for pictures: what they may say, held against the pictures that are there."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.settings import Cnn, Linear, Transfer
from pipeline.cli import main
from pipeline.loading import RecipeError, check_against_data, load_recipe
from pipeline.recipe import shipped_recipes
from pipeline.records import Run
from tests.components.image_example_gen.samples import class_folders
from tests.components.image_example_gen.test_ingest import BROKEN, broken_folder

RECIPE = """
name: shapes
description: invented pictures
task: multiclass
data: {images: in, split: {into: {train: 6, eval: 2, test: 2}}}
image: {size: 16}
model: {kind: linear}
train: {epochs: 2, batch_size: 16}
gate: {metrics: {accuracy: {min: 0.01}}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'shapes.yaml').write_text(RECIPE)
    return tmp_path / 'shapes.yaml'


def test_pictures_are_found_beside_the_recipe(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class_folders(file.parent / 'in', {'a': 3, 'b': 4, 'c': 5})
    monkeypatch.chdir('/')
    found = check_against_data(file, load_recipe(file))
    assert not isinstance(found, dict)
    assert found.classes == {'a': 3, 'b': 4, 'c': 5}


def test_a_folder_given_by_set_is_found_from_here(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_folders(file.parent / 'here' / 'other', {'a': 3, 'b': 4})
    monkeypatch.chdir(file.parent / 'here')
    recipe = load_recipe(file, ['data.images=other'])
    assert recipe.pictures
    assert recipe.pictures.images == str(file.parent / 'here' / 'other')
    for elsewhere in ('gs://bucket/in', 'sklearn:digits'):
        recipe = load_recipe(file, [f'data.images={elsewhere}'])
        assert recipe.pictures
        assert recipe.pictures.images == elsewhere


@pytest.mark.parametrize(
    ('overrides', 'message'),
    [
        (['task=binary'], 'task: binary has two classes, the pictures 3: a, b, c; use multiclass'),
        (['classes=[a, b]'], "classes: the pictures have 'c' too; name all 3"),
        (['classes=[a, b, c, d]'], "classes: 'd' is not a class of the pictures"),
        (['train.class_weights={x: 2}'], "train.class_weights.x: 'x' is not a class"),
        (['gate.slices=[{by: camera}]'], "gate.slices.0.by: 'camera' is not a column of the pict"),
        (['data_gate.drift={iso: 0.1}'], "data_gate.drift.iso: 'iso' is not a column of the pict"),
        (['data.split={by: patient}'], 'data.split.by: patient is no column; there are image, uri'),
        (['data.images=nowhere'], 'data.images: .*nowhere: no such folder or manifest; name yours'),
        (['data.images=in/a'], 'data.images: .*in/a holds no class folders'),
    ],
)
def test_a_recipe_is_held_against_its_pictures(
    file: Path, overrides: list[str], message: str
) -> None:
    class_folders(file.parent / 'in', {'a': 3, 'b': 4, 'c': 5})
    with pytest.raises(RecipeError, match=message) as error:
        check_against_data(file, load_recipe(file, overrides), overrides)
    assert str(error.value).startswith(str(file))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('override', 'message'),
    [
        ('data.imagez=x', "data.imagez: unknown key; did you mean 'images'"),
        ('data.query=SELECT 1', 'data.query: unknown key; known: images, split, max_bad_fraction'),
        ('data.shrink=3', 'data.shrink: 3 is not a whole number of at least 32'),
        ('model=wide_deep', "model.kind: 'wide_deep' learns from a table; for pictures: linear"),
        ('features={a: numeric}', 'features: the data is pictures, which are learnt from whole'),
        ('task=regression', 'task: pictures are told apart by class'),
        ('label=y', "label: of pictures it is 'label', got 'y'"),
    ],
)
def test_what_a_recipe_for_pictures_may_not_say(file: Path, override: str, message: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(file, [override])
    assert message in str(error.value)


@pytest.mark.parametrize('name', ['digits', 'flowers', 'clothing'])
@pytest.mark.parametrize(
    ('kind', 'model'), [('linear', Linear), ('cnn', Cnn), ('transfer', Transfer)]
)
def test_recipes_for_pictures_have_variants_a_set_away(name: str, kind: str, model: type) -> None:
    overrides = [f'model.kind={kind}']
    if name == 'digits' and kind == 'transfer':
        overrides.append('image.size=32')  # the least that MobileNetV2 takes
    assert isinstance(load_recipe(shipped_recipes()[name], overrides).model, model)


@pytest.mark.e2e
class TestBrokenPictures:
    """One of each broken kind, run to the end."""

    def invoke(self, *arguments: str):
        return CliRunner().invoke(main, ['run', 'shapes.yaml', *arguments])

    def test_too_many_stop_the_run(self, file: Path) -> None:
        broken_folder(file.parent / 'in')
        result = self.invoke('--json')
        assert result.exit_code == 1
        run = Run.model_validate_json(result.stdout)
        assert run.step('ImageExampleGen').state == 'failed'
        assert run.error
        assert run.error.startswith('data.max_bad_fraction: 4 of 42 pictures cannot be used')
        listed = file.parent / '.sluice/pipelines/shapes/ImageExampleGen/refused.jsonl'
        assert str(listed) in run.error
        assert len(listed.read_text().splitlines()) == len(BROKEN)

    @pytest.mark.slow
    def test_few_are_listed_and_the_rest_is_learnt_from(self, file: Path) -> None:
        broken_folder(file.parent / 'in')
        class_folders(file.parent / 'in', {'other': 40}, seed=900)
        more = ('--set', 'data.max_bad_fraction=0.1', '--json')
        result = self.invoke(*more)
        assert result.exit_code == 0, result.output
        run = Run.model_validate_json(result.stdout)
        assert sum(run.rows.values()) == 78
        step = run.step('ImageExampleGen')
        assert step.note.endswith('pictures · 4 refused')
        (examples,) = step.artifacts['examples']
        lines = (Path(examples) / 'refused.jsonl').read_text().splitlines()
        assert [Path(json.loads(line)['uri']).name for line in lines] == sorted(BROKEN)
        shown = CliRunner().invoke(main, ['show']).output
        for name in BROKEN:
            assert f'refused: {file.parent}/in/odd/{name}' in shown
        assert 'class folders without pictures: none' in shown

        again = Run.model_validate_json(self.invoke(*more).stdout)
        assert {s.state for s in again.steps if s.name != 'Pusher'} <= {'cached'}
        assert again.step('ImageExampleGen').notes == step.notes
        changed = file.parent / 'in' / 'good' / '003.png'
        changed.write_bytes((file.parent / 'in' / 'good' / '004.png').read_bytes())
        third = Run.model_validate_json(self.invoke(*more).stdout)
        assert third.step('ImageExampleGen').state == 'done'

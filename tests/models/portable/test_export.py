"""Networks exported, and the described preprocessing done again in plain Python."""

import json
import math

import numpy as np
import pytest

from models.description import describe, write
from models.portable.errors import PortableError
from models.portable.export import export_network
from models.settings import Described
from models.signatures import export
from models.training import build_model, fit
from models.warm_start import save_model
from tests.models.conftest import CROSSES, FEATURES, FEW_FEATURES, LABELS
from transforms.features import TransformConfig


@pytest.fixture(scope='module')
def served(artifacts, tmp_path_factory):
    """Return the folder of a trained model, exported as the Trainer does, by task."""
    made = {}

    def of(task):
        if task not in made:
            pipeline = artifacts(task)
            model = build_model(pipeline.config(), pipeline.data)
            fit(model, pipeline.config(), pipeline.data)
            folder = tmp_path_factory.mktemp('served') / task / '7'
            data = pipeline.data
            export(model, data.graph, data.target, str(folder))
            save_model(model, str(folder))
            regression = task == 'regression'
            transform = TransformConfig(
                features=FEATURES if regression else FEW_FEATURES,
                crosses=CROSSES if regression else (),
                label=LABELS[task],
                task=task,
            )
            said = Described(name=task, transform=transform)
            about = describe(data.graph, data.target, said, pipeline.train, pipeline.eval)
            write(about, str(folder))
            made[task] = folder
        return made[task]

    return of


@pytest.mark.parametrize('to', ['onnx', 'litert'])
@pytest.mark.parametrize('task', ['regression', 'multiclass'])
def test_the_network_answers_as_the_model_does(served, tmp_path, task, to):
    done = export_network(served(task), to, tmp_path / f'model.{to}')
    assert done.file.stat().st_size > 1000
    assert done.rows == 256
    assert done.difference < 1e-4
    about = json.loads(done.about.read_text())
    assert about['name'] == task
    assert about['output']['shape'] == [None, 1 if task == 'regression' else 3]
    assert len(about['examples']) == 5
    text = done.text.read_text()
    for given in about['inputs']:
        assert f'| `{given["name"]}` | {given["dtype"]} |' in text
        assert given['how'], given['name']
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f'model.{to}', f'model.{to}.json', f'model.{to}.md',
    ]  # fmt: skip


def test_the_described_preprocessing_is_what_the_model_does(served, tmp_path):
    about = json.loads(
        export_network(served('regression'), 'onnx', tmp_path / 'model.onnx').about.read_text()
    )
    inputs = {given['name']: given for given in about['inputs']}

    def text(value):
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if whole else str(value)

    def made(name, row):
        given = inputs[name]
        x = row[given['from'][0]]
        missing = x is None or x == ''
        if 'offset' in given:
            return given['missing'] if missing else (x - given['offset']) / given['spread']
        if 'boundaries' in given:
            return 0 if missing else 1 + sum(b <= x for b in given['boundaries'])
        if 'vocabulary' in given:
            vocabulary = given['vocabulary']
            known = not missing and text(x) in vocabulary
            return 0 if missing else 1 + (vocabulary.index(text(x)) if known else len(vocabulary))
        if 'members' in given:
            number = 0
            for member, size in zip(given['members'], given['sizes'], strict=True):
                number = number * size + made(member, row)
            return number
        return given['missing'] if missing else 0.0

    checked = [name for name in inputs if not name.startswith('day')]
    assert {'age', 'age_bucket', 'age_missing', 'colour', 'colour_x_code'} <= set(checked)
    for example in about['examples']:
        for name in checked:
            assert made(name, example['row']) == pytest.approx(
                example['inputs'][name], rel=1e-5, abs=1e-5
            ), name


def test_scales_are_those_of_the_data(served, artifacts, tmp_path):
    from tests.models.conftest import rows

    about = json.loads(
        export_network(served('regression'), 'onnx', tmp_path / 'model.onnx').about.read_text()
    )
    age = next(given for given in about['inputs'] if given['name'] == 'age')
    ages = np.array([r['age'] for r in rows(400, seed=1) if r['age'] is not None], float)
    assert age['offset'] == pytest.approx(ages.mean(), rel=1e-5)
    assert age['spread'] == pytest.approx(ages.std(), rel=1e-5)
    assert math.isfinite(age['missing'])


def test_a_folder_without_the_network_is_told(served, tmp_path):
    (tmp_path / 'bare').mkdir()
    with pytest.raises(PortableError, match=r'bare: has no assets\.extra/model\.keras'):
        export_network(tmp_path / 'bare', 'onnx', tmp_path / 'x.onnx')


def test_a_network_that_differs_is_not_kept(served, tmp_path, monkeypatch):
    from models.portable import export as module

    monkeypatch.setattr(module, 'run', lambda to, file, inputs: np.zeros((256, 1), np.float32))
    with pytest.raises(PortableError, match='onnx: the converted network differs from the Saved'):
        export_network(served('regression'), 'onnx', tmp_path / 'x.onnx')
    assert list(tmp_path.iterdir()) == []

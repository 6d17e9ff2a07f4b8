import re
from pathlib import Path
from typing import ClassVar

import pytest

from components.query_example_gen.errors import QueryError
from models.settings import Training
from pipeline.loading import RecipeError, check_against_data, dump_recipe, load_recipe
from pipeline.recipe import shipped_recipes
from transforms.features import Categorical, Numeric

RECIPE = """\
name: births
task: regression
label: weight
data:
  query: SELECT weight, age, sex, day FROM births.all
  local: {births.all: births.csv}
  split: {by: day}
features:
  age: {kind: numeric, buckets: 4}
  sex: categorical
crosses: [[age, sex]]
train:
  epochs: 3
gate:
  metrics:
    rmse: {max: 1.2}
  slices:
    - {by: sex, metrics: {rmse: {max: 1.3}}}
"""

METRICS = 'known: rmse, mae, mse, r2'
TRAIN_KEYS = ', '.join(Training.model_fields)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'births.yaml'
    path.write_text(RECIPE)
    return path


def faults(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(RecipeError) as raised:
        load_recipe(path, overrides)
    return [fault.replace(str(path), 'births.yaml') for fault in raised.value.faults]


@pytest.mark.parametrize(
    ('written', 'instead', 'fault'),
    [
        pytest.param(
            'label: weight\n',
            'label: weight\nfeaturs: {}\n',
            "4: featurs: unknown key; did you mean 'features'? known: name, description, task, ",
            id='unknown key',
        ),
        pytest.param(
            'epochs: 3',
            'epoch: 3',
            f"13: train.epoch: unknown key; did you mean 'epochs'? known: {TRAIN_KEYS}",
            id='unknown key in a block',
        ),
        pytest.param(
            '{by: day}',
            '{bye: day}',
            "7: data.split.bye: unknown key; did you mean 'by'? known: by, into, column, values",
            id='unknown key two blocks down',
        ),
        pytest.param(
            'buckets: 4',
            'bucket: 4',
            "9: features.age.bucket: unknown key; did you mean 'buckets'? "
            'known: kind, scale, buckets, boundaries, missing',
            id='unknown key of one kind of feature',
        ),
        pytest.param(
            'sex: categorical',
            'sex: {kind: categorical, buckets: 3}',
            '10: features.sex.buckets: unknown key; known: kind, vocabulary, min_count, oov',
            id='key of another kind of feature',
        ),
        pytest.param(
            'by: sex, metrics',
            'by: sex, metric',
            "18: gate.slices.0.metric: unknown key; did you mean 'metrics'? "
            'known: by, metrics, min_examples',
            id='unknown key in a list',
        ),
        pytest.param(
            'rmse: {max: 1.3}',
            'rmse: {mx: 1.3}',
            "18: gate.slices.0.metrics.rmse.mx: unknown key; did you mean 'max'? "
            'known: min, max, no_worse_than_baseline_by',
            id='unknown key below a list',
        ),
        pytest.param(
            'kind: numeric',
            'kind: numerc',
            "9: features.age: kind 'numerc' is unknown; did you mean 'numeric'? "
            'known: numeric, categorical, hashed, date',
            id='unknown kind',
        ),
        pytest.param(
            'sex: categorical',
            'sex: category',
            "10: features.sex: kind 'category' is unknown; did you mean 'categorical'? "
            'known: numeric, categorical, hashed, date',
            id='unknown kind in short',
        ),
        pytest.param(
            'kind: numeric, buckets',
            'buckets',
            '9: features.age: kind is required: numeric, categorical, hashed or date',
            id='no kind',
        ),
        pytest.param(
            'sex: categorical',
            'sex:',
            '10: features.sex: is empty; '
            'expected a kind (numeric, categorical, hashed, date) or settings',
            id='null for a feature',
        ),
        pytest.param(
            'epochs: 3', '', f'12: train: is empty; expected settings ({TRAIN_KEYS})', id='null'
        ),
        pytest.param(
            'epochs: 3',
            'epochs:',
            '13: train.epochs: is empty; expected a whole number of at least 1',
            id='null for a number',
        ),
        pytest.param(
            'epochs: 3',
            'epochs: many',
            "13: train.epochs: 'many' is not a whole number of at least 1",
            id='no number',
        ),
        pytest.param(
            'epochs: 3',
            'epochs: 1.5',
            '13: train.epochs: 1.5 is not a whole number of at least 1',
            id='no whole number',
        ),
        pytest.param(
            'epochs: 3',
            'epochs: 0',
            '13: train.epochs: 0 is not a whole number of at least 1',
            id='out of bounds',
        ),
        pytest.param(
            'epochs: 3',
            'warm_start: maybe',
            "13: train.warm_start: 'maybe' is not true or false",
            id='no boolean',
        ),
        pytest.param(
            'epochs: 3',
            'early_stopping: 3',
            '13: train.early_stopping: 3 is not allowed; expected settings (patience, min_delta)',
            id='no settings',
        ),
        pytest.param(
            'label: weight', 'label: 3', '3: label: 3 is not a string; quote it', id='no string'
        ),
        pytest.param(
            'buckets: 4',
            'missing: median',
            "9: features.age.missing: 'median' is not allowed; did you mean 'mean'? "
            'expected mean or a number',
            id='none of several types',
        ),
        pytest.param(
            'epochs: 3',
            'class_weights: {heavy: often}',
            "13: train.class_weights.heavy: 'often' is not a number",
            id='wrong below one of several types',
        ),
        pytest.param(
            'task: regression',
            'task: regresion',
            "2: task: 'regresion' is not allowed; did you mean 'regression'? "
            'known: regression, binary, multiclass',
            id='unknown word',
        ),
        pytest.param(
            'epochs: 3',
            'schedule: Cosin',
            "13: train.schedule: 'Cosin' is not allowed; did you mean 'cosine'? "
            'known: constant, cosine, exponential, step, one_cycle, cyclical',
            id='unknown word in short',
        ),
        pytest.param(
            'name: births',
            'name: Births 2',
            "1: name: 'Births 2' is not allowed: "
            'Name of the pipeline and of the served model: a-z, 0-9 and dashes',
            id='bad name',
        ),
        pytest.param(
            '[[age, sex]]',
            '[[age]]',
            "11: crosses.0: ['age'] is not a list of 2 to 4 strings",
            id='too few',
        ),
        pytest.param(
            'label: weight',
            'label: 2026-01-02',
            '3: label: 2026-01-02 is not a string; quote it',
            id='date',
        ),
        pytest.param(
            'name: births\n', '', 'name: is required, a string: Name of the pipeline', id='missing'
        ),
        pytest.param(
            '{by: sex, metrics',
            '{metrics',
            '18: gate.slices.0.by: is required, ',
            id='missing in a list',
        ),
        pytest.param(
            'task: regression',
            f'task: {"long" * 30}',
            f"2: task: '{'long' * 14}lo… is not allowed; known: ",
            id='long value',
        ),
        pytest.param(
            'sex: categorical',
            'weight: numeric',
            '10: features.weight: is the label; a model that sees it learns nothing else',
            id='label is a feature',
        ),
        pytest.param(
            '    rmse: {max: 1.2}',
            '    auc: {min: 0.8}',
            f"16: gate.metrics.auc: 'auc' is not a regression metric; {METRICS}",
            id='metric of another task',
        ),
        pytest.param(
            'metrics: {rmse: {max: 1.3}}',
            'metrics: {rsme: {max: 1.3}}',
            "18: gate.slices.0.metrics.rsme: 'rsme' is not a regression metric; "
            f"did you mean 'rmse'? {METRICS}",
            id='metric misspelt in a slice',
        ),
        pytest.param(
            '[[age, sex]]',
            '[[age, sax]]',
            "11: crosses.0: 'sax' is not a feature; did you mean 'sex'? known: age, sex",
            id='cross of no feature',
        ),
        pytest.param(
            'rmse: {max: 1.2}',
            'rmse: {}',
            '16: gate.metrics.rmse: give min, max or no_worse_than_baseline_by',
            id='settings that do not fit together',
        ),
        pytest.param(
            'buckets: 4',
            'buckets: 4, boundaries: [1]',
            '9: features.age: give buckets or boundaries, not both',
            id='settings of one kind that do not fit together',
        ),
        pytest.param(
            '  age: {kind: numeric, buckets: 4}',
            '  3: numeric',
            '9: features.3: the key 3 is not a string; quote it',
            id='key that is no string',
        ),
    ],
)
def test_faults_name_line_key_value_and_what_is_allowed(
    file: Path, written: str, instead: str, fault: str
) -> None:
    assert RECIPE.count(written) == 1
    file.write_text(RECIPE.replace(written, instead))
    found = faults(file)
    assert len(found) == 1
    line = fault if fault[0].isdigit() else f' {fault}'
    assert found[0].startswith(f'births.yaml:{line}')


def test_every_fault_is_told(file: Path) -> None:
    file.write_text(
        RECIPE.replace('epochs: 3', 'epochs: 0\n  seed: x').replace('max: 1.2', 'mx: 1')
    )
    assert [fault.split(': ')[:2] for fault in faults(file)] == [
        ['births.yaml:13', 'train.epochs'],
        ['births.yaml:14', 'train.seed'],
        ['births.yaml:17', 'gate.metrics.rmse.mx'],
    ]


@pytest.mark.parametrize(
    ('text', 'fault'),
    [
        ('', 'births.yaml: expected keys with values (`name: …`), found nothing'),
        ('- name', 'births.yaml: expected keys with values (`name: …`), found a list'),
        ('a: 1\nb: [1,\nc: 2', "births.yaml:3: not valid YAML: expected ',' or ']', but got"),
        ('a: 1\n\tb: 2', 'births.yaml:2: not valid YAML: found character'),
        ('a: 1\nb: c: d', 'births.yaml:2: not valid YAML: mapping values are not allowed here'),
        ('a: \x07', 'births.yaml: not valid YAML: '),
        (
            RECIPE + 'label: other\n',
            'births.yaml:19: label: given twice, first at births.yaml:3',
        ),
        (
            RECIPE.replace('epochs: 3', 'epochs: 3\n  epochs: 4'),
            'births.yaml:14: train.epochs: given twice, first at births.yaml:13',
        ),
    ],
)
def test_files_that_are_no_recipe(file: Path, text: str, fault: str) -> None:
    file.write_text(text)
    (found,) = faults(file)
    assert found.startswith(fault)
    assert '\n' not in found


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / 'latin.yaml'
    latin.write_bytes('name: Zoë'.encode('latin-1'))
    with pytest.raises(RecipeError, match=r'latin\.yaml: cannot be read: not UTF-8 text'):
        load_recipe(latin)
    with pytest.raises(RecipeError, match=r'none\.yaml: cannot be read: No such file'):
        load_recipe(tmp_path / 'none.yaml')


def test_words_are_yaml_1_2(file: Path) -> None:
    """Under YAML 1.1, `no` and `on` are booleans and `2e-3` is a string."""
    file.write_text(
        RECIPE.replace('sex: categorical', 'on: categorical').replace('[age, sex]', '[age, on]')
    )
    recipe = load_recipe(file, ['label=no', 'train.learning_rate=2e-3'])
    assert (recipe.label, recipe.train.learning_rate) == ('no', 0.002)
    assert 'on' in recipe.features


def test_short_and_long_forms_are_the_same(file: Path, tmp_path: Path) -> None:
    long = tmp_path / 'long.yaml'
    long.write_text(
        RECIPE.replace('sex: categorical', 'sex: {kind: categorical}')
        .replace('[[age, sex]]', '[{of: [age, sex]}]')
        .replace('by: sex', 'by: [sex]')
        .replace('by: day', 'by: [day]')
        .replace('births.csv', '{path: [births.csv]}')
        .replace('epochs: 3', 'epochs: 3\n  schedule: {kind: cosine}')
    )
    file.write_text(RECIPE.replace('epochs: 3', 'epochs: 3\n  schedule: cosine'))
    assert load_recipe(long) == load_recipe(file)


def test_paths_are_relative_to_the_recipe(file: Path) -> None:
    table = load_recipe(file).table
    assert table
    assert table.local['births.all'].path == (str(file.parent / 'births.csv'),)


@pytest.mark.parametrize('name', shipped_recipes())
def test_shipped_recipes_load_and_survive_a_dump(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(shipped_recipes()[name])
    again = tmp_path / 'again.yaml'
    again.write_text(dump_recipe(recipe))
    assert load_recipe(again) == recipe


def test_a_dump_keeps_nulls_and_the_lines_of_a_query(file: Path) -> None:
    recipe = load_recipe(
        file, ['train.early_stopping=null', 'data.query="SELECT 1\\n  AS one\\nFROM t"']
    )
    text = dump_recipe(recipe)
    assert 'query: |-\n    SELECT 1\n      AS one\n    FROM t\n' in text
    assert 'early_stopping: null' in text
    file.write_text(text)
    assert load_recipe(file).train.early_stopping is None


class TestOverrides:
    @pytest.mark.parametrize(
        ('override', 'path', 'value'),
        [
            ('train.epochs=7', ('train', 'epochs'), 7),
            ('train.batch_size=64', ('train', 'batch_size'), 64),
            ('model.hidden=[8, 4]', ('model', 'hidden'), (8, 4)),
            ('tune.trials=0', ('tune', 'trials'), 0),
            ('train.early_stopping=null', ('train', 'early_stopping'), None),
            ('train.schedule=cosine', ('train', 'schedule', 'kind'), 'cosine'),
            ('train.schedule.warmup=0.1', ('train', 'schedule', 'warmup'), 0.1),
            ('features.sex.oov=3', ('features', 'sex', 'oov'), 3),
            ('features.age.buckets=9', ('features', 'age', 'buckets'), 9),
            ('features.day=hashed', ('features', 'day', 'kind'), 'hashed'),
            ('gate.slices.0.min_examples=50', ('gate', 'slices', 0, 'min_examples'), 50),
            (
                'gate.slices.0.metrics.rmse.max=2',
                ('gate', 'slices', 0, 'metrics', 'rmse', 'max'),
                2,
            ),
            ('description=a: b: c', ('description',), 'a: b: c'),
            ('description=x=y', ('description',), 'x=y'),
            (' name=other', ('name',), 'other'),
        ],
    )
    def test_one_key_changes(
        self, file: Path, override: str, path: tuple[str | int, ...], value: object
    ) -> None:
        at: object = load_recipe(file, [override])
        for part in path:
            at = at[part] if isinstance(at, dict | tuple) else getattr(at, str(part))  # type: ignore[index]
        assert at == value

    def test_another_kind_starts_from_its_defaults(self, file: Path) -> None:
        recipe = load_recipe(
            file, ['features.age.buckets=7', 'features.age.kind=categorical', 'model.hidden=[3]']
        )
        assert recipe.features['age'] == Categorical()
        same = load_recipe(file, ['features.age.buckets=7', 'features.age.kind=numeric'])
        assert same.features['age'] == Numeric(buckets=7)

    def test_short_forms_become_long_and_keep_their_kind(self, file: Path) -> None:
        sex = load_recipe(file, ['features.sex.vocabulary=5']).features['sex']
        assert sex.model_dump() == {
            'kind': 'categorical',
            'vocabulary': 5,
            'min_count': 1,
            'oov': 1,
        }

    def test_names_of_tables_hold_dots(self, file: Path) -> None:
        table = load_recipe(
            file,
            [
                'data.local.births.all=other.csv',
                'data.local.births.all.delimiter=;',
                'data.local.a-project.births.more=more.csv',
            ],
        ).table
        assert table
        assert list(table.local) == ['births.all', 'a-project.births.more']
        assert table.local['births.all'].path == (str(Path.cwd() / 'other.csv'),)
        assert table.local['births.all'].delimiter == ';'

    def test_the_last_one_counts(self, file: Path) -> None:
        assert load_recipe(file, ['train.epochs=7', 'train.epochs=8']).train.epochs == 8

    @pytest.mark.parametrize(
        ('override', 'fault'),
        [
            ('train.epochs', '--set train.epochs: expected key.path=value'),
            ('=3', '--set =3: expected key.path=value'),
            ('train..epochs=3', '--set train..epochs=3: expected key.path=value'),
            ('label.x=3', "--set label.x=3: label is a value; it has no key 'x'"),
            (
                'gate.slices.1.by=x',
                "--set gate.slices.1.by=x: gate.slices is a list of 1, counted from 0: no '1'",
            ),
            (
                'train.epochs=many',
                'births.yaml with --set train.epochs=many: '
                "train.epochs: 'many' is not a whole number of at least 1",
            ),
            (
                'train.epoch=3',
                'births.yaml with --set train.epoch=3: train.epoch: unknown key; '
                f"did you mean 'epochs'? known: {TRAIN_KEYS}",
            ),
            (
                'features={age: numerc}',
                'births.yaml with --set features={age: numerc}: features.age: '
                "kind 'numerc' is unknown; did you mean 'numeric'? "
                'known: numeric, categorical, hashed, date',
            ),
            (
                'train.epochs=',
                'births.yaml with --set train.epochs=: train.epochs: is empty; '
                'expected a whole number of at least 1',
            ),
        ],
    )
    def test_faults_name_the_override(self, file: Path, override: str, fault: str) -> None:
        assert faults(file, override) == [fault]


class TestAgainstData:
    COLUMNS: ClassVar = {'weight': 'FLOAT', 'age': 'INTEGER', 'sex': 'STRING', 'day': 'DATE'}

    @pytest.fixture(autouse=True)
    def columns(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        columns = dict(self.COLUMNS)
        reader = pytest.importorskip('components.query_example_gen.reader')
        monkeypatch.setattr(reader, 'columns_of', lambda data: columns)
        return columns

    def fault(self, file: Path, *overrides: str) -> str:
        recipe = load_recipe(file, overrides)
        with pytest.raises(RecipeError) as raised:
            check_against_data(file, recipe, overrides)
        return str(raised.value).replace(str(file), 'births.yaml')

    def test_columns_are_returned(self, file: Path) -> None:
        assert check_against_data(file, load_recipe(file)) == self.COLUMNS

    def test_a_feature_that_the_query_does_not_return(
        self, file: Path, columns: dict[str, str]
    ) -> None:
        columns['agee'] = columns.pop('age')
        assert self.fault(file) == (
            "births.yaml:9: features.age: 'age' is not a column of the query; "
            "did you mean 'agee'? known: weight, sex, day, agee"
        )

    @pytest.mark.parametrize(
        ('override', 'fault'),
        [
            ('label=weigth', "label: 'weigth' is not a column"),
            ('data_gate.drift.agge=0.1', "data_gate.drift.agge: 'agge' is not a column"),
            ('data.split.by=[dya]', "data.split.by: 'dya' is not a column"),
            ('gate.slices.0.by=sax', "gate.slices.0.by: 'sax' is not a column"),
            ('features.day=date', 'features.day: date needs STRING, the query returns DATE'),
            ('label=sex', 'features.sex: is the label'),
        ],
    )
    def test_keys_that_do_not_fit_the_columns(self, file: Path, override: str, fault: str) -> None:
        if override == 'label=sex':
            assert fault in faults(file, override)[0]
            return
        told = self.fault(file, override)
        assert re.match(rf'births\.yaml(:\d+| with --set .*): {re.escape(fault)}', told)

    def test_faults_of_the_query_are_told_with_the_file(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(data: object) -> dict[str, str]:
            raise QueryError('data.query: no table births.all')

        monkeypatch.setattr('components.query_example_gen.reader.columns_of', broken)
        assert self.fault(file) == 'births.yaml:5: data.query: no table births.all'

"""The recipe: everything about a job, typed, in one YAML file."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from components.data_gate.settings import DataGateConfig, DataGateTerms
from components.evaluator.fairness_settings import CRITERIA
from components.evaluator.settings import (
    CLASS_METRICS,
    METRICS,
    Evaluation,
    EvaluatorConfig,
    Gate,
)
from components.image_example_gen.settings import ImageData
from components.prediction_table.settings import COLUMNS, Batch
from components.pusher.settings import Card, CardTerms
from components.query_example_gen.settings import UNLABELLED, Data, absolute_path
from components.report.settings import ReportSettings, ReportTerms
from components.serving_gate.settings import ServingGateConfig
from models.backbone_names import smallest_side
from models.search_space import check_space
from models.settings import (
    DOTTED_PATH,
    Described,
    Model,
    OwnModel,
    TrainerConfig,
    Training,
    Transfer,
    Tuning,
    WideDeep,
)
from transforms.features import CrossFeature, Feature, Numeric, Settings, TransformConfig
from transforms.image_settings import ImageInput

ROWS_AT_ONCE = 8192
"""Rows of a table that a model answers at a time when it is evaluated."""

PICTURES_AT_ONCE = 32
"""The same of pictures, whose activations are megabytes each."""


class Push(Settings):
    """Where a blessed model goes."""

    local: str | None = Field(
        'serving_models',
        description='Folder that gets `<name>/<version>`; relative to where the run starts. '
        'null: blessed models stay in the run.',
    )
    examples: int = Field(
        6,
        ge=0,
        le=50,
        description='Rows of the eval split that go with the model, for people to try it with; '
        'they can be read by whoever can use the model. 0: none.',
    )


class Vertex(Settings):
    """Where a compiled pipeline runs on Google Cloud."""

    root: str = Field(
        pattern=r'^gs://[^/]+(/[^/]+)*/?$',
        description='Cloud Storage folder of artifacts and pushed models: gs://bucket/path.',
    )
    image: str = Field(
        pattern=r'^\S+$', description='Container image with Sluice and your own code.'
    )


def _data_tag(value: object) -> str:
    pictures = 'images' in value if isinstance(value, dict) else isinstance(value, ImageData)
    return 'pictures' if pictures else 'table'


class Recipe(Settings):
    """A job: data, features, model, training, gate and destination."""

    name: str = Field(
        pattern=r'^[a-z][a-z0-9-]{0,62}$',
        description='Name of the pipeline and of the served model: a-z, 0-9 and dashes.',
    )
    description: str = Field('', description='One line for people.')
    task: Literal['regression', 'binary', 'multiclass'] = Field(
        description='What is predicted: a number, one of two classes, one of several.'
    )
    label: str = Field(
        'label', min_length=1, description='Column to predict; of pictures it is `label`.'
    )
    classes: Annotated[tuple[str, ...], Field(min_length=2)] | None = Field(
        None,
        description='Class names in order (binary: the second is the positive one). '
        'By default as found, sorted.',
    )
    units: dict[str, str] = Field(
        default_factory=dict,
        description='Column -> unit, as people write it: `{weight_pounds: lb}`. Shown, not used.',
    )
    data: Annotated[
        Annotated[Data, Tag('table')] | Annotated[ImageData, Tag('pictures')],
        Discriminator(_data_tag),
    ] = Field(description='Rows of a table, or pictures.')
    image: ImageInput | None = Field(
        None, description='What a model sees of a picture; by default as its type says.'
    )
    features: dict[str, Feature] = Field(
        default_factory=dict,
        description='Column -> kind or settings. Columns not named here are not learnt from.',
    )
    crosses: tuple[CrossFeature, ...] = Field(
        (), description='Combinations of features: `[[is_male, plurality]]`.'
    )
    transform: str | None = Field(
        None,
        pattern=DOTTED_PATH,
        description='Your own preprocessing_fn, by dotted path, in place of the built-in one.',
    )
    model: Model = Field(WideDeep(), description='`wide_deep`, or a model of your own.')
    train: Training = Training()
    tune: Tuning = Tuning()
    data_gate: DataGateConfig = DataGateConfig()
    gate: Gate
    evaluation: Evaluation = Evaluation()
    report: ReportSettings = ReportSettings()
    push: Push = Push()
    card: Card = Card()
    batch: Batch | None = Field(None, description='Rows to predict once the model is blessed.')
    vertex: Vertex | None = Field(None, description='Needed by `sluice compile` only.')

    @model_validator(mode='after')
    def _consistent(self) -> 'Recipe':
        self._check_kind_of_data()
        if self.data.split.names == (UNLABELLED,):
            raise ValueError('data.split: train and eval are needed')
        if self.label in self.features:
            raise ValueError(
                f'features.{self.label}: is the label; a model that sees it learns nothing else'
            )
        for i, cross in enumerate(self.crosses):
            self._check_cross(f'crosses.{i}', cross.of)
        if self.task == 'regression':
            if self.classes:
                raise ValueError('classes: a regression has none')
            if self.train.class_weights:
                raise ValueError('train.class_weights: a regression has no classes')
        if self.task == 'binary' and self.classes and len(self.classes) != 2:
            raise ValueError(f'classes: a binary task has two, got {len(self.classes)}')
        if isinstance(self.train.class_weights, dict) and self.classes:
            _known('train.class_weights', self.train.class_weights, self.classes, 'class')
        _known('gate.metrics', self.gate.metrics, METRICS[self.task], f'{self.task} metric')
        for i, by in enumerate(self.gate.slices):
            _known(
                f'gate.slices.{i}.metrics', by.metrics, METRICS[self.task], f'{self.task} metric'
            )
        self._check_class_gates()
        for i, fairness in enumerate(self.gate.fairness):
            at = f'gate.fairness.{i}.criteria'
            _known(at, fairness.criteria, CRITERIA[self.task], f'{self.task} criterion')
        if self.gate.fairness and not self.evaluation.keep_predictions:
            raise ValueError(
                'evaluation.keep_predictions: 0 keeps no rows to measure gate.fairness on'
            )
        if (
            self.train.find_rate == 'use'
            and self.tune.trials
            and 'learning_rate' in self.tune.space
        ):
            raise ValueError(
                'train.find_rate: use would overrule the learning_rate that tune.space searches; '
                'leave one of them out'
            )
        try:
            check_space(self.model, self.train, self.tune)
        except ValueError as error:
            raise ValueError(f'tune.space: {error}') from None
        try:
            _ = self.transform_config
        except ValidationError as error:
            raise ValueError(f'features: {error.errors()[0]["ctx"]["error"]}') from None
        return self

    def _check_class_gates(self) -> None:
        if self.task == 'regression' and self.gate.classes:
            raise ValueError('gate.classes: a regression has none')
        for i, gate in enumerate(self.gate.classes):
            path = f'gate.classes.{i}'
            _known(f'{path}.metrics', gate.metrics, CLASS_METRICS, 'metric of a class')
            if self.classes:
                _known(f'{path}.of', gate.of or (), self.classes, 'class')

    def _check_kind_of_data(self) -> None:
        """Check that data, features and model are all of a table, or all of pictures."""
        if not self.pictures:
            if not self.features and not self.transform:
                raise ValueError('features: name at least one column (or your own transform)')
            if self.image:
                raise ValueError('image: the data is a table; give data.images, or leave it out')
            if not isinstance(self.model, WideDeep | OwnModel):
                raise ValueError(
                    f'model.kind: {self.model.kind!r} learns from pictures; for a table: '
                    'wide_deep, or the dotted path of your own'
                )
            return
        for key in ('features', 'crosses', 'transform'):
            if getattr(self, key):
                raise ValueError(f'{key}: the data is pictures, which are learnt from whole')
        if self.batch:
            raise ValueError('batch: predicts rows of a table; for pictures: sluice predict')
        if isinstance(self.model, WideDeep):
            raise ValueError(
                "model.kind: 'wide_deep' learns from a table; for pictures: linear, dense, cnn, "
                'transfer, or the dotted path of your own'
            )
        if self.task == 'regression':
            raise ValueError('task: pictures are told apart by class; binary or multiclass')
        if self.label != 'label':
            raise ValueError(f"label: of pictures it is 'label', got {self.label!r}")

        if isinstance(self.model, Transfer):
            self._check_backbone(self.model)

    def _check_backbone(self, model: Transfer) -> None:
        height, width = (self.image or ImageInput()).size
        searched = self.tune.space.get('backbone', ())
        for name in (model.backbone, *(searched if isinstance(searched, tuple) else ())):
            if min(height, width) < smallest_side(name):
                raise ValueError(
                    f'image.size: {height} x {width} pixels are too few for {name}, which takes '
                    f'{smallest_side(name)} or more'
                )

    def relative_to(self, folder: Path) -> 'Recipe':
        """Return the same recipe with its relative paths taken from a folder."""
        model = self.model
        if isinstance(model, Transfer) and model.weights_file:
            path = absolute_path(model.weights_file, folder)
            model = model.model_copy(update={'weights': path})
        batch = self.batch and self.batch.relative_to(folder)
        moved = {'data': self.data.relative_to(folder), 'model': model, 'batch': batch}
        return self.model_copy(update=moved)

    @property
    def pictures(self) -> ImageData | None:
        """The data, if it is pictures."""
        return self.data if isinstance(self.data, ImageData) else None

    @property
    def batch_data(self) -> Data | None:
        """The rows that are only predicted, if there are any."""
        if self.batch is None or isinstance(self.data, ImageData):
            return None
        return self.batch.data(self.data)

    @property
    def image_input(self) -> ImageInput | None:
        """What a model sees of a picture, if the data is pictures."""
        return (self.image or ImageInput()) if self.pictures else None

    @property
    def table(self) -> Data | None:
        """The data, if it is rows of a table."""
        return self.data if isinstance(self.data, Data) else None

    def _check_cross(self, path: str, of: tuple[str, ...]) -> None:
        _known(path, of, self.features, 'feature')
        for name in of:
            feature = self.features[name]
            if feature.kind == 'date':
                raise ValueError(f'{path}: {name} is a date, which has no single id')
            if isinstance(feature, Numeric) and not feature.is_bucketed:
                raise ValueError(f'{path}: {name} is numeric; give it buckets or boundaries')

    @property
    def evaluation_split(self) -> str:
        """Split that the gate judges: `test` where there is one, else `eval`."""
        return 'test' if 'test' in self.data.split.names else 'eval'

    def served_at(self) -> Path | None:
        """Return the folder that gets the versions of the blessed model; None: nowhere."""
        return Path(self.push.local).absolute() / self.name if self.push.local else None

    @property
    def data_gate_terms(self) -> DataGateTerms:
        """What DataGate needs of the recipe."""
        return DataGateTerms(
            bounds=self.data_gate,
            task=self.task,
            label=self.label,
            features=tuple(self.features),
            splits=self.data.split.names,
            classes=self.classes,
        )

    @property
    def evaluator_config(self) -> EvaluatorConfig:
        """What Evaluator needs of the recipe."""
        return EvaluatorConfig(
            task=self.task,
            label=self.label,
            gate=self.gate,
            splits=(self.evaluation_split,),
            evaluation=self.evaluation,
            batch_rows=PICTURES_AT_ONCE if self.pictures else ROWS_AT_ONCE,
        )

    @property
    def serving_gate_config(self) -> ServingGateConfig:
        """What ServingGate needs of the recipe."""
        return ServingGateConfig(split=self.evaluation_split)

    @property
    def transform_config(self) -> TransformConfig:
        """What Transform needs of the recipe."""
        return TransformConfig(
            features=self.features, crosses=self.crosses, label=self.label, task=self.task
        )

    @property
    def card_terms(self) -> CardTerms:
        """What the model's card takes from the recipe."""
        return CardTerms(
            name=self.name,
            task=self.task,
            label=self.label,
            about=self.description,
            card=self.card,
            source=self._source(),
            split=self.data.split.in_words('content' if self.pictures else 'the whole row'),
            algorithm=self.model.kind,
            gate=self.gate,
            drift=tuple(self.data_gate.drift),
            features=tuple(self.features),
        )

    def _source(self) -> str:
        """Return the query, or where the pictures are."""
        if self.pictures:
            images = self.pictures.images
            return images if isinstance(images, str) else str(images.query or images.query_file)
        return str(self.table.query or self.table.query_file) if self.table else ''

    @property
    def preprocessing_fn(self) -> str:
        """Dotted path of what Transform runs."""
        if self.pictures:
            return 'transforms.image.preprocessing_fn'
        return self.transform or 'transforms.tabular.preprocessing_fn'

    @property
    def preprocessing_config(self) -> dict[str, Any]:
        """What it gets as its `custom_config`."""
        if self.pictures:
            return {'label': self.label}
        return self.transform_config.model_dump(mode='json')

    @property
    def described(self) -> Described:
        """What the description of the model takes from the recipe."""
        return Described(
            name=self.name,
            about=self.description,
            columns=tuple(self.features),
            units=self.units,
            examples=self.push.examples,
            transform=self.transform or self.transform_config,
        )

    @property
    def trainer_config(self) -> TrainerConfig:
        """What Trainer and Tuner need of the recipe."""
        return TrainerConfig(
            task=self.task,
            label=self.label,
            classes=self.classes,
            image=self.image_input,
            model=self.model,
            train=self.train,
            tune=self.tune,
        )

    @property
    def report_terms(self) -> ReportTerms:
        """What Report needs of the recipe."""
        cut = [n for n, f in self.features.items() if isinstance(f, Numeric) and f.buckets]
        return ReportTerms(
            name=self.name,
            about=self.description,
            task=self.task,
            label=self.label,
            unit=self.units.get(self.label, ''),
            split=self.evaluation_split,
            gate=self.gate,
            features=tuple(self.features),
            # Transform gets its features as JSON with sorted keys, and learns edges in that order.
            bucketed=() if self.transform else tuple(sorted(cut)),
            searched=tuple(self.tune.space) if self.tune.trials else (),
            report=self.report,
            recipe=self.model_dump(mode='json', by_alias=True, exclude_defaults=True),
        )

    def check_columns(self, columns: dict[str, str]) -> None:
        """Hold the recipe against the columns that its query returns.

        Args:
          columns: column name -> BigQuery type.

        Raises:
          ValueError: A column is named that the query doesn't return, or a feature's kind
            does not fit its type; the first word is the key path.
        """
        _known('label', [self.label], columns, 'column of the query')
        _known('features', self.features, columns, 'column of the query')
        _known('units', self.units, columns, 'column of the query')
        _known('data_gate.drift', self.data_gate.drift, columns, 'column of the query')
        _known('data_gate.skew', self.data_gate.skew, columns, 'column of the query')
        split = self.data.split
        split_key = 'data.split.column' if split.column else 'data.split.by'
        _known(split_key, split.columns, columns, 'column of the query')
        for i, fairness in enumerate(self.gate.fairness):
            _known(f'gate.fairness.{i}.by', fairness.by, columns, 'column of the query')
        for i, by in enumerate(self.gate.slices):
            _known(f'gate.slices.{i}.by', by.by, columns, 'column of the query')
        _known('report.slices', self.report.slices or (), columns, 'column of the query')
        for name, feature in self.features.items():
            if (type_ := columns[name]) not in (allowed := KINDS_TYPES[feature.kind]):
                raise ValueError(
                    f'features.{name}: {feature.kind} needs {" or ".join(allowed)}, '
                    f'the query returns {type_}; CAST it in the query or choose another kind'
                )
        if self.task == 'regression' and columns[self.label] not in ('INTEGER', 'FLOAT'):
            raise ValueError(
                f'label: a regression needs a number, but {self.label} is {columns[self.label]}; '
                'use task: binary or multiclass, or CAST it'
            )

    def check_pictures(self, columns: Collection[str], classes: Mapping[str, int]) -> None:
        """Hold the recipe against its pictures.

        Args:
          columns: Columns that they have beside themselves.
          classes: Pictures by class.

        Raises:
          ValueError: A column or class is named that they don't have, or they have other classes
            than the recipe; the first word is the key path.
        """
        _known('data_gate.drift', self.data_gate.drift, columns, 'column of the pictures')
        _known('data_gate.skew', self.data_gate.skew, columns, 'column of the pictures')
        for i, by in enumerate(self.gate.slices):
            _known(f'gate.slices.{i}.by', by.by, columns, 'column of the pictures')
        if isinstance(self.train.class_weights, dict):
            _known('train.class_weights', self.train.class_weights, classes, 'class')
        for i, gate in enumerate(self.gate.classes):
            _known(f'gate.classes.{i}.of', gate.of or (), classes, 'class')
        if isinstance(self.model, Transfer):
            _check_weights(self.model)
        listed = ', '.join(list(classes)[:CLASSES_SHOWN])
        listed += ', …' if len(classes) > CLASSES_SHOWN else ''
        if len(classes) < 2:
            raise ValueError(
                f'data.images: there is one class only, {listed or "none"}; expected a folder for '
                'each class, at least two'
            )
        if self.classes is None:
            if self.task == 'binary' and len(classes) > 2:
                raise ValueError(
                    f'task: binary has two classes, the pictures {len(classes)}: {listed}; use '
                    'multiclass'
                )
            return
        _known('classes', self.classes, classes, 'class of the pictures')
        if others := [name for name in classes if name not in self.classes]:
            raise ValueError(
                f'classes: the pictures have {others[0]!r} too; name all {len(classes)}, or leave '
                'classes out'
            )

    def check_batch_columns(self, columns: dict[str, str]) -> None:
        """Hold the recipe against the columns that its batch query returns.

        Raises:
          ValueError: A feature isn't among them, or a prediction's name is.
        """
        missing = [name for name in self.features if name not in columns]
        if missing:
            raise ValueError(
                f'batch.query: does not return {missing[0]}, which the model learns from; it '
                f'returns {", ".join(columns)}'
            )
        for name in COLUMNS[self.task].values():
            if name in columns:
                raise ValueError(
                    f'batch.query: returns a column {name}, as the predictions are called; '
                    'rename it in the query'
                )


CLASSES_SHOWN = 8
"""Classes that a message names."""


KINDS_TYPES = {
    'numeric': ('INTEGER', 'FLOAT', 'BOOLEAN'),
    'categorical': ('STRING', 'INTEGER', 'BOOLEAN'),
    'hashed': ('STRING', 'INTEGER'),
    'date': ('STRING',),
}
"""Feature kind -> BigQuery types it can be made from."""


def _known(path: str, named: Iterable[str], known: Collection[str], what: str) -> None:
    """Check names, of keys below the path or values at it."""
    from pipeline.suggest import nearest

    for name in named:
        if name not in known:
            at = f'{path}.{name}' if isinstance(named, Mapping) else path
            raise ValueError(f'{at}: {name!r} is not a {what}; {nearest(name, known)}')


def _check_weights(model: Transfer) -> None:
    file = model.weights_file
    if file and '://' not in file and not Path(file).is_file():
        raise ValueError(
            f'model.weights: there is no file {file}; expected weights of {model.backbone} without '
            'its top layers, imagenet or null'
        )


def find_recipe(name: str) -> Path:
    """Return the file of a recipe given by path, or by the name of one that ships with Sluice.

    Raises:
      FileNotFoundError: There is no such recipe; says which there are.
    """
    from pipeline.suggest import nearest

    path = Path(name)
    if path.suffix in ('.yaml', '.yml') or path.is_file():
        if not path.is_file():
            raise FileNotFoundError(f'{name}: no such recipe file')
        return path
    shipped = shipped_recipes()
    if name not in shipped:
        raise FileNotFoundError(f'no recipe named {name!r}; {nearest(name, shipped)}')
    return shipped[name]


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that ship with Sluice, by name."""
    folder = Path(__file__).parent.parent / 'recipes'
    return {path.stem: path for path in sorted(folder.glob('*.yaml'))}

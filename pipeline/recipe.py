"""The recipe: everything about a job, typed, in one YAML file."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from components.data_gate.settings import DataGateConfig, DataGateTerms
from components.endpoint_pusher.settings import EndpointPush, EndpointTerms
from components.evaluator.settings import (
    Evaluation,
    EvaluatorConfig,
    Gate,
)
from components.image_example_gen.settings import ImageData
from components.prediction_table.settings import Batch
from components.pusher.settings import Card, CardTerms
from components.query_example_gen.settings import Data, absolute_path
from components.report.settings import ReportSettings, ReportTerms
from components.serving_gate.settings import ServingGateConfig
from models.settings import (
    DOTTED_PATH,
    Described,
    Model,
    TrainerConfig,
    Training,
    Transfer,
    Tuning,
    WideDeep,
)
from pipeline.dataflow_settings import Dataflow
from pipeline.hardware_settings import Hardware
from pipeline.recipe_consistency import check_consistency
from pipeline.vertex_settings import Vertex
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
    endpoint: EndpointPush | None = Field(
        None,
        description='Vertex endpoint that gets blessed models, on Vertex only; '
        '`{}` makes one by the name of the recipe.',
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
    hardware: Hardware = Hardware()
    vertex: Vertex | None = Field(
        None, description='Where a compiled pipeline runs; needed by `sluice compile`.'
    )
    dataflow: Dataflow | None = Field(
        None, description='Machines for the Beam steps of a compiled pipeline; null: none.'
    )

    @model_validator(mode='after')
    def _consistent(self) -> 'Recipe':
        check_consistency(self)
        return self

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

    @property
    def endpoint_terms(self) -> EndpointTerms | None:
        """What EndpointPusher needs of the recipe; None: there is no endpoint.

        Raises:
          ValueError: The recipe doesn't say in which project the endpoint is; the first word is
            the key path.
        """
        endpoint, vertex = self.push.endpoint, self.vertex
        if endpoint is None:
            return None
        if vertex is None or vertex.project is None:
            raise ValueError('vertex.project: is required for push.endpoint: whose it is')
        return EndpointTerms(
            name=self.name,
            task=self.task,
            split=self.evaluation_split,
            project=vertex.project,
            region=vertex.region,
            image=endpoint.image or vertex.image,
            service_account=vertex.service_account,
            encryption_key=vertex.encryption_key,
            labels=vertex.labels,
            endpoint=endpoint,
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

"""Settings of models, training and tuning, as a recipe gives them."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from models.backbone_names import known_backbone
from models.devices import Devices, Precision
from transforms.features import Settings, TransformConfig
from transforms.image_settings import ImageInput

Task = Literal['regression', 'binary', 'multiclass']

DOTTED_PATH = r'^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$'


HiddenUnits = tuple[Annotated[int, Field(ge=1)], ...]


class WideDeep(Settings):
    """Wide & deep network (Cheng et al. 2016, arXiv:1606.07792).

    Categories and crosses go one-hot into a linear part and embedded into a dense part,
    numbers into both. `hidden: []` makes it linear; `wide: false` dense only.
    """

    kind: Literal['wide_deep'] = 'wide_deep'
    hidden: HiddenUnits = Field(
        (64, 32), description='Units of each hidden layer of the deep part; [] for a linear model.'
    )
    wide: bool = Field(True, description='Whether there is a linear part over the categories.')
    dropout: float = Field(0.0, ge=0, lt=1, description='Dropout after each hidden layer.')
    activation: Literal['relu', 'gelu', 'silu', 'tanh'] = Field(
        'relu', description='Activation of the hidden layers.'
    )
    embedding: int = Field(
        8, ge=1, description='Largest embedding width; small vocabularies get less.'
    )

    @model_validator(mode='after')
    def _something_to_learn(self) -> 'WideDeep':
        if not self.hidden and not self.wide:
            raise ValueError('hidden: [] with wide: false leaves no layer to train')
        return self


class Linear(Settings):
    """Softmax regression on a picture's pixels: the floor that other models must beat."""

    kind: Literal['linear'] = 'linear'


class Dense(Settings):
    """Dense network on a picture's pixels."""

    kind: Literal['dense'] = 'dense'
    hidden: HiddenUnits = Field((256, 128), min_length=1, description='Units of each hidden layer.')
    dropout: float = Field(0.2, ge=0, lt=1, description='Dropout after each hidden layer.')


class Cnn(Settings):
    """Convolutional network: blocks of two convolutions, each block at half the size."""

    kind: Literal['cnn'] = 'cnn'
    filters: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (32, 64, 128), min_length=1, description='Filters of each block.'
    )
    batch_norm: bool = Field(True, description='Batch normalisation after each convolution.')
    residual: bool = Field(False, description="Add each block's input to its output (ResNet).")
    hidden: HiddenUnits = Field((128,), description='Units of each layer after the blocks.')
    dropout: float = Field(0.3, ge=0, lt=1, description='Dropout before the last layer.')


class FineTuning(Settings):
    """Second phase of a transfer: the last layers of the backbone learn too, slowly."""

    layers: int = Field(30, ge=1, description='Layers of the backbone, from its end, that learn.')
    epochs: int = Field(10, ge=1, description='Passes over the train split, at most.')
    learning_rate: float = Field(1e-4, gt=0, description='Learning rate (its peak, if scheduled).')


IMAGENET = 'imagenet'
"""Stands for the weights that Keras downloads."""


class Transfer(Settings):
    """A new head on a network that knows pictures already (`keras.applications`).

    First the head learns on the frozen backbone; then, if asked, the backbone's last layers too.
    """

    kind: Literal['transfer'] = 'transfer'
    backbone: Annotated[str, AfterValidator(known_backbone)] = Field(
        'MobileNetV2', description='Name in keras.applications: MobileNetV2, EfficientNetB0, …'
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description='Keyword arguments for its function in Keras: `{alpha: 0.35}`.',
    )
    weights: str | None = Field(
        IMAGENET,
        description='imagenet (downloaded by Keras), a file of weights without the top layers, or '
        'null: none, and all layers learn from the start.',
    )
    copies: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description='With `image.augment`: how many changed versions of each picture the frozen '
        'layers are run on, once; epochs take turns with them. null: on new ones in each epoch, '
        'which takes many times as long.',
    )
    hidden: HiddenUnits = Field((), description='Units of each layer of the head.')
    dropout: float = Field(0.3, ge=0, lt=1, description='Dropout before the last layer.')
    fine_tune: FineTuning | None = Field(None, description='The second phase; null: none.')

    @property
    def weights_file(self) -> str | None:
        """Path of the weights; None if they are downloaded, or if there are none."""
        return None if self.weights == IMAGENET else self.weights

    @model_validator(mode='after')
    def _something_to_tune(self) -> 'Transfer':
        if self.fine_tune and self.weights is None:
            raise ValueError('fine_tune: with weights: null all layers learn anyway; leave it out')
        return self


class OwnModel(Settings):
    """A model built by your own function, named by its dotted path.

    The function is called as `build(inputs, config, **options)`: the `ModelInput`s there are,
    and this `TrainerConfig` with `classes` filled in. It returns an uncompiled functional
    `keras.Model`; see docs.
    """

    kind: str = Field(pattern=DOTTED_PATH, description='Dotted path: `my_package.model.build`.')
    options: dict[str, Any] = Field(
        default_factory=dict, description='Keyword arguments for the function.'
    )


def _model_tag(value: Any) -> str:
    kind = value.get('kind') if isinstance(value, dict) else getattr(value, 'kind', None)
    return 'own' if isinstance(kind, str) and '.' in kind else str(kind or 'wide_deep')


def _kind_alone(value: object) -> object:
    return {'kind': value} if isinstance(value, str) else value


ModelSettings = Annotated[
    Annotated[WideDeep, Tag('wide_deep')]
    | Annotated[Linear, Tag('linear')]
    | Annotated[Dense, Tag('dense')]
    | Annotated[Cnn, Tag('cnn')]
    | Annotated[Transfer, Tag('transfer')]
    | Annotated[OwnModel, Tag('own')],
    Discriminator(_model_tag),
]

PictureModel = Linear | Dense | Cnn | Transfer

Model = Annotated[
    ModelSettings, BeforeValidator(_kind_alone, json_schema_input_type=str | ModelSettings)
]
"""Settings of a model; in a recipe also its kind alone."""


ScheduleKind = Literal['constant', 'cosine', 'exponential', 'step', 'one_cycle', 'cyclical']


class Schedule(Settings):
    """How the learning rate changes over a training run, or over each phase of one."""

    kind: ScheduleKind = Field(
        'constant',
        description='cosine, exponential and step fall from learning_rate to learning_rate * end; '
        'one_cycle rises to learning_rate and falls again (Smith 2018, arXiv:1803.09820); '
        'cyclical does so in straight lines, several times (Smith 2015, arXiv:1506.01186).',
    )
    warmup: float = Field(
        0.0, ge=0, lt=1, description='Share of the steps over which the rate rises from 0.'
    )
    end: float = Field(
        0.01, gt=0, le=1, description='Last rate (cyclical: lowest) as a share of learning_rate.'
    )
    levels: int = Field(
        3, ge=2, description='step: rates, each for as long; from one to the next by one factor.'
    )
    cycles: int = Field(3, ge=1, description='cyclical: times that the rate rises and falls.')


class EarlyStopping(Settings):
    """Stop when the loss on the eval split no longer falls, and keep the best weights."""

    patience: int = Field(3, ge=1, description='Epochs without improvement before stopping.')
    min_delta: float = Field(0.0, ge=0, description='What counts as an improvement.')


class Training(Settings):
    """How the model is trained."""

    epochs: int = Field(10, ge=1, description='Passes over the train split, at most.')
    batch_size: int = Field(512, ge=1, description='Rows per step.')
    learning_rate: float = Field(1e-3, gt=0, description='Learning rate (its peak, if scheduled).')
    optimizer: Literal['adam', 'adamw', 'sgd', 'rmsprop'] = Field(
        'adam', description='Keras optimizer.'
    )
    find_rate: Literal['show', 'use'] | None = Field(
        None,
        description='Look for a learning rate first, on a copy of the weights, and draw what the '
        'loss does as it rises. show: say which looks best; use: train with that one '
        '(a fine-tuning keeps its own).',
    )
    schedule: Annotated[
        Schedule, BeforeValidator(_kind_alone, json_schema_input_type=ScheduleKind | Schedule)
    ] = Field(Schedule(), description='Learning-rate schedule, or its kind alone.')
    early_stopping: EarlyStopping | None = Field(
        EarlyStopping(), description='null to train for all epochs; the best weights are kept.'
    )
    class_weights: Literal['balanced'] | dict[str, float] | None = Field(
        None,
        description='Weight of each class in the loss; balanced: inverse to its frequency.',
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description='Share of each class label that is spread over all classes, in the loss.',
    )
    clip_norm: float | None = Field(
        None, gt=0, description='Largest norm of all gradients together; null: any.'
    )
    warm_start: bool = Field(
        False, description='Start from the last blessed model, layer by layer where shapes agree.'
    )
    precision: Precision | None = Field(
        None,
        description='Keras precision policy; null: mixed on GPUs and TPUs that are fast in it, '
        'float32 on CPUs, where mixed ones only take longer.',
    )
    seed: int = Field(1, ge=0, description='Seed of weights, shuffling and dropout.')


class Range(Settings):
    """A range of numbers to search."""

    min: int | float = Field(description='Smallest value.')
    max: int | float = Field(description='Largest value.')
    scale: Literal['linear', 'log'] = Field('linear', description='How values are drawn.')

    @model_validator(mode='after')
    def _ordered(self) -> 'Range':
        if not self.min < self.max:
            raise ValueError(f'min {self.min} must be below max {self.max}')
        if self.scale == 'log' and self.min <= 0:
            raise ValueError(f'a log scale needs min above 0, got {self.min}')
        return self


def _short_range(value: object) -> object:
    if isinstance(value, list | tuple) and len(value) == 3 and value[2] in ('log', 'linear'):
        return {'min': value[0], 'max': value[1], 'scale': value[2]}
    return value


def _two_or_more(choices: Any) -> Any:
    if isinstance(choices, tuple) and len(choices) < 2:
        raise ValueError('a search needs at least two values')
    return choices


SearchRange = Annotated[
    Range | tuple[Any, ...], BeforeValidator(_short_range), AfterValidator(_two_or_more)
]

TUNABLE_TRAINING = ('learning_rate', 'batch_size', 'optimizer')
TUNABLE_MODEL = {
    'wide_deep': ('hidden', 'wide', 'dropout', 'activation', 'embedding'),
    'linear': (),
    'dense': ('hidden', 'dropout'),
    'cnn': ('filters', 'batch_norm', 'residual', 'hidden', 'dropout'),
    'transfer': ('backbone', 'hidden', 'dropout'),
}
"""Kind of model -> its settings that a search may vary."""

_TUNABLE = '; '.join(f'{kind} {", ".join(names)}' for kind, names in TUNABLE_MODEL.items() if names)


class Tuning(Settings):
    """The search for hyperparameters before training (KerasTuner).

    A trial of a transfer trains the head only.
    """

    trials: int = Field(0, ge=0, description='Trials at most; 0 for no search.')
    algorithm: Literal['random', 'bayesian', 'hyperband'] = Field(
        'random', description='KerasTuner oracle.'
    )
    epochs: int = Field(5, ge=1, description='Epochs of a trial (hyperband: at most).')
    parallel: int = Field(
        1,
        ge=1,
        le=64,
        description='Trials at the same time: processes on this machine, machines on Vertex.',
    )
    minutes: float | None = Field(
        None,
        gt=0,
        description='The search ends after so long, with the best found by then (one trial at '
        'least); null: it may take any time.',
    )
    space: dict[str, SearchRange] = Field(
        default_factory=dict,
        description='What to search: a list of values, or `[min, max, log]`, by setting: '
        f'{", ".join(TUNABLE_TRAINING)}; of the model: {_TUNABLE}; own models: their options.',
    )

    @model_validator(mode='after')
    def _space_given(self) -> 'Tuning':
        if self.trials and not self.space:
            raise ValueError('trials without a space: name what to search')
        return self


class TrainerConfig(Settings):
    """All that `run_fn` and `tuner_fn` need to know; travels as `custom_config`."""

    task: Task
    label: str
    classes: tuple[str, ...] | None = Field(
        None, description='Class names in order; None: as found, sorted.'
    )
    image: ImageInput | None = Field(None, description='For pictures: what the model sees of them.')
    model: Model
    train: Training
    tune: Tuning
    devices: Devices | None = Field(
        None, description='What there is to train on; None: whatever is found.'
    )


class Described(Settings):
    """What the description of a model says that is not learnt; travels as `custom_config`."""

    name: str = ''
    about: str = Field('', description='One line for people.')
    columns: tuple[str, ...] = Field((), description='Inputs in the order they are shown.')
    units: dict[str, str] = Field(default_factory=dict, description='Column -> unit.')
    examples: int = Field(0, ge=0, description='Rows of the eval split to show.')
    transform: TransformConfig | str | None = Field(
        None, description='What the preprocessing is made from, or the dotted path of an own one.'
    )

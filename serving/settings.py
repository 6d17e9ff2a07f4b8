"""What a server is told when it is started."""

from pydantic import BaseModel, Field, field_validator

STABLE = 'stable'
"""Label of the version that answers when none is asked for."""


class _Settings(BaseModel, frozen=True, extra='forbid'):
    pass


class ModelSource(_Settings):
    """One model and where its versions are."""

    name: str = Field(
        pattern=r'^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$', description='Name of the model in URLs.'
    )
    path: str = Field(
        min_length=1,
        description='Folder of versions (names that are numbers), or one SavedModel.',
    )


class Limits(_Settings):
    """What one request, and all that wait together, may ask of the server."""

    body_bytes: int = Field(16 * 2**20, ge=1, description='Bytes of a request.')
    instances: int = Field(10_000, ge=1, description='Instances of a request.')
    picture_pixels: int = Field(40_000_000, ge=1, description='Pixels of one picture.')
    request_pixels: int = Field(
        120_000_000, ge=1, description='Pixels of all pictures of a request together.'
    )
    waiting: int = Field(
        1000, ge=1, description='Requests that may be in the server at once; more get 503.'
    )
    body_seconds: float = Field(
        30, gt=0, description='Seconds that a client may take to send a request.'
    )
    answer_seconds: float = Field(
        60, gt=0, description='Seconds from a whole request to its answer; then 504.'
    )


class Batching(_Settings):
    """How requests of several clients are put together."""

    rows: int = Field(128, ge=1, description='Rows of a batch; 1 turns batching off.')
    call_ms: float = Field(
        25.0,
        gt=0,
        description='Longest time of a call; batches get smaller where the model is slower.',
    )


class VertexRoutes(_Settings):
    """The routes that Vertex AI asks of a custom container."""

    health: str = Field('/health', pattern='^/', description='Answers 200 once models are loaded.')
    predict: str = Field('/predict', pattern='^/', description='Takes instances and parameters.')


class ServerSettings(_Settings):
    """A server's models, address and limits."""

    models: tuple[ModelSource, ...] = Field(min_length=1, description='The models to serve.')
    host: str = Field('127.0.0.1', description='Address to listen on.')
    port: int = Field(8501, ge=0, le=65535, description='Port to listen on; 0: any free one.')
    poll_seconds: float = Field(
        2.0, gt=0, description='Seconds between two looks for newer versions.'
    )
    token: str | None = Field(
        None, min_length=1, repr=False, description='Bearer token that clients must send.'
    )
    vertex: VertexRoutes | None = Field(
        None, description="Vertex AI's routes; they lead to the first model."
    )
    limits: Limits = Limits()
    batching: Batching = Batching()

    @field_validator('models')
    @classmethod
    def _named_apart(cls, models: tuple[ModelSource, ...]) -> tuple[ModelSource, ...]:
        names = [model.name for model in models]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'two models are called {twice[0]!r}; give one a name: NAME=PATH')
        return models

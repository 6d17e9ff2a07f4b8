"""Where the pictures of a recipe come from, and how they are split."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from components.query_example_gen.bigquery_settings import OnBigQuery
from components.query_example_gen.settings import (
    Data,
    LocalTables,
    Split,
    absolute_path,
    tables_relative_to,
)
from transforms.features import Settings

DIGITS = 'sklearn:digits'
"""Source of the 1,797 handwritten digits that come with scikit-learn (UCI, 8 x 8 pixels)."""


class ImageQuery(OnBigQuery):
    """A query whose rows name pictures: columns `uri` and `label`, perhaps `split`, and others."""

    query: str | None = Field(None, description='BigQuery SQL.')
    query_file: str | None = Field(None, description='File with the BigQuery SQL.')
    local: LocalTables = Field(default_factory=dict, description='BigQuery table -> local files.')
    root: str = Field('.', description='Folder that relative URIs are relative to.')

    @model_validator(mode='after')
    def _one_query(self) -> 'ImageQuery':
        if (self.query is None) == (self.query_file is None):
            raise ValueError('give either query or query_file')
        return self

    @property
    def data(self) -> Data:
        """The query alone."""
        keys = ('query', 'query_file', 'local', *OnBigQuery.model_fields)
        return Data(**{key: getattr(self, key) for key in keys})

    def relative_to(self, folder: Path) -> 'ImageQuery':
        """Return the same query with its relative paths taken from a folder."""
        file = self.query_file and absolute_path(self.query_file, folder)
        local = tables_relative_to(self.local, folder)
        root = absolute_path(self.root, folder)
        return self.model_copy(update={'query_file': file, 'local': local, 'root': root})


class ImageData(Settings):
    """Labelled pictures, and how they are split."""

    images: str | ImageQuery = Field(
        description='Folder of one folder per class, perhaps below train, validation and test; '
        'folder of IDX files as MNIST has them; manifest (.csv or .jsonl: uri, label and perhaps '
        f'split); a query for such rows; or {DIGITS}. Local or gs://.'
    )
    split: Split = Field(
        Split(),
        description='How pictures are split: by content, so that copies of one stay together, or '
        'by a column; by default as folders or a `split` column say, where they do.',
    )
    max_bad_fraction: Annotated[float, Field(ge=0, le=1)] = Field(
        0.01, description='Share of the pictures that may be unreadable; they are listed.'
    )
    shrink: Annotated[int, Field(ge=32)] | None = Field(
        None, description='Longest side in pixels; larger pictures are made smaller, once.'
    )

    def relative_to(self, folder: Path) -> 'ImageData':
        """Return the same data with its relative paths taken from a folder."""
        images: str | ImageQuery
        if isinstance(self.images, str):
            images = self.images
            if images != DIGITS:
                images = absolute_path(images, folder)
        else:
            images = self.images.relative_to(folder)
        return self.model_copy(update={'images': images})

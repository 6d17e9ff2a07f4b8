"""Rows that a run only predicts: where they come from, and where the predictions go."""

from pathlib import Path

from pydantic import Field, model_validator

from components.query_example_gen.parameters import QueryParameters, Window
from components.query_example_gen.settings import UNLABELLED, Data, LocalTables, Split
from transforms.features import Settings

COLUMNS = {
    'regression': {'prediction': 'prediction'},
    'binary': {'label': 'prediction', 'probability': 'probability'},
    'multiclass': {'label': 'prediction', 'probabilities': 'probabilities'},
}
"""Task -> output of `serving_examples` -> column of the table."""


class Batch(Settings):
    """Rows to predict with the model once it is blessed, in the pipeline itself."""

    query: str | None = Field(
        None, description='BigQuery SQL for the rows; the label is not needed.'
    )
    query_file: str | None = Field(None, description='File with the BigQuery SQL.')
    parameters: QueryParameters = Field(
        default_factory=dict, description="Values of `@name` in the query, as data's `parameters`."
    )
    window: Window | None = Field(
        None, description="The days that rows are predicted of, as data's `window`."
    )
    local: LocalTables = Field(
        default_factory=dict,
        description="BigQuery table -> local files; by default as data's `local`.",
    )
    output: str = Field(
        pattern=r'.+\.parquet$',
        description='Parquet file that gets the rows with their predictions; relative to where the '
        'run starts, on Vertex to its root.',
    )

    @model_validator(mode='after')
    def _one_query(self) -> 'Batch':
        if (self.query is None) == (self.query_file is None):
            raise ValueError('give either query or query_file')
        return self

    def data(self, tables: Data) -> Data:
        """Return what QueryExampleGen needs: the rows as one split.

        Args:
            tables: the recipe's data, whose local files stand for tables where none are given.
        """
        asked = {
            'query': self.query,
            'query_file': self.query_file,
            'parameters': self.parameters,
            'window': self.window,
            'local': self.local or tables.local,
            'split': Split(into={UNLABELLED: 1}),
            'schema_file': None,
        }
        # How BigQuery is asked, is as for the data.
        return tables.model_copy(update=asked)

    def relative_to(self, folder: Path) -> 'Batch':
        """Return the same with the paths of what is read taken from a folder."""
        own = Data(query=self.query, query_file=self.query_file, local=self.local)
        moved = own.relative_to(folder)
        return self.model_copy(update={'local': moved.local, 'query_file': moved.query_file})

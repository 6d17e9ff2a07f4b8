"""Where the data of a recipe comes from, and how its rows are split."""

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from components.query_example_gen.bigquery_settings import OnBigQuery
from components.query_example_gen.errors import QueryError
from components.query_example_gen.parameters import (
    WINDOW_END,
    WINDOW_START,
    QueryParameters,
    Window,
)
from transforms.features import Settings

SHARED_DATA = Path(__file__).parents[3] / 'shared' / 'data'
"""Where public data that does not ship with the project is looked for by default."""


UNLABELLED = 'unlabelled'
"""The one split of rows that are only predicted."""

SHARES = {'train': 8, 'eval': 1, 'test': 1}
"""Shares of the splits by default."""


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


OneOrMore = Annotated[
    tuple[str, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...])
]
"""Strings; in a recipe also one alone."""


class LocalTable(Settings):
    """Files on this machine that stand for a BigQuery table."""

    path: OneOrMore = Field(min_length=1, description='File, folder or glob, or a list of them.')
    format: Literal['csv', 'parquet', 'jsonl'] | None = Field(
        None, description='By default as the file names end.'
    )
    columns: tuple[str, ...] | dict[str, str] | None = Field(
        None,
        description='Column names of CSV files without a header; with BigQuery types if a mapping.',
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description='Of CSV files; by default the commonest in the first line.',
    )
    nulls: tuple[str, ...] = Field(('',), description='Values of CSV files that mean NULL.')
    strip: bool = Field(False, description='Whether blanks round values of CSV files are dropped.')
    types: dict[str, str] = Field(
        default_factory=dict, description='BigQuery types of columns that are not to be guessed.'
    )
    comment: str | None = Field(
        None,
        min_length=1,
        description='Lines at the start of CSV files that begin with this are skipped.',
    )
    skip_rows: int = Field(0, ge=0, description='Lines of CSV files to skip at the start.')


def _short_table(value: object) -> object:
    return {'path': value} if isinstance(value, str | list) else value


LocalTables = dict[
    str,
    Annotated[
        LocalTable,
        BeforeValidator(_short_table, json_schema_input_type=str | tuple[str, ...] | LocalTable),
    ],
]
"""BigQuery table -> the files on this machine that stand for it."""


def absolute_path(path: str, folder: Path) -> str:
    """Return a path of a recipe, taken from its folder; what is not on this machine stays.

    `$SLUICE_SHARED_DATA` in a path stands for that variable's value, by default
    `../shared/data` beside the project.
    """
    shared = os.environ.get('SLUICE_SHARED_DATA', str(SHARED_DATA))
    path = path.replace('$SLUICE_SHARED_DATA', shared)
    return path if '://' in path else str(folder / path)


def tables_relative_to(tables: LocalTables, folder: Path) -> LocalTables:
    """Return the same tables with their paths taken from a folder."""
    return {
        name: table.model_copy(update={'path': tuple(absolute_path(p, folder) for p in table.path)})
        for name, table in tables.items()
    }


class Split(Settings):
    """Which rows go to which split."""

    by: OneOrMore | None = Field(
        None,
        min_length=1,
        description='Columns whose values decide: rows that agree in them stay together. '
        'By default all columns of the row.',
    )
    into: dict[str, Annotated[int, Field(ge=1)]] = Field(SHARES, description='Split -> its share.')
    column: str | None = Field(None, description='Column that names the split of each row.')
    values: dict[str, OneOrMore] | None = Field(
        None, description='Split -> values of the column; by default the values are the names.'
    )

    @model_validator(mode='after')
    def _one_way_to_split(self) -> 'Split':
        if self.column and (self.by or self.into != SHARES):
            raise ValueError('give column (and values), or by and into, not both')
        if self.values is not None and not self.column:
            raise ValueError('values are those of a column: name it')
        for name in self.names:
            if not re.fullmatch(r'[A-Za-z0-9_-]+', name):
                raise ValueError(f'a split is named by letters, digits, - and _, got {name!r}')
        missing = {'train', 'eval'} - set(self.names)
        if missing and self.names != (UNLABELLED,):
            raise ValueError(f'train and eval are needed; there is no {min(missing)}')
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the splits."""
        if self.column:
            return tuple(self.values or ('train', 'eval', 'test'))
        return tuple(self.into)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that the split needs."""
        return (self.column,) if self.column else self.by or ()

    def in_words(self, by_default: str) -> str:
        """Say how rows are split: `by month, train 8 : eval 1 : test 1`.

        Args:
            by_default: What decides where no columns are named.
        """
        if self.column:
            return f'as column {self.column} says'
        shares = ' : '.join(f'{name} {share}' for name, share in self.into.items())
        return f'by {", ".join(self.by) if self.by else by_default}, {shares}'


class Data(OnBigQuery):
    """The query, and the local files that stand for its tables."""

    query: str | None = Field(None, description='BigQuery SQL.')
    query_file: str | None = Field(None, description='File with the BigQuery SQL.')
    parameters: QueryParameters = Field(
        default_factory=dict,
        description='Values of `@name` in the query: `{min_year: 2000}`, or with a type: '
        '`{since: {type: DATE, value: 2020-01-31}}`.',
    )
    window: Window | None = Field(
        None,
        description='The last days before the date of the run, as the parameters `@window_start` '
        '(its first day) and `@window_end` (the day after its last), both DATE.',
    )
    engine: Literal['own', 'stock'] = Field(
        'own',
        description='What reads from BigQuery. own: one machine. stock: the source of TFX '
        'BigQueryExampleGen in Beam, for tables that need Dataflow; same examples, same splits.',
    )
    read_mode: Literal['DIRECT_READ', 'EXPORT'] = Field(
        'DIRECT_READ',
        description='How the stock engine reads: through Storage Read, or files that BigQuery '
        'writes to Cloud Storage.',
    )
    local: LocalTables = Field(default_factory=dict, description='BigQuery table -> local files.')
    split: Split = Field(Split(), description='How rows are split.')
    schema_file: str | None = Field(
        None, alias='schema', description='Curated schema (schema.pbtxt) instead of the inferred.'
    )

    @model_validator(mode='after')
    def _one_query(self) -> 'Data':
        if (self.query is None) == (self.query_file is None):
            raise ValueError('give either query or query_file')
        if self.window and (taken := {WINDOW_START, WINDOW_END} & {*self.parameters}):
            raise ValueError(f'the parameter {min(taken)} is that of the window: give one of them')
        return self

    def at(self, day: date) -> 'Data':
        """Return the same data with its window, if it has one, as parameters.

        Args:
            day: Date of the run.
        """
        if self.window is None:
            return self
        parameters = self.parameters | self.window.parameters(day)
        return self.model_copy(update={'parameters': parameters, 'window': None})

    def with_values(self, values: str) -> 'Data':
        """Return the same data with other values for some parameters.

        Args:
            values: JSON object, parameter -> value; empty for none.

        Raises:
            QueryError: It is no such object, or a parameter is not known, or a value is not of
                its parameter's type.
        """
        if not values:
            return self
        try:
            given = json.loads(values)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise QueryError(f'data.parameters: expected a JSON object of values, got {values!r}')
        parameters = dict(self.parameters)
        for name, value in given.items():
            if name not in parameters:
                known = ', '.join(parameters) or 'none'
                raise QueryError(f'data.parameters: there is no parameter {name}; known: {known}')
            try:
                parameters[name] = parameters[name].with_value(value)
            except ValidationError as error:
                fault = error.errors()[0]['msg'].removeprefix('Value error, ')
                raise QueryError(f'data.parameters.{name}: {fault}') from None
        return self.model_copy(update={'parameters': parameters})

    def relative_to(self, folder: Path) -> 'Data':
        """Return the same data with its relative paths taken from a folder."""
        files = {
            key: absolute_path(path, folder)
            for key in ('query_file', 'schema_file')
            if (path := getattr(self, key)) is not None
        }
        return self.model_copy(update={'local': tables_relative_to(self.local, folder), **files})

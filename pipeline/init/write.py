"""`sluice init`: write a recipe from a table."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import Data, LocalTable, Split
from pipeline.init import split as splits
from pipeline.init.errors import InitError
from pipeline.init.gate import slice_columns
from pipeline.init.kinds import Guess, guess_kind
from pipeline.init.label import FEWEST_ROWS, Label, choose_label, guess_label
from pipeline.init.names import clean_names, is_recipe_name, unused
from pipeline.init.profile import SAMPLE_ROWS, Column, profile, quoted
from pipeline.init.sizing import model_for, split_for, training_for
from pipeline.init.source import Source, find_source
from pipeline.init.text import Draft, listed, recipe_text
from pipeline.loading import RecipeError, check_against_data, load_recipe
from transforms.features import output_names

SAME_AS_LABEL = 0.999999
"""Correlation above which a number is the label itself, in other units perhaps."""


@dataclass(frozen=True)
class Written:
    """A recipe that was written.

    Attributes:
      path: The file.
      summary: What it says, in a few lines for people.
    """

    path: Path
    summary: str


def write_recipe(
    source: str,
    *,
    label: str | None = None,
    name: str | None = None,
    tables: Sequence[str] = (),
    output: Path | None = None,
    force: bool = False,
) -> Written:
    """Write a recipe that runs, with what the data tells about it.

    Args:
      source: A CSV, Parquet or JSON-lines file, a folder or glob of them, a query, or a file
        with a query.
      label: Column to predict; None to guess it.
      name: Name of the recipe; by default from the source's.
      tables: For a query, `TABLE=PATH` for each table that it reads.
      output: File to write; by default `<name>.yaml` here.
      force: Whether to overwrite it.

    Raises:
      InitError: There is nothing to read, or nothing to learn from it; one line.
    """
    if name is not None and not is_recipe_name(name):
        raise InitError(f'--name {name}: use a-z, 0-9 and dashes, a letter first')
    found = find_source(source, tables)
    name = name or found.name
    output = output or Path(f'{name}.yaml')
    if output.exists() and not force:
        raise InitError(f'{output}: is there already; --force to overwrite, or --output FILE')
    if not output.absolute().parent.is_dir():
        raise InitError(f'{output}: there is no folder {output.parent}')
    draft = _draft(name, found, label, output)
    _write(output, recipe_text(draft))
    return Written(output, _summary(output, draft))


def _draft(name: str, source: Source, asked: str | None, output: Path) -> Draft:
    """Look at the data, and guess all that the recipe says."""
    with open_table(f'SELECT * FROM {source.table}', source.local) as table:
        if table.rows < FEWEST_ROWS:
            raise InitError(
                f'{source.shown}: has {table.rows} rows; at least {FEWEST_ROWS} are needed, to '
                'learn from some and judge by others'
            )
        columns = profile(table.connection, table.sample, table.types)
        by_column = split_by_column(table.connection, table.sample, columns)
        split_column = by_column[0] if by_column else None
        column, why = choose_label([c for c in columns if c is not split_column], asked)
        label = guess_label(table.connection, table.all, column)
        others = [c for c in columns if c not in (column, split_column)]
        guesses = [_unless_copy(table, label, guess_kind(c)) for c in others]
    learnt = [g for g in guesses if g.feature]
    if not learnt:
        raise InitError(
            f'{source.shown}: nothing to learn {column.name!r} from: '
            + '; '.join(f'{g.column.name}: {g.why}' for g in guesses)
        )
    label_name, *names = clean_names([column.name, *(g.column.name for g in learnt)])
    features = _named_apart(label_name, dict(zip(names, learnt, strict=True)))
    split, split_sql = split_for(table.rows), {}
    if by_column:
        split_name = unused(clean_names([by_column[0].name])[0], {label_name, *features})
        split = by_column[1].model_copy(update={'column': split_name})
        split_sql = {split_name: identifier(by_column[0].name)}
    categories = {g.column.name: n for n, g in features.items() if g.feature.kind == 'categorical'}
    sliced = slice_columns([g.column for g in features.values() if g.column.name in categories], table.rows)
    return Draft(
        name=name,
        source=source.shown,
        rows=table.rows,
        label=label,
        label_name=label_name,
        label_why=why,
        table=source.table,
        local={name: _relative(t, output) for name, t in source.local.items()},
        features=features,
        left_out=[g for g in guesses if not g.feature],
        split=split,
        split_sql=split_sql,
        slices=[categories[c.name] for c in sliced],
        model=model_for(table.rows),
        train=training_for(table.rows),
    )

"""`sluice init`: write a recipe from a table or from pictures."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.image_example_gen.settings import DIGITS
from components.query_example_gen.errors import QueryError
from components.query_example_gen.settings import LocalTable
from pipeline.init.errors import InitError
from pipeline.init.findings import Findings, look
from pipeline.init.names import is_recipe_name, recipe_name
from pipeline.init.picture_recipe import picture_recipe_text
from pipeline.init.pictures import are_pictures, look_at_pictures
from pipeline.init.source import Source, find_source
from pipeline.init.table import open_table
from pipeline.init.text import listed, recipe_text
from pipeline.loading import RecipeError, check_against_data, load_recipe
from pipeline.pictures import about_pictures

LISTED = 6
"""Columns left out that the summary names; the recipe names all."""


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
      source: A CSV, Parquet or JSON-lines file, a folder or glob of them, a query, a file with a
        query, or pictures: a folder of them, a manifest, or a gs:// path.
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
    if are_pictures(source):
        if label not in (None, 'label') or tables:
            raise InitError('--label and --local are for tables; pictures are told apart by class')
        return _write_for_pictures(source, name, output, force)
    try:
        found = find_source(source, tables)
    except QueryError as error:
        raise InitError(str(error).removeprefix('data.local: ')) from None
    name = name or found.name
    output = output or Path(f'{name}.yaml')
    _check_free(output, force)
    try:
        with open_table(found.query, found.local) as table:
            findings = look(table, label)
    except (InitError, QueryError) as error:
        raise InitError(f'{found.shown}: {_without_place(str(error), found)}') from None
    local = {key: _relative(table, output) for key, table in found.local.items()}
    _write(output, recipe_text(name, found, local, findings))
    return Written(output, _summary(output, findings))


def _write_for_pictures(source: str, name: str | None, output: Path | None, force: bool) -> Written:
    name = name or recipe_name(Path(source.rstrip('/')).name.partition('.')[0])
    output = output or Path(f'{name}.yaml')
    _check_free(output, force)
    pictures = look_at_pictures(source)
    images = source
    if source != DIGITS and '://' not in source and not Path(source).is_absolute():
        images = os.path.relpath(Path(source).absolute(), output.absolute().parent.resolve())
    _write(output, picture_recipe_text(name, source, images, pictures))
    lines = [f'Wrote {output}: pictures of {len(pictures.found.classes)} classes.']
    lines.append(about_pictures(pictures.found))
    if pictures.bad:
        lines.append(
            f'{len(pictures.bad)} of {pictures.looked_at} looked at cannot be opened, such as '
            f'{pictures.bad[0]}'
        )
    lines.append(f'Next: sluice run {output}')
    return Written(output, '\n'.join(lines))


def _check_free(output: Path, force: bool) -> None:
    if output.exists() and not force:
        raise InitError(f'{output}: is there already; --force to overwrite, or --output FILE')
    if not output.absolute().parent.is_dir():
        raise InitError(f'{output}: there is no folder {output.parent}')


def _without_place(message: str, source: Source) -> str:
    """Drop from a message what a person who gave a file does not know: the query and its table."""
    if not source.is_query:
        message = re.sub(r'^SQL line \d+, column \d+: ', '', message)
    return message.removeprefix('data.local: ').removeprefix(f'{source.shown}: ')


def _relative(table: LocalTable, output: Path) -> LocalTable:
    """Give the paths of files from the folder of the recipe, unless they are absolute."""
    folder = output.absolute().parent.resolve()
    paths = tuple(
        path if Path(path).is_absolute() else os.path.relpath(Path(path).absolute(), folder)
        for path in table.path
    )
    return table.model_copy(update={'path': paths})


def _write(output: Path, text: str) -> None:
    """Write the recipe, and make sure that it is a good one."""
    try:
        output.write_text(text, encoding='utf-8')
    except OSError as error:
        raise InitError(f'{output}: cannot be written: {error.strerror}') from None
    try:
        check_against_data(output, load_recipe(output))
    except RecipeError as error:
        raise InitError(f'{error}; the recipe is there to be mended') from None


def _summary(output: Path, found: Findings) -> str:
    """Say what a recipe says."""
    label = found.label
    kinds = Counter(guess.feature.kind for guess in found.features.values() if guess.feature)
    counted = ', '.join(f'{n} {kind}' for kind, n in kinds.most_common())
    lines = [
        f'Wrote {output}: {label.task} of {found.label_name} ({found.label_why}).',
        f'{found.rows:,} rows; features: {counted}.',
    ]
    if label.counts:
        lines.append(f'Classes by rows: {listed(label.counts)}.')
    if label.dropped:
        lines.append(f'Too rare to learn, left out by the query: {listed(label.dropped)}.')
    if label.column.missing:
        share = label.column.missing / label.column.rows
        lines.append(f'Rows without a label, left out by the query: {share:.1%}.')
    if found.left_out:
        named = ', '.join(f'{g.column.name} ({g.why})' for g in found.left_out[:LISTED])
        more = len(found.left_out) - LISTED
        lines.append(f'Left out: {named}' + (f', {more} more.' if more > 0 else '.'))
    lines.append(f'Next: sluice run {output}')
    return '\n'.join(lines)

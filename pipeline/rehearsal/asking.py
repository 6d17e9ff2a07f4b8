"""What is to be rehearsed, from how a person says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.loading import RecipeError, check_against_data, load_recipe
from pipeline.recipe import Recipe, find_recipe
from pipeline.rehearsal.errors import RehearsalError
from pipeline.rehearsal.job import read_job

COMPILED = '.json'
SITE = ('vertex.root=gs://rehearsal/sluice', 'vertex.image=sluice')
PROJECT = ('vertex.project=rehearsal',)
"""Where, and as whose, a recipe is rehearsed that doesn't say so."""


@dataclass(frozen=True)
class Asked:
    """What is to be rehearsed, and how.

    Attributes:
      file: a recipe, or a compiled job.
      recipe: the recipe as loaded; None of a compiled job.
      overrides: of the recipe's keys.
      parameters: NAME=VALUE of the pipeline's parameters.
      tables: local files by the table of BigQuery that they stand for, as in data.local.
      strict: whether each container is a process from its first instruction on.
      faults: methods of Google's services whose next call fails, and with which status.
    """

    file: Path
    recipe: Recipe | None = None
    overrides: Sequence[str] = ()
    parameters: Sequence[str] = ()
    tables: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False
    faults: Sequence[tuple[str, str]] = ()


def asked_for(
    named: str,
    overrides: Sequence[str],
    parameters: Sequence[str],
    tables: Sequence[str],
    faults: Sequence[str] = (),
    *,
    strict: bool,
) -> Asked:
    """Find what was named, and check it as far as that is quick.

    Args:
      named: A compiled job (its name ends in .json), or a recipe.
      overrides: KEY=VALUE of the recipe.
      parameters: NAME=VALUE of the pipeline's parameters.
      tables: TABLE=PATH of local files; of a recipe, beside those in data.local.
      faults: METHOD=STATUS of calls that are to fail.
      strict: Whether each container is a process from its first instruction on.

    Raises:
      RehearsalError: There is no such file, the recipe is wrong, or an option is.
    """
    given, failing = _tables(tables), _faults(faults)
    if named.endswith(COMPILED):
        if overrides:
            raise RehearsalError(
                f'--set {overrides[0]}: is of a recipe, and {named} is compiled; '
                'give parameters with --param, or rehearse the recipe'
            )
        if not Path(named).is_file():
            raise RehearsalError(
                f'{named}: there is no such file; write it with `sluice compile RECIPE`, '
                'or name a recipe'
            )
        tables_of = _tables_of(read_job(Path(named)).name) | given
        return Asked(Path(named), None, (), parameters, tables_of, strict, failing)
    try:
        path = find_recipe(named)
        recipe = load_recipe(path, overrides)
        if recipe.vertex is None:
            overrides = [*overrides, *SITE]
        if recipe.vertex is None or recipe.vertex.project is None:
            overrides = [*overrides, *PROJECT]
            recipe = load_recipe(path, overrides)
        check_against_data(path, recipe, overrides)
    except (FileNotFoundError, RecipeError) as error:
        raise RehearsalError(str(error)) from None
    return Asked(path, recipe, overrides, parameters, _local(recipe) | given, strict, failing)


def _faults(named: Sequence[str]) -> list[tuple[str, str]]:
    faults = []
    for text in named:
        method, equals, status = text.partition('=')
        if not equals:
            raise RehearsalError(f'--fault {text}: write METHOD=STATUS, as DeployModel=UNAVAILABLE')
        faults.append((method, status))
    return faults


def _tables_of(pipeline: str) -> dict[str, Any]:
    """Return the local files of a pipeline's recipe, if there is one of its name."""
    try:
        return _local(load_recipe(find_recipe(pipeline)))
    except (FileNotFoundError, RecipeError):
        return {}


def _local(recipe: Recipe) -> dict[str, Any]:
    return {
        name: table.model_dump(mode='json', by_alias=True)
        for data in (recipe.table, recipe.batch_data)
        if data
        for name, table in data.local.items()
    }


def _tables(named: Sequence[str]) -> dict[str, Any]:
    tables: dict[str, list[str]] = {}
    for text in named:
        table, equals, path = text.partition('=')
        if not equals or not path:
            raise RehearsalError(f'--table {text}: write TABLE=PATH')
        if not Path(path).exists():
            raise RehearsalError(f'--table {text}: there is no file {path}')
        tables.setdefault(table.strip('`'), []).append(str(Path(path).absolute()))
    return tables

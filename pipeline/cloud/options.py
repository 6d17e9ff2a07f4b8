"""Options that the commands for Google Cloud have, and what they mean together."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.options import BAD_USAGE, FAILED, stop

if TYPE_CHECKING:
    from pipeline.cloud.connection import Connection
    from pipeline.recipe import Recipe
    from pipeline.vertex_settings import Vertex

F = TypeVar('F', bound=Callable[..., Any])

REGION = 'us-central1'

project_option = click.option(
    '--project', help='Google Cloud project; by default of the recipe or the credentials.'
)
region_option = click.option(
    '--region', help=f'Region of Vertex; by default of the recipe, or {REGION}.'
)
recipe_option = click.option(
    '--recipe', metavar='RECIPE', help='Take project and region from this recipe.'
)
param_option = click.option(
    '--param',
    'parameters',
    multiple=True,
    metavar='NAME=VALUE',
    help='Value of a runtime parameter of the pipeline.',
)
max_cost_option = click.option(
    '--max-cost',
    type=click.FloatRange(0),
    help='Refuse a run that is estimated to cost more US dollars; by default vertex.max_cost.',
)
if_new_data_option = click.option(
    '--if-new-data',
    is_flag=True,
    help='End at once if no day that came into data.window since the last model has rows.',
)


@contextmanager
def told() -> Iterator[None]:
    """End the command in one line where Google Cloud can't do what was asked."""
    from pipeline.cloud.errors import CloudError

    try:
        yield
    except CloudError as error:
        stop(str(error), FAILED)


def load(name: str, overrides: Sequence[str]) -> 'tuple[Path, Recipe]':
    """Return a recipe, or end the command in a line for each fault."""
    from pipeline.loading import RecipeError, load_recipe
    from pipeline.recipe import find_recipe

    try:
        path = find_recipe(name)
        return path, load_recipe(path, overrides)
    except (FileNotFoundError, RecipeError) as error:
        stop(str(error), BAD_USAGE)


def connected(
    doing: str, project: str | None, region: str | None, vertex: 'Vertex | None' = None
) -> 'Connection':
    """Connect to the project and region of options and recipe.

    Raises:
      CloudError: There is no network, no credentials, or no project.
    """
    from pipeline.cloud.connection import connect

    project = project or (vertex.project if vertex else None)
    return connect(doing, project, region or (vertex.region if vertex else REGION))


def connected_by(
    doing: str, recipe: str | None, project: str | None, region: str | None
) -> 'Connection':
    """Connect to the project and region of options and the recipe that is named, if one is.

    Raises:
      CloudError: There is no network, no credentials, or no project.
    """
    vertex = load(recipe, ())[1].vertex if recipe else None
    return connected(doing, project, region, vertex)


def assignments(option: str, given: Sequence[str]) -> dict[str, str]:
    """Return what `NAME=VALUE` options say, or end the command."""
    found = {}
    for text in given:
        name, equals, value = text.partition('=')
        if not equals or not name:
            stop(f'{option} {text}: expected NAME=VALUE', BAD_USAGE)
        found[name] = value
    return found


def read_template(path: Path) -> dict[str, Any]:
    """Return a compiled pipeline from its file, or end the command."""
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        stop(f'{path}: cannot be read: {error.strerror}', BAD_USAGE)
    except ValueError as error:
        stop(f'{path}: no JSON: {error}', BAD_USAGE)
    if not isinstance(found, dict) or 'pipelineSpec' not in found:
        stop(
            f'{path}: no compiled pipeline: it has no pipelineSpec; write it by sluice compile',
            BAD_USAGE,
        )
    return found

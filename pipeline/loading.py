"""From a recipe file to a `Recipe`, with errors that a person can act on."""

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import LiteralScalarString

from components.image_example_gen.settings import ImageData
from components.query_example_gen.settings import Data
from pipeline.faults import Places, fault_about, faults_of
from pipeline.overrides import override
from pipeline.recipe import Recipe
from pipeline.recipe_against_data import check_batch_columns, check_columns, check_pictures

if TYPE_CHECKING:
    from components.image_example_gen.check import Found


class RecipeError(ValueError):
    """A recipe that can't be used; one line per fault, each naming file and key."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__('\n'.join(faults))
        self.faults = list(faults)


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read and validate a recipe.

    Args:
      path: The YAML file; paths in it are relative to its folder.
      overrides: `key.path=value` each, the value in YAML.

    Raises:
      RecipeError: Names every fault with file, line, key path, value and what is allowed.
    """
    raw, places = _read(path, overrides)
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        raise RecipeError(faults_of(error.errors(), raw, places)) from None
    return recipe.relative_to(path.resolve().parent)


def check_against_data(
    path: Path, recipe: Recipe, overrides: Sequence[str] = ()
) -> 'dict[str, str] | Found':
    """Hold a recipe against its data without reading all of it, and return what there is.

    Args:
      path: The file that the recipe is from, and
      overrides: its overrides, to say where a fault is.
      recipe: The recipe.

    Returns:
      The columns of its query with their types, or the pictures that were found.

    Raises:
      RecipeError: The query can't be run or the pictures can't be listed, or a key names what
        they don't have.
    """
    try:
        if isinstance(recipe.data, ImageData):
            from components.image_example_gen.check import look

            found = look(recipe.data)
            check_pictures(recipe, found.columns, found.classes)
            return found
        from components.query_example_gen.reader import columns_of

        columns = columns_of(recipe.data)
        check_columns(recipe, columns)
        if recipe.batch_data:
            check_batch_columns(recipe, _batch_columns(recipe.batch_data))
        return columns
    except (ValueError, OSError) as error:
        raise RecipeError([fault_about(str(error), *_read(path, overrides))]) from None


def has_local_tables(recipe: Recipe) -> bool:
    """Whether the tables of a recipe's query are on this machine."""
    from components.query_example_gen.errors import QueryError
    from components.query_example_gen.local_tables import resolve_files

    if not recipe.table or not recipe.table.local:
        return False
    try:
        return all(map(resolve_files, recipe.table.local.values()))
    except QueryError:
        return False


def _batch_columns(data: Data) -> dict[str, str]:
    """Return the columns of the batch query; what is wrong with it is told of its own keys."""
    from components.query_example_gen.reader import columns_of

    try:
        return columns_of(data)
    except ValueError as error:
        raise ValueError(re.sub('^data', 'batch', str(error))) from None


def dump_recipe(recipe: Recipe) -> str:
    """Return the recipe as YAML, defaults included."""
    out = StringIO()
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.default_flow_style = None
    yaml.width = 100
    yaml.dump(_in_blocks(recipe.model_dump(mode='json', by_alias=True)), out)
    return out.getvalue()


class _Representer(RoundTripRepresenter):
    """Writes `null` for what by default is left blank."""


_Representer.add_representer(
    type(None), lambda yaml, _: yaml.represent_scalar('tag:yaml.org,2002:null', 'null')
)


def _in_blocks(value: Any) -> Any:
    """Mark strings of several lines (queries) to be written as they are."""
    if isinstance(value, dict):
        return {k: _in_blocks(v) for k, v in value.items()}
    return LiteralScalarString(value) if isinstance(value, str) and '\n' in value else value


def _read(path: Path, overrides: Sequence[str]) -> tuple[dict[str, Any], Places]:
    """Return a recipe as written and overridden, and where each key is written.

    Raises:
      RecipeError: It can't be read, or isn't a mapping.
    """
    try:
        text = path.read_text(encoding='utf-8')
        yaml = YAML(typ='safe', pure=True)  # the one in C reads YAML 1.1: `no` is false
        document = yaml.compose(text)
        places = {(): str(path)} | _places(str(path), document)
        raw = yaml.load(text)
    except OSError as error:
        raise RecipeError([f'{path}: cannot be read: {error.strerror}']) from None
    except UnicodeDecodeError:
        raise RecipeError([f'{path}: cannot be read: not UTF-8 text']) from None
    except YAMLError as error:
        raise RecipeError([f'{path}{_problem(error)}']) from None
    if not isinstance(raw, dict):
        found = 'nothing' if raw is None else f'a {type(raw).__name__}'
        raise RecipeError([f'{path}: expected keys with values (`name: …`), found {found}'])
    for assignment in overrides:
        try:
            changed = tuple(map(str, override(raw, assignment)))
        except ValueError as error:
            raise RecipeError([str(error)]) from None
        places = {k: p for k, p in places.items() if k[: len(changed)] != changed}
        places[changed] = f'{path} with --set {assignment}'
    return raw, places


def _places(file: str, node: Node | None, path: tuple[str, ...] = ()) -> Places:
    """Map the path of every key and list item below a node to its line.

    Raises:
      RecipeError: A key is given twice.
    """
    if isinstance(node, MappingNode):
        items = [(key.value, key, value) for key, value in node.value]
    elif isinstance(node, SequenceNode):
        items = [(str(i), item, item) for i, item in enumerate(node.value)]
    else:
        return {}
    places: Places = {}
    for part, key, value in items:
        at = (*path, str(part))
        line = f'{file}:{key.start_mark.line + 1}'
        if at in places:
            raise RecipeError([f'{line}: {".".join(at)}: given twice, first at {places[at]}'])
        places |= {at: line} | _places(file, value, at)
    return places


def _problem(error: YAMLError) -> str:
    if not isinstance(error, MarkedYAMLError):
        return f': not valid YAML: {str(error).splitlines()[0]}'
    line = f':{error.problem_mark.line + 1}' if error.problem_mark else ''
    return f'{line}: not valid YAML: {" ".join(str(error.problem or error.context).split())}'

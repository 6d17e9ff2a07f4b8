"""The recipes of runs, as they were run."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from pipeline.records import Run
from pipeline.store import Store


def recipe_of(run: Run, store: Store) -> dict[str, Any] | None:
    """Return a run's recipe with overrides and defaults filled in.

    Of a run from before recipes were kept, its file as it is now is read; None, if that is gone or
    no longer a recipe.
    """
    kept = store.recipe(run.run)
    if kept.exists():
        return dict(YAML(typ='safe', pure=True).load(kept.read_text(encoding='utf-8')))
    from pipeline.loading import RecipeError, load_recipe

    try:
        recipe = load_recipe(Path(run.recipe_file), run.overrides)
    except RecipeError:
        return None
    return recipe.model_dump(mode='json', by_alias=True)

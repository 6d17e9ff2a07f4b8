"""One `sluice run` from the first line on the terminal to the last."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.markup import escape

from pipeline import show, show_classes
from pipeline.loading import dump_recipe
from pipeline.local import run_locally
from pipeline.progress import Progress
from pipeline.recipe import Recipe
from pipeline.records import Run
from pipeline.store import Store
from pipeline.terminal import quiet


def start(
    recipe_file: Path,
    recipe: Recipe,
    overrides: Sequence[str],
    store_folder: Path,
    *,
    day: date | None = None,
    as_json: bool = False,
    verbose: bool = False,
) -> Run:
    """Run a recipe on this machine, tell the terminal about it, and return the record.

    Args:
      recipe_file: What the recipe is from, and
      overrides: what was overridden in it.
      recipe: The recipe.
      store_folder: Of the store.
      day: Date of the run, which windows of data end at; None: today.
      as_json: Keep stdout for a program.
      verbose: Show the full log.

    Raises:
      StoreError: The store can't be written to.
      KeyboardInterrupt: The run was interrupted; the record says so.
    """
    store = Store(store_folder)
    store.prepare()
    run = store.runs.new_id(recipe.name)
    log = store.log(run)
    record = Run(
        run=run,
        recipe=recipe.name,
        recipe_file=str(recipe_file),
        overrides=list(overrides),
        task=recipe.task,
        bounds=show.bounds_of(recipe.gate),
        class_bounds=show_classes.bounds_of(recipe.gate),
        date=(day or date.today()).isoformat() if has_window(recipe) else None,
        log=str(log),
    )
    store.recipe(run).write_text(dump_recipe(recipe), encoding='utf-8')
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    with quiet(log, verbose=verbose, to_stderr=as_json) as console:
        about = escape(recipe.description or f'{recipe.task} of {recipe.label}')
        console.print(f'[bold]{recipe.name}[/bold] · {about}')
        console.print(f'[dim]run {run}[/dim]')

        def waiting(holder: str) -> None:
            console.print(f'Waiting for {escape(holder)}, which uses {store.folder} …')

        try:
            with store.locked(run, waiting):
                run_locally(recipe, record, store, Progress(console))
        except Exception:
            if verbose:
                console.print_exception()
        console.print()
        console.print(show.outcome(record))
    return record


def has_window(recipe: Recipe) -> bool:
    """Return whether what a recipe reads depends on the date of the run."""
    tables = (recipe.table, recipe.batch_data)
    return any(data is not None and data.window is not None for data in tables)

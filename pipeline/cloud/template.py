"""What is submitted: a recipe compiled now, or a pipeline compiled before."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.cloud.jobs import RunSettings
from pipeline.cloud.options import load, read_template
from pipeline.options import BAD_USAGE, stop

if TYPE_CHECKING:
    from pipeline.recipe import Recipe
    from pipeline.vertex_settings import Vertex


@dataclass(frozen=True)
class Source:
    """A recipe or a compiled pipeline, before it is compiled.

    Attributes:
      path: Of the file.
      recipe: The recipe; None: it is compiled already.
      if_new_data: Whether its runs end at once where there is no new data.
    """

    path: Path
    recipe: 'Recipe | None'
    if_new_data: bool = False

    @property
    def vertex(self) -> 'Vertex | None':
        """Where the recipe says that it runs."""
        return self.recipe.vertex if self.recipe else None

    def compiled(self) -> dict[str, Any]:
        """Compile it, or read it; ends the command where that can't be done."""
        if self.recipe is None:
            return read_template(self.path)
        import json

        from pipeline.terminal import quiet

        try:
            with quiet(Path(os.devnull)):
                from pipeline.vertex import compile_recipe

                text = compile_recipe(self.recipe, self.if_new_data)
        except ValueError as error:
            stop(f'{self.path}: {error}', BAD_USAGE)
        compiled: dict[str, Any] = json.loads(text)
        return compiled

    def check_cost(self, max_cost: float | None) -> None:
        """Refuse a run that would cost more than it may.

        Args:
          max_cost: US dollars; None: as the recipe says, if it does.

        Raises:
          CloudError: It would, or what it costs is not known.
        """
        from pipeline.cloud.plan import check_ceiling

        if self.recipe:
            check_ceiling(self.recipe, max_cost)
        elif max_cost is not None:
            stop(f'--max-cost: {self.path} is compiled: there is no recipe to estimate', BAD_USAGE)

    def settings(
        self, parameters: Mapping[str, str], caching: bool | None, account: str | None = None
    ) -> RunSettings:
        """Return how it is run, by the recipe and by options."""
        settings = RunSettings(parameters=parameters, caching=caching, service_account=account)
        if self.vertex is None:
            return settings
        return replace(
            settings,
            labels=self.vertex.labels,
            service_account=account or self.vertex.service_account,
            network=self.vertex.network,
            encryption_key=self.vertex.encryption_key,
        )


def source(name: str, overrides: Sequence[str], if_new_data: bool = False) -> Source:
    """Return what is named: a file that ends in .json is compiled already."""
    path = Path(name)
    if path.suffix != '.json':
        path, recipe = load(name, overrides)
        if recipe.vertex is None:
            stop(
                f'{path}: vertex: is required to submit: give root (gs://bucket/path) and image, '
                'in the recipe or by --set vertex.root=… --set vertex.image=…',
                BAD_USAGE,
            )
        return Source(path, recipe, if_new_data)
    if overrides:
        stop(f'--set changes recipes, and {path} is compiled; compile it with --set', BAD_USAGE)
    if if_new_data:
        stop(f'--if-new-data: {path} is compiled; compile it with --if-new-data', BAD_USAGE)
    read_template(path)
    return Source(path, None)

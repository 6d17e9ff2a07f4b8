"""Finding the SavedModel that a person names."""

from pathlib import Path

from pipeline.suggest import nearest
from serving.versions import SAVED_MODEL, versions_in

FOLDER = Path('serving_models')
"""Where `sluice run` pushes models to by default."""


class ModelNotFoundError(LookupError):
    """There is no model of that name or at that path."""


def find_model(model: str, folder: Path = FOLDER) -> Path:
    """Return the directory of a SavedModel.

    Args:
        model: name of a model in the folder, for its newest version; or the path of such a
            model, of one version, or of any SavedModel.
        folder: pushed models by name.

    Raises:
        ModelNotFoundError: It isn't there; says what is.
    """
    given = Path(model)
    for path in (given, folder / model):
        if (path / SAVED_MODEL).is_file():
            return path
        if path.is_dir() and (versions := versions_in(path)):
            return versions[-1].path
    if given.exists():
        raise ModelNotFoundError(
            f'{model}: is no SavedModel and holds no version of one; expected a folder with '
            f'{SAVED_MODEL}, or folders named by numbers that have one'
        )
    names = [p.name for p in sorted(folder.iterdir()) if p.is_dir()] if folder.is_dir() else []
    if not names:
        raise ModelNotFoundError(
            f'{model}: no such model: {folder} has none yet; `sluice run` pushes them there, or '
            'name the path of a SavedModel'
        )
    raise ModelNotFoundError(f'{model}: no such model in {folder}; {nearest(model, names)}')

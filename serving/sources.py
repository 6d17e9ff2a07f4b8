"""Which models to serve, from how a person names them."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from serving.errors import did_you_mean, listed
from serving.settings import ModelSource
from serving.versions import VersionsError, check_folder, versions_in


def find_sources(asked: Sequence[str], folder: Path) -> tuple[ModelSource, ...]:
    """Return the models to serve.

    Args:
        asked: each a name under `folder`, a path (with a `/`), or NAME=PATH; none: all.
        folder: has a folder of versions for each model.

    Raises:
        VersionsError: There is no such model, or nothing in it to serve.
    """
    sources = [_source(text, folder) for text in asked] if asked else _all(folder)
    for source in sources:
        check_folder(Path(source.path))
    return tuple(sources)


def _all(folder: Path) -> list[ModelSource]:
    names = _names(folder)
    if not names:
        raise VersionsError(
            f'{folder}: no pushed model in it; push one (sluice run RECIPE), or name a path'
        )
    return [_made(name, folder / name) for name in names]


def _source(text: str, folder: Path) -> ModelSource:
    name, equals, path = text.partition('=')
    if equals:
        return _made(name, Path(path))
    if '/' in text:
        # A version's own folder is named by a number: the model's name is that of the one above.
        at = Path(text).resolve()
        return _made(at.parent.name if at.name.isdecimal() else at.name, Path(text))
    if text not in _names(folder):
        known = _names(folder)
        raise VersionsError(
            f'{folder / text}: no such model; {did_you_mean(text, known)}pushed: {listed(known)}'
        )
    return _made(text, folder / text)


def _made(name: str, path: Path) -> ModelSource:
    try:
        return ModelSource(name=name, path=str(path))
    except ValidationError:
        raise VersionsError(
            f'{name!r} cannot be the name of a model in URLs; give it one: NAME={path}'
        ) from None


def _names(folder: Path) -> list[str]:
    try:
        return sorted(p.name for p in folder.iterdir() if p.is_dir() and versions_in(p))
    except OSError:
        return []

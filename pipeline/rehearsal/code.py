"""The code that is in the image on Vertex: here, of this project and of the folder one is in."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

PACKAGES = ('components', 'models', 'pipeline', 'serving', 'transforms')
_LEFT_OUT = ('__pycache__', 'node_modules', 'site-packages', 'tests')


def code_digest(project: Path, own: Path) -> str:
    """Return a digest of the code that steps run, which stands for that of the image.

    Args:
      project: Folder of Sluice's packages.
      own: Folder that the user's own functions may be in.
    """
    digest = hashlib.sha256()
    files = [file for name in PACKAGES for file in _sources(project / name)]
    if own.resolve() != project.resolve():
        files += _sources(own)
    for file in files:
        digest.update(f'{file}\0'.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Sequence[Path]:
    return sorted(Path(at) / name for at, name in _walk(folder) if name.endswith('.py'))


def _walk(folder: Path) -> Iterator[tuple[str, str]]:
    for at, folders, files in os.walk(folder):
        folders[:] = [f for f in _visible(folders) if not (Path(at) / f / 'pyvenv.cfg').exists()]
        yield from ((at, name) for name in files)


def _visible(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith('.') and name not in _LEFT_OUT]

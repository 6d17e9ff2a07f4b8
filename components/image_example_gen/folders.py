"""A folder of one folder per class, perhaps below folders for the splits."""

import unicodedata
from collections.abc import Callable

from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import Listing, Refusal, table_of
from components.image_example_gen.local_files import Tree, shown
from components.image_example_gen.split_names import split_meant

SHOWN = 5
"""Names that a message shows before it only counts them."""


def list_folders(
    root: str, tree: Tree, read: Callable[[str], bytes], *, remote: bool = False
) -> Listing:
    """List the pictures of a folder.

    Args:
        root: The folder, for people and for `uri`.
        tree: What is below it.
        read: Reads the file at a path below it.
        remote: Whether that waits for a network.

    Raises:
        PicturesError: It is not laid out so.
    """
    depth = _depth(root, tree)
    files = [file for file in tree.files if file.path.count('/') > depth]
    paths = [file.path for file in files]
    parts = [path.split('/', depth + 1) for path in paths]
    labels = [_label(part[depth]) for part in parts]
    splits = [part[0] for part in parts] if depth else []
    refused = [
        Refusal(shown(f'{root}/{path}'), _label_of_fault(path, depth), reason)
        for path, reason in tree.faults.items()
    ]
    return Listing(
        table=table_of([shown(f'{root}/{path}') for path in paths], labels, splits),
        read=lambda row: read(paths[row]),
        stamps=lambda: [file.stamp for file in files],
        refused=refused,
        notes=_notes(tree, depth, set(labels)),
        remote=remote,
    )


def _depth(root: str, tree: Tree) -> int:
    """Return how deep the class folders are: 1 below those of the splits, or 0."""
    top = [folder for folder in tree.folders if '/' not in folder]
    meant = {folder: split for folder in top if (split := split_meant(folder))}
    if not top:
        what = 'holds no class folders' if tree.files else 'is empty'
        raise PicturesError(
            f'data.images: {root} {what}; expected {root}/<class>/<pictures>, perhaps below train, '
            'validation and test'
        )
    if 'train' not in meant.values() or (len(meant) == 1 and len(top) > 1):
        return 0
    if others := [folder for folder in top if folder not in meant]:
        raise PicturesError(
            f'data.images: {root}: holds {_listed(others)} beside the splits '
            f'{_listed(list(meant))}; move it away, or give a manifest'
        )
    if len(set(meant.values())) < len(meant):
        raise PicturesError(f'data.images: {root}: two of {_listed(top)} mean the same split')
    for folder in top:
        if not any(f.startswith(f'{folder}/') for f in tree.folders):
            raise PicturesError(
                f'data.images: {root}/{folder} holds no class folders; expected '
                f'{root}/{folder}/<class>/<pictures>'
            )
    return 1


def _label(folder: str) -> str:
    """Return the class of a folder; composed, since systems differ in how they write `é`."""
    return unicodedata.normalize('NFC', shown(folder))


def _label_of_fault(path: str, depth: int) -> str | None:
    parts = path.split('/')
    return _label(parts[depth]) if len(parts) > depth else None


def _notes(tree: Tree, depth: int, labels: set[str]) -> list[str]:
    notes = []
    classes = [folder for folder in tree.folders if folder.count('/') == depth]
    empty = sorted({_label(f.split('/')[-1]) for f in classes} - labels)
    if empty:
        notes.append(f'class folders without pictures: {_listed(empty)}')
    if beside := [file.path for file in tree.files if file.path.count('/') <= depth]:
        notes.append(f'files beside the class folders, left out: {_listed(beside)}')
    return notes


def _listed(names: list[str]) -> str:
    more = f' and {len(names) - SHOWN:,} more' if len(names) > SHOWN else ''
    return ', '.join(map(shown, names[:SHOWN])) + more

"""A folder of one folder per class, perhaps below folders for the splits."""

import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from components.image_example_gen.errors import PicturesError
from components.image_example_gen.listing import Listing, Refusal, table_of
from components.image_example_gen.local_files import Tree, shown
from components.image_example_gen.split_names import split_meant

SHOWN = 5
"""Names that a message shows before it only counts them."""


class _Layout(NamedTuple):
    """Folders at the top, what they mean, and how deep the classes are below them."""

    splits: dict[str, str]
    depth: int


def list_folders(root: str, tree: Tree, read: Callable[[str], bytes]) -> Listing:
    """List the pictures of a folder.

    Args:
        root: The folder, for people and for `uri`.
        tree: What is below it.
        read: Reads the file at a path below it.

    Raises:
        PicturesError: It is not laid out so.
    """
    layout = _layout(root, tree)
    files = [file for file in tree.files if file.path.count('/') > layout.depth]
    paths = [file.path for file in files]
    parts = [path.split('/', layout.depth + 1) for path in paths]
    labels = [_label(part[layout.depth]) for part in parts]
    splits = [layout.splits[part[0]] for part in parts] if layout.splits else []
    refused = [
        Refusal(shown(f'{root}/{path}'), _label_of_fault(path, layout.depth), reason)
        for path, reason in tree.faults.items()
    ]
    return Listing(
        table=table_of([shown(f'{root}/{path}') for path in paths], labels, splits),
        read=lambda row: read(paths[row]),
        stamps=[file.stamp for file in files],
        refused=refused,
        notes=_notes(tree, layout, set(labels)),
    )


def _layout(root: str, tree: Tree) -> _Layout:
    top = [folder for folder in tree.folders if '/' not in folder]
    meant = {folder: split for folder in top if (split := split_meant(folder))}
    if not top:
        what = 'holds no class folders' if tree.files else 'is empty'
        raise PicturesError(
            f'data.images: {root} {what}; expected {root}/<class>/<pictures>, perhaps below train, '
            'validation and test'
        )
    if 'train' not in meant.values() or (len(meant) == 1 and len(top) > 1):
        return _Layout({}, 0)
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
    return _Layout(meant, 1)


def _label(folder: str) -> str:
    """Return the class of a folder; composed, since systems differ in how they write `é`."""
    return unicodedata.normalize('NFC', shown(folder))


def _label_of_fault(path: str, depth: int) -> str | None:
    parts = path.split('/')
    return _label(parts[depth]) if len(parts) > depth else None


def _notes(tree: Tree, layout: _Layout, labels: set[str]) -> list[str]:
    notes = []
    classes = [folder for folder in tree.folders if folder.count('/') == layout.depth]
    empty = sorted({_label(f.split('/')[-1]) for f in classes} - labels)
    if empty:
        notes.append(f'class folders without pictures: {_listed(empty)}')
    if beside := [file.path for file in tree.files if file.path.count('/') <= layout.depth]:
        notes.append(f'files beside the class folders, left out: {_listed(beside)}')
    return notes


def _listed(names: list[str]) -> str:
    more = f' and {len(names) - SHOWN:,} more' if len(names) > SHOWN else ''
    return ', '.join(map(shown, names[:SHOWN])) + more

"""From where a recipe says its pictures are, to their listing."""

from pathlib import Path

from components.image_example_gen import local_files, places
from components.image_example_gen.digits import list_digits
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.folders import list_folders
from components.image_example_gen.idx import has_idx, list_idx
from components.image_example_gen.listing import Listing
from components.image_example_gen.manifest import is_manifest, list_manifest
from components.image_example_gen.queried import list_query
from components.image_example_gen.settings import DIGITS, ImageData


def list_pictures(data: ImageData) -> Listing:
    """List the pictures of a recipe, without reading them.

    Raises:
        PicturesError: There are none, or they are not laid out in a way that is known.
    """
    if not isinstance(data.images, str):
        listing = list_query(data.images)
    elif data.images == DIGITS:
        listing = list_digits()
    elif places.is_remote(data.images):
        listing = _remote(data.images.rstrip('/'))
    else:
        listing = _local(data.images)
    if not len(listing.table) and not listing.refused:
        raise PicturesError(f'data.images: {data.images}: there are no pictures')
    return listing


def _local(path: str) -> Listing:
    if Path(path).is_file():
        if not is_manifest(path):
            raise PicturesError(
                f'data.images: {path}: is a file; expected a folder, or a manifest (.csv, .jsonl)'
            )
        return list_manifest(path)
    if not Path(path).is_dir():
        raise PicturesError(
            f'data.images: {path}: no such folder or manifest; name yours: --set data.images=FOLDER'
        )
    tree = local_files.tree(path)
    return _folder(path, tree)


def _remote(uri: str) -> Listing:
    from components.image_example_gen import cloud

    if is_manifest(uri):
        return list_manifest(uri)
    return _folder(uri, cloud.tree(uri))


def _folder(root: str, tree: local_files.Tree) -> Listing:
    def read(path: str) -> bytes:
        return places.read(f'{root}/{path}')

    if has_idx(tree):
        return list_idx(root, tree, read)
    return list_folders(root, tree, read, remote=places.is_remote(root))

"""From where a recipe says its pictures are, to their listing."""

from pathlib import Path

from components.image_example_gen import local_files
from components.image_example_gen.digits import list_digits
from components.image_example_gen.errors import PicturesError
from components.image_example_gen.folders import list_folders
from components.image_example_gen.listing import Listing
from components.image_example_gen.settings import DIGITS, ImageData


def list_pictures(data: ImageData) -> Listing:
    """List the pictures of a recipe, without reading them.

    Raises:
        PicturesError: There are none, or they are not laid out in a way that is known.
    """
    if data.images == DIGITS:
        return list_digits()
    assert isinstance(data.images, str)
    root = Path(data.images)
    if not root.exists():
        raise PicturesError(f'data.images: {root}: no such file or folder')
    tree = local_files.tree(str(root))
    return list_folders(str(root), tree, lambda path: local_files.read(f'{root}/{path}'))

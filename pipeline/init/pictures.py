"""What `sluice init` finds out about pictures: how many, of which classes, how large."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np

from components.image_example_gen import local_files, places
from components.image_example_gen.check import Found, look_at
from components.image_example_gen.errors import PicturesError, UnreadableError
from components.image_example_gen.idx import has_idx
from components.image_example_gen.listing import Listing
from components.image_example_gen.manifest import is_manifest, list_manifest
from components.image_example_gen.opening import opened, quiet, size_upright
from components.image_example_gen.settings import DIGITS, ImageData
from components.image_example_gen.source import list_pictures
from pipeline.init.errors import InitError

LOOKED_AT = 200
"""Pictures whose heads are read; they tell of the others."""

ENDINGS = ('.jpg', '.jpeg', '.png', '.gif', '.bmp', '.webp', '.tif', '.tiff', '.jp2', '.avif')
"""How names of pictures end, mostly; only to tell a folder of pictures from one of tables."""


@dataclass(frozen=True)
class Pictures:
    """What was found.

    Attributes:
      found: Pictures by split and class.
      height, width: Medians, in pixels, of those that were looked at.
      gray: Whether all of them are gray.
      looked_at: How many were.
      bad: Those of them that can't be opened, and why.
    """

    found: Found
    height: int
    width: int
    gray: bool
    looked_at: int
    bad: Sequence[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many pictures there are."""
        return sum(self.found.classes.values())

    @property
    def longest(self) -> int:
        """Median length of the longer side, about."""
        return max(self.height, self.width)

    @property
    def bad_share(self) -> float:
        """Share of those looked at that can't be opened."""
        return len(self.bad) / self.looked_at


def are_pictures(given: str) -> bool:
    """Whether what `sluice init` is pointed at is pictures, not a table."""
    if given == DIGITS or places.is_remote(given):
        return True
    if Path(given).is_dir():
        tree = local_files.tree(given)
        of_classes = (file.path for file in tree.files if '/' in file.path)
        return has_idx(tree) or any(path.lower().endswith(ENDINGS) for path in of_classes)
    return Path(given).is_file() and is_manifest(given) and _names_pictures(given)


def look_at_pictures(images: str) -> Pictures:
    """List pictures, and look at the heads of some.

    Raises:
      InitError: There are none that a classifier could learn from.
    """
    data = ImageData(images=images)
    try:
        listing = list_pictures(data)
        found = look_at(listing, data)
    except PicturesError as error:
        raise InitError(str(error).removeprefix('data.images: ')) from None
    if len(found.classes) < 2:
        classes = ', '.join(found.classes) or 'none'
        raise InitError(f'{images}: there is one class only, {classes}; nothing to tell apart')
    sizes, modes, bad = _heads(listing)
    if not sizes:
        raise InitError(f'{images}: of {len(bad)} pictures none can be opened, such as {bad[0]}')
    heights, widths = zip(*sizes, strict=True)
    gray = modes <= {'L', '1', 'I', 'I;16'}
    return Pictures(
        found, round(median(heights)), round(median(widths)), gray, len(sizes) + len(bad), bad
    )


def _heads(listing: Listing) -> tuple[list[tuple[int, int]], set[str], list[str]]:
    """Return sizes, modes, and faults, of pictures evenly spread over the listing."""
    sizes, modes, bad = [], set(), []
    rows = np.linspace(0, len(listing.table) - 1, min(LOOKED_AT, len(listing.table))).astype(int)
    for row in rows.tolist():
        try:
            original = listing.read(row)
            if isinstance(original, np.ndarray):
                sizes.append((original.shape[0], original.shape[1]))
                modes.add('L' if original.ndim == 2 else 'RGB')
                continue
            with quiet(), opened(original) as image:
                sizes.append(size_upright(image))
                modes.add(image.mode)
        except UnreadableError as error:
            bad.append(f'{listing.table["uri"][row].as_py()} {error}')
    return sizes, modes, bad


def _names_pictures(file: str) -> bool:
    """Whether the first rows of a table have labels, and URIs that look like pictures'."""
    try:
        first = list_manifest(file).table.slice(0, 10)
    except PicturesError:
        return False
    return any(uri.lower().endswith(ENDINGS) for uri in first['uri'].to_pylist())

"""Pictures by URI, wherever they are."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from components.image_example_gen import local_files
from components.image_example_gen.errors import UnreadableError

REMOTE = 'gs://'


def is_remote(uri: str) -> bool:
    """Whether a URI is of Cloud Storage."""
    return uri.startswith(REMOTE)


def resolve(uri: str, folder: str) -> str:
    """Return where a URI of a manifest or query leads: a path of this machine, or a gs:// URI.

    Args:
        uri: As written.
        folder: What relative ones are relative to.
    """
    if is_remote(uri):
        return uri
    if uri.startswith('file://'):
        return unquote(urlsplit(uri).path)
    return f'{folder}/{uri}' if is_remote(folder) else os.path.join(folder, uri)  # noqa: PTH118


def read(place: str) -> bytes:
    """Return the bytes of a picture.

    Raises:
        UnreadableError: It is not there, or can't be read.
    """
    if is_remote(place):
        from components.image_example_gen import cloud

        return cloud.read(place)
    if '://' in place:
        scheme = place.partition('://')[0].rpartition('/')[2]
        raise UnreadableError(f'is of scheme {scheme}, which is not read; use files or {REMOTE}')
    return local_files.read(place)


def stamps(places: Sequence[str]) -> list[str]:
    """Return what changes when a picture does, for each; '' for one that is not there."""
    remote = [place for place in places if is_remote(place)]
    known: dict[str, str] = {}
    if remote:
        from components.image_example_gen import cloud

        known = cloud.stamps(remote)
    return [known.get(p, '') if is_remote(p) else _local_stamp(p) for p in places]


def _local_stamp(path: str) -> str:
    try:
        return local_files.stamp(Path(path).stat())
    except (OSError, ValueError):
        return ''

"""Models in Google Cloud Storage, fetched to this machine."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from google.api_core.exceptions import GoogleAPIError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Client

SCHEME = 'gs://'
AT_ONCE = 8
"""Objects that are fetched at the same time."""


class StorageError(OSError):
    """A model can't be fetched; says why in one line."""


def fetch(uri: str, target: Path, emulated: bool = False) -> Path:
    """Fetch all objects under a URI.

    Args:
        uri: `gs://BUCKET/PREFIX`.
        target: directory that gets them, by their names under the prefix.
        emulated: whether the client talks to a stand-in, as `STORAGE_EMULATOR_HOST` tells it.

    Returns:
        `target`.

    Raises:
        StorageError: There are none, or they can't be had.
    """
    bucket, _, prefix = uri.removeprefix(SCHEME).partition('/')
    prefix = f'{prefix.rstrip("/")}/' if prefix else ''
    try:
        client = Client('stand-in', AnonymousCredentials()) if emulated else Client()
        blobs = {
            name: blob
            for blob in client.list_blobs(bucket, prefix=prefix)
            if (name := blob.name.removeprefix(prefix)) and not name.endswith('/')
        }
        if not blobs:
            raise StorageError(f'{uri}: no object under it; expected a SavedModel')
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda name: _fetch(blobs[name], _inside(target, name)), blobs))
    except (GoogleAPIError, GoogleAuthError, ValueError) as error:
        raise StorageError(f'{uri}: cannot be fetched: {error}') from error
    return target


def _fetch(blob: Blob, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    blob.download_to_filename(str(to))


def _inside(target: Path, name: str) -> Path:
    """Return where an object goes; what would lie outside is refused."""
    path = PurePosixPath(name)
    if path.is_absolute() or '..' in path.parts:
        raise ValueError(f'an object is called {name!r}, which is no path in a model')
    return target / path

"""Pictures on Cloud Storage: which there are, and their bytes.

The client honours STORAGE_EMULATOR_HOST; without credentials it sees what is public.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, Unauthorized
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud.storage import Blob, Client
from requests.exceptions import RequestException

from components.image_example_gen.errors import PicturesError, UnreadableError
from components.image_example_gen.local_files import LARGEST, File, Tree, ignored


def tree(uri: str) -> Tree:
    """Return what is below a folder, as `local_files.tree` does.

    Raises:
        PicturesError: It can't be listed.
    """
    bucket, prefix = _parts(uri.rstrip('/') + '/')
    found = Tree()
    folders: set[str] = set()
    for blob in _listed(bucket, prefix):
        path = blob.name.removeprefix(prefix)
        parents = path.split('/')[:-1]
        if any(map(ignored, path.rstrip('/').split('/'))):
            continue
        folders.update('/'.join(parents[: n + 1]) for n in range(len(parents)))
        if path and not path.endswith('/'):  # one that ends so stands for an empty folder
            found.files.append(File(path, _stamp(blob)))
    found.files.sort()
    found.folders += sorted(folders)
    return found


def read(uri: str) -> bytes:
    """Return the bytes of an object.

    Raises:
        UnreadableError: It is not there, may not be read, or is too large.
        PicturesError: Cloud Storage can't be reached.
    """
    bucket, name = _parts(uri)
    with _told(uri):
        try:
            # One byte more than the limit tells that it is larger.
            content: bytes = _client().bucket(bucket).blob(name).download_as_bytes(end=LARGEST)
        except NotFound:
            raise UnreadableError('is not there') from None
        except (Forbidden, Unauthorized):
            raise UnreadableError('cannot be read: permission denied') from None
        except GoogleAPIError as error:
            if getattr(error, 'code', None) == 416:  # an empty object has no first byte
                return b''
            raise
    if len(content) > LARGEST:
        raise UnreadableError(f'is larger than {LARGEST >> 20} MiB')
    return content


def stamps(uris: Sequence[str]) -> dict[str, str]:
    """Return what changes when an object does, for each that is there; asked folder by folder.

    Raises:
        PicturesError: They can't be listed.
    """
    wanted = set(uris)
    found = {}
    for folder in sorted({uri.rpartition('/')[0] + '/' for uri in wanted}):
        bucket, prefix = _parts(folder)
        for blob in _listed(bucket, prefix, delimiter='/'):
            if (uri := f'gs://{bucket}/{blob.name}') in wanted:
                found[uri] = _stamp(blob)
    return found


def _listed(bucket: str, prefix: str, delimiter: str | None = None) -> Iterable[Blob]:
    where = f'gs://{bucket}/{prefix}'
    with _told(where):
        try:
            yield from _client().list_blobs(
                bucket,
                prefix=prefix,
                delimiter=delimiter,
                fields='items(name,size,generation),nextPageToken',
            )
        except NotFound:
            raise PicturesError(f'data.images: {where}: there is no bucket {bucket}') from None
        except (Forbidden, Unauthorized):
            raise PicturesError(f'data.images: {where}: may not be listed') from None


def _stamp(blob: Blob) -> str:
    return f'{blob.size} {blob.generation}'


def _parts(uri: str) -> tuple[str, str]:
    bucket, _, name = uri.removeprefix('gs://').partition('/')
    return bucket, name


@cache
def _client() -> Client:
    try:
        return Client()
    except (DefaultCredentialsError, OSError):  # OSError: credentials, but no project
        return Client.create_anonymous_client()


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Say in one line that Cloud Storage can't be reached: the run must not depend on that."""
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, RequestException, ConnectionError) as error:
        text = ' '.join(str(error).split())[:300]
        raise PicturesError(
            f'data.images: {where}: Cloud Storage cannot be asked: {text}'
        ) from None

"""Buckets as folders, and objects as files in them."""

import base64
import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import google_crc32c
from google.api_core import exceptions

from tests.fakes.world import NUMBER

FOLDER = '.folder'
"""File of an object whose name ends in a slash."""

BUCKET = re.compile(r'[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]')
OWN = ('contentType', 'cacheControl', 'contentEncoding', 'contentDisposition', 'contentLanguage',
       'customTime', 'metadata', 'storageClass')  # fmt: skip
"""What an object's writer can say of it."""

UNKNOWN = ('acl', 'bucket', 'crc32c', 'etag', 'generation', 'id', 'kind', 'md5Hash', 'mediaLink',
           'metageneration', 'name', 'owner', 'selfLink', 'size', 'timeCreated', 'updated',
           'temporaryHold', 'eventBasedHold', 'retention', 'contexts')  # fmt: skip
"""What else a client may send of it."""


@dataclass(frozen=True)
class Conditions:
    """What must hold of an object for a call to be done; a generation of 0 is: there is none."""

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None

    def check(self, found: Mapping[str, Any] | None) -> None:
        """Hold them against an object.

        Raises:
            PreconditionFailed: One doesn't hold.
        """
        generation = int(found['generation']) if found else 0
        meta = int(found['metageneration']) if found else 0
        if (
            (self.generation is not None and generation != self.generation)
            or (self.not_generation is not None and generation == self.not_generation)
            or (self.metageneration is not None and meta != self.metageneration)
            or (self.not_metageneration is not None and meta == self.not_metageneration)
        ):
            raise exceptions.PreconditionFailed(
                'At least one of the pre-conditions you specified did not hold.',
                errors=[{'reason': 'conditionNotMet', 'message': 'conditionNotMet'}],
            )


class Buckets:
    """The folders, with what files can't say in a folder beside them."""

    def __init__(self, root: Path) -> None:
        """Use the folders that are there.

        Args:
            root: gets `buckets/<bucket>/<object>`, and `storage/` for what else is known.
        """
        self._buckets, self._about = root / 'buckets', root / 'storage' / 'metadata'
        self._partial = root / 'storage' / 'partial'
        for folder in (self._buckets, self._about, self._partial):
            folder.mkdir(parents=True, exist_ok=True)
        self._sums: dict[tuple[str, int, int], dict[str, str]] = {}
        self._lock = threading.RLock()

    def make(self, name: str) -> dict[str, Any]:
        """Make a bucket.

        Raises:
            Conflict: It is there.
            BadRequest: Its name is none.
        """
        if not BUCKET.fullmatch(name):
            raise exceptions.BadRequest(f"Invalid bucket name: '{name}'")
        try:
            (self._buckets / name).mkdir()
        except FileExistsError:
            raise exceptions.Conflict(
                'Your previous request to create the named bucket succeeded and you already own it.'
            ) from None
        return self.bucket(name)

    def bucket(self, name: str) -> dict[str, Any]:
        """Return a bucket's resource.

        Raises:
            NotFound: There is none of the name.
        """
        folder = self._folder(name)
        at = _time(folder.stat().st_mtime_ns)
        return {
            'kind': 'storage#bucket', 'id': name, 'name': name, 'projectNumber': NUMBER,
            'location': 'US-CENTRAL1', 'locationType': 'region', 'storageClass': 'STANDARD',
            'metageneration': '1', 'etag': 'CAE=', 'timeCreated': at, 'updated': at,
            'iamConfiguration': {'uniformBucketLevelAccess': {'enabled': True}},
        }  # fmt: skip

    def names(self) -> list[str]:
        """Return the buckets' names, sorted."""
        return sorted(p.name for p in self._buckets.iterdir() if p.is_dir())

    def remove_bucket(self, name: str) -> None:
        """Remove an empty bucket.

        Raises:
            Conflict: It is not empty.
            NotFound: There is none of the name.
        """
        folder = self._folder(name)
        with self._lock:
            if next(self.objects(name), None):
                raise exceptions.Conflict('The bucket you tried to delete is not empty.')
            for at, _, _ in os.walk(folder, topdown=False):
                Path(at).rmdir()

    def objects(self, bucket: str) -> Iterator[str]:
        """Yield the names of a bucket's objects, in no order."""
        folder = self._folder(bucket)
        for at, _, files in os.walk(folder):
            for name in files:
                path = (Path(at) / name).relative_to(folder).as_posix()
                yield path.removesuffix(FOLDER) if name == FOLDER else path

    def find(self, bucket: str, name: str) -> dict[str, Any] | None:
        """Return an object's resource; None: there is no such object."""
        with self._lock:
            try:
                path = self._path(bucket, name)
                stat = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            if path.is_dir():
                return None
            generation, at = str(stat.st_mtime_ns // 1000), _time(stat.st_mtime_ns)
            about = self._told(bucket, name, generation)
            meta = str(about.pop('metageneration', 1))
            return {
                'kind': 'storage#object', 'id': f'{bucket}/{name}/{generation}', 'name': name,
                'bucket': bucket, 'generation': generation, 'metageneration': meta,
                'size': str(stat.st_size), 'timeCreated': at, 'updated': at,
                'timeStorageClassUpdated': at, 'storageClass': 'STANDARD',
                'etag': base64.b64encode(f'{generation}/{meta}'.encode()).decode(),
            } | about | self._checksums(path, stat)  # fmt: skip

    def get(
        self, bucket: str, name: str, conditions: Conditions = Conditions(), generation: int = 0
    ) -> dict[str, Any]:
        """Return an object's resource.

        Raises:
            NotFound: There is no such object, or not of that generation.
            PreconditionFailed: A condition doesn't hold.
        """
        found = self.find(bucket, name)
        if found is None or (generation and int(found['generation']) != generation):
            self._folder(bucket)
            raise exceptions.NotFound(
                f'No such object: {bucket}/{name}',
                errors=[{'reason': 'notFound', 'message': 'Not Found', 'domain': 'global'}],
            )
        conditions.check(found)
        return found

    def read(self, bucket: str, name: str, start: int = 0, length: int | None = None) -> bytes:
        """Return bytes of an object that is there."""
        with self._path(bucket, name).open('rb') as file:
            file.seek(start)
            return file.read() if length is None else file.read(length)

    def write(
        self,
        bucket: str,
        name: str,
        data: bytes,
        about: Mapping[str, Any] | None = None,
        conditions: Conditions = Conditions(),
    ) -> dict[str, Any]:
        """Write an object, in one piece.

        Raises:
            NotFound: The bucket is not there.
            PreconditionFailed: A condition doesn't hold.
            BadRequest: The name is none, or a checksum in `about` isn't the data's.
            MethodNotImplemented: It is within what is an object, which a folder can't hold.
        """
        said = told_of(about or {})
        _check_sums(data, about or {})
        with self._lock:
            path = self._path(bucket, name)
            found = self.find(bucket, name)
            conditions.check(found)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with NamedTemporaryFile(dir=self._partial, delete=False) as partial:
                    partial.write(data)
                newer = int(found['generation']) + 1 if found else 0
                stat = Path(partial.name).stat()
                if stat.st_mtime_ns // 1000 < newer:
                    os.utime(partial.name, ns=(stat.st_atime_ns, newer * 1000))
                Path(partial.name).replace(path)
            except (FileExistsError, NotADirectoryError, IsADirectoryError):
                raise exceptions.MethodNotImplemented(
                    f'{bucket}/{name}: an object and a folder of one name; this stand-in keeps '
                    'objects as files, and cannot have both'
                ) from None
            self._tell(bucket, name, path, said)
            return self.get(bucket, name)

    def patch(
        self, bucket: str, name: str, about: Mapping[str, Any], conditions: Conditions
    ) -> dict[str, Any]:
        """Change what is said of an object; null takes a word away."""
        said = told_of(about)
        with self._lock:
            found = self.get(bucket, name, conditions)
            kept = {key: found[key] for key in OWN if key in found}
            if said.get('metadata') and kept.get('metadata'):
                merged = kept['metadata'] | said['metadata']
                said['metadata'] = {k: v for k, v in merged.items() if v is not None}
            new = {k: v for k, v in (kept | said).items() if v is not None}
            new['metageneration'] = int(found['metageneration']) + 1
            self._tell(bucket, name, self._path(bucket, name), new)
            return self.get(bucket, name)

    def remove(
        self, bucket: str, name: str, conditions: Conditions = Conditions(), generation: int = 0
    ) -> None:
        """Remove an object.

        Raises:
            NotFound: There is no such object.
            PreconditionFailed: A condition doesn't hold.
        """
        with self._lock:
            self.get(bucket, name, conditions, generation)
            path, folder = self._path(bucket, name), self._folder(bucket)
            path.unlink()
            self._said(bucket, name).unlink(missing_ok=True)
            for parent in path.parents:
                if parent == folder or any(parent.iterdir()):
                    break
                parent.rmdir()

    def _folder(self, bucket: str) -> Path:
        folder = self._buckets / bucket
        if not BUCKET.fullmatch(bucket) or not folder.is_dir():
            raise exceptions.NotFound(
                'The specified bucket does not exist.',
                errors=[{'reason': 'notFound', 'message': 'Not Found', 'domain': 'global'}],
            )
        return folder

    def _path(self, bucket: str, name: str) -> Path:
        parts = name.split('/')
        if not name or len(name.encode()) > 1024 or {'.', '..'} & set(parts) or '\0' in name:
            raise exceptions.BadRequest(f"Invalid object name: '{name}'")
        if '' in parts[:-1]:
            raise exceptions.MethodNotImplemented(
                f'{name!r}: this stand-in keeps objects as files, and cannot have empty folders'
            )
        return self._folder(bucket).joinpath(*parts[:-1], parts[-1] or FOLDER)

    def _said(self, bucket: str, name: str) -> Path:
        key = hashlib.sha256(f'{bucket}/{name}'.encode()).hexdigest()
        return self._about / f'{key}.json'

    def _told(self, bucket: str, name: str, generation: str) -> dict[str, Any]:
        try:
            said = json.loads(self._said(bucket, name).read_text())
        except FileNotFoundError:
            return {}
        # A file that was written by hand since has another time.
        return dict(said['about']) if said['generation'] == generation else {}

    def _tell(self, bucket: str, name: str, path: Path, said: Mapping[str, Any]) -> None:
        generation = str(path.stat().st_mtime_ns // 1000)
        text = json.dumps({'generation': generation, 'about': dict(said)})
        self._said(bucket, name).write_text(text)

    def _checksums(self, path: Path, stat: os.stat_result) -> dict[str, str]:
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        if key not in self._sums:
            self._sums[key] = _sums(path.read_bytes())
        return self._sums[key]


def _sums(data: bytes) -> dict[str, str]:
    crc = google_crc32c.Checksum(data).digest()
    return {
        'md5Hash': base64.b64encode(hashlib.md5(data).digest()).decode(),
        'crc32c': base64.b64encode(crc).decode(),
    }


def _check_sums(data: bytes, about: Mapping[str, Any]) -> None:
    told = {key: about[key] for key in ('md5Hash', 'crc32c') if about.get(key)}
    found = _sums(data) if told else {}
    for key, value in told.items():
        if found[key] != value:
            raise exceptions.BadRequest(
                f'Provided {key} "{value}" doesn\'t match calculated {key} "{found[key]}".'
            )


def told_of(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a writer says of an object, if it says nothing that objects don't have."""
    for key in about:
        if key not in OWN and key not in UNKNOWN:
            raise exceptions.BadRequest(
                f'Invalid JSON payload received. Unknown name "{key}" at \'object\': '
                'Cannot find field.'
            )
    metadata = about.get('metadata') or {}
    if not isinstance(metadata, dict) or not all(
        isinstance(value, str | None) for value in metadata.values()
    ):
        raise exceptions.BadRequest("Invalid value for 'metadata': expected an object of strings")
    return {key: about[key] for key in OWN if key in about}


def _time(nanoseconds: int) -> str:
    at = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')

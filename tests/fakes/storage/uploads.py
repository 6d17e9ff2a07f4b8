"""Uploads of Cloud Storage: in one request, with metadata in front, or bit by bit."""

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from google.api_core import exceptions

from tests.fakes.http import Request, Response
from tests.fakes.storage.objects import Buckets, Conditions, told_of

RANGE = re.compile(r'bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)')
UNIT = 256 * 2**10
"""What all parts of a resumable upload but the last are a multiple of, in bytes."""


@dataclass
class _Session:
    bucket: str
    name: str
    about: dict[str, Any]
    conditions: Conditions
    data: bytearray = field(default_factory=bytearray)
    done: dict[str, Any] | None = None


class Uploads:
    """The uploads that were begun."""

    def __init__(self, buckets: Buckets) -> None:
        """Take uploads.

        Args:
            buckets: get the objects.
        """
        self._buckets = buckets
        self._sessions: dict[str, _Session] = {}

    def begin(self, request: Request, bucket: str, conditions: Conditions) -> Response:
        """Take a whole upload, or begin one.

        Raises:
            BadRequest: It is none of the three kinds, or has no name.
        """
        name = request.query.get('name', '')
        kind = request.query.get('uploadType')
        content_type = request.headers.get('content-type')
        if kind == 'media':
            about = {'contentType': content_type} if content_type else {}
            return Response(self._write(bucket, name, request.body, about, conditions))
        if kind == 'multipart':
            about, data = _parts(request)
            named = name or about.get('name', '')
            return Response(self._write(bucket, named, data, about, conditions))
        if kind == 'resumable':
            about = request.json()
            told_of(about)
            named = name or about.get('name', '')
            if declared := request.headers.get('x-upload-content-type'):
                about.setdefault('contentType', declared)
            if not named:
                raise exceptions.BadRequest('Required parameter: name')
            self._buckets.bucket(bucket)
            conditions.check(self._buckets.find(bucket, named))
            session = uuid.uuid4().hex
            self._sessions[session] = _Session(bucket, named, about, conditions)
            at = f'https://{request.host}/upload/storage/v1/b/{bucket}/o'
            return Response(
                headers={
                    'Location': f'{at}?uploadType=resumable&upload_id={session}',
                    'X-GUploader-UploadID': session,
                }
            )
        raise exceptions.BadRequest(f"Invalid upload type: '{kind}'")

    def go_on(self, request: Request) -> Response:
        """Take the next part of a resumable upload, say how far it is, or end it.

        Raises:
            NotFound: There is no such upload.
            BadRequest: The part isn't the next one, or not of the size it says.
        """
        try:
            session = self._sessions[request.query['upload_id']]
        except KeyError:
            raise exceptions.NotFound('No such upload; it is over, or was of another server') from (
                None
            )
        if request.method == 'DELETE':
            del self._sessions[request.query['upload_id']]
            return Response(status=499)
        if session.done:
            return Response(session.done)
        if text := request.headers.get('content-range'):
            match = RANGE.fullmatch(text)
            if not match:
                raise exceptions.BadRequest(f'Failed to parse Content-Range header: {text}')
            first, last, total = match.groups()
            if first is not None:
                _take(session, int(first), int(last), request.body)
            if total == '*' or len(session.data) < int(total):
                if first is not None and len(session.data) % UNIT:
                    raise exceptions.BadRequest(
                        f'Invalid request. The number of bytes uploaded is required to be equal '
                        f"or greater than {UNIT}, except for the final request (it's recommended "
                        f'to be the exact multiple of {UNIT}).'
                    )
                at = {'Range': f'bytes=0-{len(session.data) - 1}'} if session.data else {}
                return Response(status=308, headers=at)
        else:
            session.data[:] = request.body
        session.done = self._write(
            session.bucket, session.name, bytes(session.data), session.about, session.conditions
        )
        session.data.clear()
        return Response(session.done)

    def _write(
        self, bucket: str, name: str, data: bytes, about: dict[str, Any], conditions: Conditions
    ) -> dict[str, Any]:
        if not name:
            raise exceptions.BadRequest('Required parameter: name')
        return self._buckets.write(bucket, name, data, about, conditions)


def _take(session: _Session, first: int, last: int, body: bytes) -> None:
    if last - first + 1 != len(body):
        raise exceptions.BadRequest(
            f'Content-Range says {last - first + 1} bytes, {len(body)} came'
        )
    if first > len(session.data):
        raise exceptions.ServiceUnavailable(
            f'The part begins at {first}; only {len(session.data)} bytes are here'
        )
    session.data[first:] = body


def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """Return what is in front of a multipart upload, and the data."""
    found = re.search(r'boundary="?([^";]+)"?', request.headers.get('content-type', ''))
    if not found:
        raise exceptions.BadRequest('Missing boundary of a multipart upload')
    delimiter = b'--' + found[1].strip("'").encode()
    pieces = (b'\r\n' + request.body).split(b'\r\n' + delimiter)
    if len(pieces) != 4 or not pieces[3].startswith(b'--'):
        raise exceptions.BadRequest('Invalid multipart request: expected metadata, then data')
    (_, front), (head, data) = (p.lstrip(b'\r\n').split(b'\r\n\r\n', 1) for p in pieces[1:3])
    try:
        about = dict(json.loads(front))
    except ValueError as error:
        raise exceptions.BadRequest(f'Invalid JSON payload received. {error}') from None
    kind = re.search(rb'(?i)content-type:\s*([^\r\n]+)', head)
    if kind:
        about.setdefault('contentType', kind[1].decode())
    return about, data

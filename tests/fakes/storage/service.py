"""Cloud Storage's JSON API, its batches, and the downloads of its XML API."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from google.api_core import exceptions

from tests.fakes.http import Request, Response, error_response
from tests.fakes.storage.objects import Buckets, Conditions
from tests.fakes.storage.uploads import Uploads
from tests.fakes.world import World

COMMON = {'alt', 'fields', 'key', 'prettyPrint', 'projection', 'quotaUser', 'userProject',
          'upload_protocol', 'uploadType', 'name', 'upload_id'}  # fmt: skip
IF = {'ifGenerationMatch', 'ifGenerationNotMatch', 'ifMetagenerationMatch',
      'ifMetagenerationNotMatch'}  # fmt: skip
PAGE = 1000
BYTES = re.compile(r'bytes=(\d*)-(\d*)')


@dataclass(frozen=True)
class _Route:
    name: str
    method: str
    path: re.Pattern[str]
    known: frozenset[str]


def _route(name: str, method: str, path: str, *known: str) -> _Route:
    pattern = re.compile('/storage/v1' + path.replace('{}', '([^/]+)'))
    return _Route(f'storage.{name}', method, pattern, frozenset(COMMON | set(known)))


ROUTES = (
    _route('buckets.list', 'GET', '/b', 'project', 'prefix', 'maxResults', 'pageToken'),
    _route('buckets.insert', 'POST', '/b', 'project', 'predefinedAcl', 'enableObjectRetention',
           'predefinedDefaultObjectAcl'),
    _route('buckets.get', 'GET', '/b/{}', *IF),
    _route('buckets.delete', 'DELETE', '/b/{}', *IF),
    _route('buckets.getIamPolicy', 'GET', '/b/{}/iam', 'optionsRequestedPolicyVersion'),
    _route('buckets.testIamPermissions', 'GET', '/b/{}/iam/testPermissions', 'permissions'),
    _route('buckets.getStorageLayout', 'GET', '/b/{}/storageLayout', 'prefix'),
    _route('objects.list', 'GET', '/b/{}/o', 'delimiter', 'endOffset', 'startOffset', 'prefix',
           'includeTrailingDelimiter', 'includeFoldersAsPrefixes', 'maxResults', 'pageToken',
           'versions', 'softDeleted'),
    _route('objects.get', 'GET', '/b/{}/o/{}', 'generation', 'softDeleted', *IF),
    _route('objects.delete', 'DELETE', '/b/{}/o/{}', 'generation', *IF),
    _route('objects.patch', 'PATCH', '/b/{}/o/{}', 'generation', 'predefinedAcl', *IF),
    _route('objects.compose', 'POST', '/b/{}/o/{}/compose', 'destinationPredefinedAcl', *IF),
    _route('objects.copy', 'POST', '/b/{}/o/{}/copyTo/b/{}/o/{}', 'sourceGeneration', *IF),
    _route('objects.rewrite', 'POST', '/b/{}/o/{}/rewriteTo/b/{}/o/{}', 'sourceGeneration',
           'rewriteToken', 'maxBytesRewrittenPerCall', 'destinationKmsKeyName',
           'ifSourceGenerationMatch', 'ifSourceGenerationNotMatch', *IF),
)  # fmt: skip


class Storage:
    """Cloud Storage over folders; methods are named as the API does: `storage.objects.get`."""

    hosts = ('storage.googleapis.com', 'www.googleapis.com', '*.storage.googleapis.com')
    open = False

    def __init__(self, world: World) -> None:
        """Stand in.

        Args:
            world: has the folders.
        """
        self._faults = world.faults
        self.buckets = Buckets(world.root)
        self._uploads = Uploads(self.buckets)

    def handle(self, request: Request) -> Response:
        """Answer a request of either API."""
        path = request.path.replace('/resumable/upload/', '/upload/')
        if path.startswith('/batch'):
            return self._batch(request)
        if path.startswith('/upload/'):
            return self._upload(request, path.removeprefix('/upload'))
        if path.startswith('/download/'):
            path, request = path.removeprefix('/download'), _with(request, alt='media')
        if not path.startswith('/storage/'):
            return self._xml(request)
        route, names = _routed(request.method, path)
        _check_known(request, route.known)
        action: Callable[..., Response] = getattr(self, route.name.replace('.', '_')[8:])
        told = _told(request, names)
        return self._faults.call(route.name, told, lambda _: action(request, *names))

    def buckets_list(self, request: Request) -> Response:
        """List the buckets."""
        names = [n for n in self.buckets.names() if n.startswith(request.query.get('prefix', ''))]
        items = [self.buckets.bucket(name) for name in names]
        return Response({'kind': 'storage#buckets', 'items': items})

    def buckets_insert(self, request: Request) -> Response:
        """Make a bucket."""
        if 'project' not in request.query:
            raise exceptions.BadRequest('Required parameter: project')
        return Response(self.buckets.make(str(request.json().get('name', ''))))

    def buckets_get(self, request: Request, bucket: str) -> Response:
        """Return a bucket."""
        return Response(self.buckets.bucket(bucket))

    def buckets_delete(self, request: Request, bucket: str) -> Response:
        """Remove an empty bucket."""
        self.buckets.remove_bucket(bucket)
        return Response(status=204)

    def buckets_getIamPolicy(self, request: Request, bucket: str) -> Response:
        """Return who may do what: nothing is said of it."""
        self.buckets.bucket(bucket)
        return Response({'kind': 'storage#policy', 'etag': 'CAE=', 'bindings': []})

    def buckets_testIamPermissions(self, request: Request, bucket: str) -> Response:
        """Return what the caller may do: all that is asked for."""
        self.buckets.bucket(bucket)
        asked = request.query.get('permissions', '').split(',')
        return Response({'kind': 'storage#testIamPermissionsResponse', 'permissions': asked})

    def buckets_getStorageLayout(self, request: Request, bucket: str) -> Response:
        """Return how a bucket is laid out: flat."""
        about = self.buckets.bucket(bucket)
        return Response(
            {
                'kind': 'storage#storageLayout', 'bucket': bucket, 'location': about['location'],
                'locationType': 'region', 'hierarchicalNamespace': {'enabled': False},
            }
        )  # fmt: skip

    def objects_list(self, request: Request, bucket: str) -> Response:
        """List objects, and the prefixes up to the delimiter, a page at a time."""
        query = request.query
        prefix, delimiter = query.get('prefix', ''), query.get('delimiter', '')
        first = max(query.get('startOffset', ''), query.get('pageToken', ''))
        end = query.get('endOffset')
        limit = min(_number(query, 'maxResults') or PAGE, PAGE)
        entries: dict[str, bool] = {}
        for name in self.buckets.objects(bucket):
            if not name.startswith(prefix) or (end and name >= end):
                continue
            head, found, _ = name[len(prefix) :].partition(delimiter) if delimiter else ('', '', '')
            folded = prefix + head + found
            if found:
                entries[folded] = entries.get(folded, True)
            if not found or (folded == name and query.get('includeTrailingDelimiter') == 'true'):
                entries[name] = False
        names = sorted(name for name in entries if name >= first)
        page, rest = names[:limit], names[limit:]
        answer: dict[str, Any] = {'kind': 'storage#objects'}
        if items := [self.buckets.get(bucket, n) for n in page if not entries[n]]:
            answer['items'] = items
        if prefixes := [n for n in page if entries[n]]:
            answer['prefixes'] = prefixes
        if rest:
            answer['nextPageToken'] = rest[0]
        return Response(answer)

    def objects_get(self, request: Request, bucket: str, name: str) -> Response:
        """Return an object's resource, or with `alt=media` its bytes."""
        generation = _number(request.query, 'generation') or 0
        found = self.buckets.get(bucket, name, _conditions(request.query), generation)
        return self._media(request, found) if request.query.get('alt') == 'media' else (
            Response(found)
        )  # fmt: skip

    def objects_delete(self, request: Request, bucket: str, name: str) -> Response:
        """Remove an object."""
        generation = _number(request.query, 'generation') or 0
        self.buckets.remove(bucket, name, _conditions(request.query), generation)
        return Response(status=204)

    def objects_patch(self, request: Request, bucket: str, name: str) -> Response:
        """Change what is said of an object."""
        changed = self.buckets.patch(bucket, name, request.json(), _conditions(request.query))
        return Response(changed)

    def objects_compose(self, request: Request, bucket: str, name: str) -> Response:
        """Put objects of a bucket together."""
        asked = request.json()
        sources = asked.get('sourceObjects', [])
        if not 1 <= len(sources) <= 32:
            raise exceptions.BadRequest(
                'The number of source components provided must be between 1 and 32.'
            )
        for source in sources:
            self.buckets.get(bucket, source['name'], generation=int(source.get('generation', 0)))
        data = b''.join(self.buckets.read(bucket, source['name']) for source in sources)
        about = asked.get('destination', {})
        conditions = _conditions(request.query)
        return Response(self.buckets.write(bucket, name, data, about, conditions))

    def objects_copy(
        self, request: Request, bucket: str, name: str, to_bucket: str, to_name: str
    ) -> Response:
        """Copy an object."""
        return Response(self._copied(request, bucket, name, to_bucket, to_name))

    def objects_rewrite(
        self, request: Request, bucket: str, name: str, to_bucket: str, to_name: str
    ) -> Response:
        """Copy an object, in one call."""
        made = self._copied(request, bucket, name, to_bucket, to_name)
        size = made['size']
        return Response(
            {
                'kind': 'storage#rewriteResponse', 'done': True, 'resource': made,
                'objectSize': size, 'totalBytesRewritten': size,
            }
        )  # fmt: skip

    def _copied(
        self, request: Request, bucket: str, name: str, to_bucket: str, to_name: str
    ) -> dict[str, Any]:
        source = Conditions(
            _number(request.query, 'ifSourceGenerationMatch'),
            _number(request.query, 'ifSourceGenerationNotMatch'),
        )
        generation = _number(request.query, 'sourceGeneration') or 0
        found = self.buckets.get(bucket, name, source, generation)
        about: dict[str, Any] = {k: found[k] for k in ('contentType', 'metadata') if k in found}
        about |= {k: v for k, v in request.json().items() if k not in ('md5Hash', 'crc32c')}
        data = self.buckets.read(bucket, name)
        return self.buckets.write(to_bucket, to_name, data, about, _conditions(request.query))

    def _upload(self, request: Request, path: str) -> Response:
        match = re.fullmatch(r'/storage/v1/b/([^/]+)/o', path)
        if not match:
            raise exceptions.NotFound(f'{request.method} /upload{path}: no such method')
        _check_known(request, frozenset(COMMON | IF | {'predefinedAcl', 'contentEncoding'}))
        bucket = unquote(match[1])

        def action(_: object) -> Response:
            if 'upload_id' in request.query:
                return self._uploads.go_on(request)
            return self._uploads.begin(request, bucket, _conditions(request.query))

        return self._faults.call('storage.objects.insert', _told(request, [bucket]), action)

    def _xml(self, request: Request) -> Response:
        """Answer a download: `storage.googleapis.com/<bucket>/<object>`."""
        bucket, _, name = request.path[1:].partition('/')
        if (label := request.host.removesuffix('.storage.googleapis.com')) != request.host:
            bucket, name = label, request.path[1:]
        if request.method not in ('GET', 'HEAD') or not name:
            raise exceptions.NotFound(
                f'{request.method} {request.path}: of the XML API this stand-in has downloads only'
            )
        bucket, name = unquote(bucket), unquote(name)
        return self._faults.call(
            'storage.objects.get',
            _told(request, [bucket, name]),
            lambda _: self._media(request, self.buckets.get(bucket, name)),
        )

    def _media(self, request: Request, found: Mapping[str, Any]) -> Response:
        size = int(found['size'])
        headers = {
            'Content-Type': found.get('contentType', 'application/octet-stream'),
            'ETag': found['etag'],
            'X-Goog-Generation': found['generation'],
            'X-Goog-Metageneration': found['metageneration'],
            'X-Goog-Hash': f'crc32c={found["crc32c"]},md5={found["md5Hash"]}',
            'X-Goog-Stored-Content-Length': found['size'],
            'X-Goog-Stored-Content-Encoding': 'identity',
            'Accept-Ranges': 'bytes',
        }
        if request.method == 'HEAD':
            return Response(headers=headers | {'Content-Length': found['size']})
        asked = BYTES.fullmatch(request.headers.get('range', ''))
        if not asked or asked.groups() == ('', ''):
            return Response(self.buckets.read(found['bucket'], found['name']), headers=headers)
        first, last = asked.groups()
        start = int(first) if first else max(size - int(last), 0)
        stop = min(int(last) + 1, size) if first and last else size
        if start >= size:
            raise exceptions.from_http_status(416, f'The requested range {asked[0]} is not there')
        part = self.buckets.read(found['bucket'], found['name'], start, stop - start)
        return Response(
            part, 206, headers | {'Content-Range': f'bytes {start}-{start + len(part) - 1}/{size}'}
        )

    def _batch(self, request: Request) -> Response:
        """Answer requests that come as the parts of one."""
        kind = request.headers.get('content-type', '').encode()
        message = message_from_bytes(b'Content-Type: ' + kind + b'\r\n\r\n' + request.body)
        if not message.is_multipart():
            raise exceptions.BadRequest('Failed to parse batch request: it is not multipart')
        answers = []
        parts: Any = message.get_payload()
        for part in parts:
            inner = _inner(part.get_payload(decode=True) or b'', request)
            try:
                response = self.handle(inner)
            except exceptions.GoogleAPICallError as error:
                response = error_response(error)
            body, headers = response.encoded()
            named = part.get('Content-ID', '<0>')
            head = ''.join(f'{k}: {v}\r\n' for k, v in headers.items())
            answers.append(
                f'--answers\r\nContent-Type: application/http\r\nContent-ID: <response-'
                f'{named[1:]}\r\n\r\nHTTP/1.1 {response.status} said\r\n{head}'
                f'Content-Length: {len(body)}\r\n\r\n'.encode()
                + body
                + b'\r\n'
            )
        headers = {'Content-Type': 'multipart/mixed; boundary=answers'}
        return Response(b''.join(answers) + b'--answers--\r\n', headers=headers)


def _routed(method: str, path: str) -> tuple[_Route, list[str]]:
    for route in ROUTES:
        match = route.path.fullmatch(path)
        if match and route.method == method:
            return route, [unquote(group) for group in match.groups()]
    raise exceptions.NotFound(f'{method} {path}: no such method, or not of this stand-in')


def _inner(text: bytes, outer: Request) -> Request:
    head, _, body = text.replace(b'\r\n', b'\n').partition(b'\n\n')
    first, *lines = head.decode().split('\n')
    method, target, *_ = first.split()
    url = urlsplit(target)
    pairs = (line.split(':', 1) for line in lines if ':' in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Request(method, outer.host, url.path, dict(parse_qsl(url.query)), headers, body.strip())


def _with(request: Request, **query: str) -> Request:
    return replace(request, query={**request.query, **query})


def _told(request: Request, names: list[str]) -> dict[str, Any]:
    return {'names': names, 'query': dict(request.query)}


def _check_known(request: Request, known: frozenset[str]) -> None:
    for name in request.query:
        if name not in known:
            raise exceptions.BadRequest(
                f'Invalid JSON payload received. Unknown name "{name}": '
                'Cannot bind query parameter. Field could not be found in request message.'
            )


def _conditions(query: Mapping[str, str]) -> Conditions:
    return Conditions(
        _number(query, 'ifGenerationMatch'),
        _number(query, 'ifGenerationNotMatch'),
        _number(query, 'ifMetagenerationMatch'),
        _number(query, 'ifMetagenerationNotMatch'),
    )


def _number(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    try:
        return int(query[name])
    except ValueError:
        raise exceptions.BadRequest(
            f"Invalid value at '{name}': expected a number, got {query[name]!r}"
        ) from None

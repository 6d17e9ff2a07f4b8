"""Google's RPC services: over gRPC and over REST, parsed strictly into Google's own types."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import grpc
import proto
from google.api_core import exceptions
from google.protobuf import descriptor as descriptors
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from tests.fakes.faults import DroppedError, Fault, Faults
from tests.fakes.http import TOKEN, Request, Response

operation_fault: ContextVar[Fault | None] = ContextVar('operation_fault', default=None)
"""The fault that the operation which a call starts is to end with."""


@dataclass(frozen=True)
class Rule:
    """How a method is called over REST.

    Attributes:
        method: of HTTP.
        uri: as in google.api.http: `/v1/{name=projects/*/locations/*/models/*}`.
        body: field that the body is, `*`: all; None: there is no body.
    """

    method: str
    uri: str
    body: str | None = None


@dataclass(frozen=True)
class Method:
    """A method of a service.

    Attributes:
        path: in gRPC: `/google.cloud.aiplatform.v1.ModelService/GetModel`.
        request: type of what it gets, of proto-plus or of protobuf.
        answer: does it; gets a request, and returns a message, or some if `stream`.
        rules: how it is called over REST.
        stream: whether it returns several messages.
    """

    path: str
    request: type
    answer: Callable[[Any], Any]
    rules: Sequence[Rule] = ()
    stream: bool = False

    @property
    def name(self) -> str:
        """The name that faults know it by."""
        return self.path.rpartition('/')[2]

    def wrap(self, message: Message) -> Any:
        """Return a request as `answer` takes it."""
        request: Any = self.request
        return request.wrap(message) if issubclass(request, proto.Message) else message

    def new(self) -> Message:
        """Return an empty request."""
        return plain(self.request())


def plain(message: Any) -> Message:
    """Return the protobuf message of one that may be of proto-plus."""
    found: Message = type(message).pb(message) if isinstance(message, proto.Message) else message
    return found


def gapic_methods(service: str, types: Any, transport: Any, answers: object) -> list[Method]:
    """Return the methods of a service that a stand-in has.

    Args:
        service: its name in gRPC: `google.cloud.aiplatform.v1.ModelService`.
        types: module of the service's types.
        transport: the `_Base…RestTransport` that Google's own client has the REST rules in.
        answers: has a method of each name that is stood in for.
    """
    methods = []
    for name in sorted(set(dir(answers)) & {n.removesuffix('Request') for n in dir(types)}):
        if name.startswith('_'):
            continue
        options = getattr(transport, f'_Base{name}', None)
        rules = options._get_http_options() if options else []
        methods.append(
            Method(
                f'/{service}/{name}',
                getattr(types, f'{name}Request'),
                getattr(answers, name),
                [Rule(r['method'].upper(), r['uri'], r.get('body')) for r in rules],
            )
        )
    return methods


class GrpcHandler(grpc.GenericRpcHandler):
    """All methods, for one gRPC server."""

    def __init__(self, services: Sequence[Any]) -> None:
        """Take the methods of services.

        Args:
            services: have `methods`, and the `faults` that befall them.
        """
        self._methods = {m.path: (m, s.faults) for s in services for m in s.methods}

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Return what answers a call; None: there is no such method."""
        if details.method not in self._methods:
            return None
        method, faults = self._methods[details.method]

        def answer(raw: bytes, context: grpc.ServicerContext) -> bytes:
            with _refusals(context):
                return _bytes(_called(method, faults, _decoded(method, raw), context))
            raise AssertionError('not reached: abort raises')

        def answers(raw: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            with _refusals(context):
                yield from map(_bytes, _called(method, faults, _decoded(method, raw), context))

        if method.stream:
            return grpc.unary_stream_rpc_method_handler(answers)
        return grpc.unary_unary_rpc_method_handler(answer)


class RestFace:
    """The same methods over REST."""

    def __init__(self, methods: Sequence[Method], faults: Faults) -> None:
        """Make the routes.

        Args:
            methods: those that have rules.
            faults: befall them.
        """
        self._faults = faults
        self._routes = [
            (rule, *_pattern(rule.uri), method) for method in methods for rule in method.rules
        ]

    def handle(self, request: Request) -> Response:
        """Answer a request, or refuse it as the service does."""
        path = unquote(request.path)
        for rule, pattern, fields, method in self._routes:
            match = pattern.fullmatch(path)
            if match and rule.method == request.method:
                message = method.new()
                _fill(message, rule, request)
                for field, value in zip(fields, match.groups(), strict=True):
                    _set(message, field, value)
                answered = _do(method, self._faults, message)
                return Response(json.loads(json_format.MessageToJson(plain(answered))))
        raise exceptions.NotFound(f'{request.method} {path}: no such method')


class _refusals:  # noqa: N801 (used as a function)
    """Turns errors into the status of a call."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, DroppedError):
            # What a client sees of a connection that was cut.
            self._context.abort(grpc.StatusCode.UNAVAILABLE, 'Socket closed')
        if isinstance(error, exceptions.GoogleAPICallError):
            code = error.grpc_status_code or grpc.StatusCode.UNKNOWN
            self._context.abort(code, error.message)


def _called(method: Method, faults: Faults, message: Message, context: Any) -> Any:
    told = dict(context.invocation_metadata())
    if told.get('authorization') != f'Bearer {TOKEN}':
        raise exceptions.Unauthenticated(
            'Request is missing required authentication credential. Expected OAuth 2 access '
            "token: the stand-ins' metadata server hands it out."
        )
    return _do(method, faults, message, context.is_active)


def _do(
    method: Method, faults: Faults, message: Message, waiting: Callable[[], bool] = lambda: True
) -> Any:
    request = json_format.MessageToDict(message)

    def action(fault: Fault | None) -> Any:
        token = operation_fault.set(fault)
        try:
            return method.answer(method.wrap(message))
        finally:
            operation_fault.reset(token)

    return faults.call(method.name, request, action, waiting)


def _bytes(message: Any) -> bytes:
    return plain(message).SerializeToString()


def _decoded(method: Method, raw: bytes) -> Message:
    message = method.new()
    try:
        message.ParseFromString(raw)
    except DecodeError as error:
        raise exceptions.InvalidArgument(f'Request is no {method.name}Request: {error}') from None
    _refuse_unknown(message)
    return message


def _refuse_unknown(message: Message) -> None:
    unknown = UnknownFieldSet(message)
    if len(unknown):
        numbers = ', '.join(str(f.field_number) for f in unknown)
        name = message.DESCRIPTOR.full_name
        raise exceptions.InvalidArgument(f'{name} has no field of number {numbers}')
    for field, value in message.ListFields():
        if field.type != descriptors.FieldDescriptor.TYPE_MESSAGE:
            continue
        kind = field.message_type
        if kind.GetOptions().map_entry:
            held = kind.fields_by_name['value']
            values = value.values() if held.message_type else ()
        elif field.is_repeated:
            values = value
        else:
            values = (value,)
        for inner in values:
            _refuse_unknown(inner)


def _pattern(uri: str) -> tuple[re.Pattern[str], list[str]]:
    fields: list[str] = []

    def group(match: re.Match[str]) -> str:
        fields.append(match[1])
        segments = re.escape(match[2] or '*')
        return '(' + segments.replace(r'\*\*', '.+').replace(r'\*', '[^/]+') + ')'

    pattern = re.sub(r'\{([\w.]+)(?:=([^}]*))?\}', group, uri)
    return re.compile(pattern), fields


def _fill(message: Message, rule: Rule, request: Request) -> None:
    """Put the query and the body into a message.

    Raises:
        InvalidArgument: There is a field that it has not, or a value of another type.
    """
    values: dict[str, Any] = {}
    for key, value in parse_qsl(urlencode(request.query)):
        if not key.startswith('$') and key not in ('alt', 'prettyPrint', 'key', 'quotaUser'):
            *path, last = key.split('.')
            at = values
            for part in path:
                at = at.setdefault(part, {})
            at[last] = value
    if rule.body == '*':
        values |= request.json()
    elif rule.body:
        values[rule.body] = request.json()
    try:
        json_format.ParseDict(values, message)
    except json_format.ParseError as error:
        raise exceptions.InvalidArgument(f'Invalid JSON payload received. {error}') from None


def _set(message: Message, field: str, value: str) -> None:
    *path, last = field.split('.')
    for part in path:
        message = getattr(message, part)
    setattr(message, last, value)

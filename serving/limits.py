"""What keeps one client from taking the server from the others."""

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.answers import error_answer
from serving.errors import RequestError


async def read_body(request: Request, most: int) -> bytes:
    """Read a request's body.

    Args:
        request: whose body has not been read.
        most: bytes that it may have.

    Raises:
        RequestError: It has more.
    """
    length = request.headers.get('content-length', '')
    too_large = RequestError(f'the body is larger than the {most:,} bytes allowed', status=413)
    if length.isdecimal() and int(length) > most:
        raise too_large
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise too_large
        parts.append(part)
    return b''.join(parts)


class TokenGuard:
    """ASGI middleware: only clients with the bearer token get to what is under some paths."""

    def __init__(self, app: ASGIApp, token: str, paths: tuple[str, ...]) -> None:
        self._app = app
        self._expected = token.encode()
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 without the token."""
        if (
            scope['type'] != 'http'
            or not scope['path'].startswith(self._paths)
            or self._has_token(dict(scope['headers']))
        ):
            await self._app(scope, receive, send)
        else:
            refused = error_answer(
                401,
                'a bearer token is required: send the header Authorization: Bearer TOKEN',
                {'www-authenticate': 'Bearer'},
            )
            await refused(scope, receive, send)

    def _has_token(self, headers: Mapping[bytes, bytes]) -> bool:
        scheme, _, token = headers.get(b'authorization', b'').partition(b' ')
        return scheme.lower() == b'bearer' and hmac.compare_digest(token.strip(), self._expected)

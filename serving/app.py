"""The server's ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import version

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving import health, page, rest, vertex
from serving.answers import error_answer
from serving.errors import RequestError
from serving.limits import TokenGuard
from serving.metrics import Metrics
from serving.predict import Predictor
from serving.registry import Registry
from serving.settings import ServerSettings

GUARDED = ('/v1/', '/metrics', '/openapi.json')
"""Beginnings of the paths that need the token, if there is one."""


def create_app(settings: ServerSettings) -> FastAPI:
    """Make the application; it loads its models once it is started.

    `app.state` has `settings`, `registry` (the models), `predictor` and `metrics`.
    """
    app = _Application(
        title='Sluice',
        summary='Models pushed by Sluice, over HTTP',
        version=version('sluice'),
        lifespan=_lifespan,
        docs_url=None,  # FastAPI's pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.registry = Registry(settings, app.state.metrics)
    app.state.predictor = Predictor(settings.limits, app.state.metrics)
    app.include_router(rest.router)
    app.include_router(health.router)
    app.include_router(page.router())
    if settings.vertex:
        app.include_router(vertex.router(settings.vertex, settings.models[0].name))
    if settings.token:
        predict = (settings.vertex.predict,) if settings.vertex else ()
        app.add_middleware(TokenGuard, token=settings.token, paths=(*GUARDED, *predict))
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _not_found)
    return app


class _Application(FastAPI):
    """FastAPI, but that predict requests skip its layers, which take longer than most models."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._predict_endpoint(scope) if scope['type'] == 'http' else None
        if not endpoint:
            await super().__call__(scope, receive, send)
            return
        scope['app'] = self
        request = Request(scope, receive)
        try:
            answer = await endpoint(request)
        except RequestError as error:
            answer = await _refused(request, error)
        await answer(scope, receive, send)

    def _predict_endpoint(self, scope: Scope) -> Callable[[Request], Awaitable[Response]] | None:
        """Return what the predict routes do for a request to one; None for other requests."""
        settings: ServerSettings = self.state.settings
        if settings.token or scope['method'] != 'POST':
            return None
        if match := rest.PREDICT_PATH.fullmatch(scope['path']):
            scope['path_params'] = {k: v for k, v in match.groupdict().items() if v is not None}
            return rest.predict
        return None


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    watching = asyncio.create_task(app.state.registry.watch())
    yield
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    await app.state.registry.close()
    app.state.predictor.close()


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return error_answer(error.status, error.message)


async def _not_found(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_answer(error.status_code, str(error.detail), error.headers)

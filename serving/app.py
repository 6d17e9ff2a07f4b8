"""The server's ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from serving import health, page, rest, vertex
from serving.answers import error_answer
from serving.errors import RequestError
from serving.limits import TokenGuard
from serving.metrics import Metrics
from serving.predict import Predictor
from serving.registry import Registry
from serving.settings import ServerSettings

GUARDED = ('/v1/', '/metrics', '/openapi.json', '/docs')
"""Beginnings of the paths that need the token, if there is one."""


def create_app(settings: ServerSettings) -> FastAPI:
    """Make the application; it loads its models once it is started.

    `app.state` has `settings`, `registry` (the models), `predictor` and `metrics`.
    """
    app = FastAPI(
        title='Sluice',
        summary='Models pushed by Sluice, over HTTP',
        version=version('sluice'),
        lifespan=_lifespan,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.registry = Registry(settings, app.state.metrics)
    app.state.predictor = Predictor(settings.limits, app.state.metrics)
    app.include_router(rest.router)
    app.include_router(health.router)
    app.include_router(page.router())
    guarded = GUARDED
    if settings.vertex:
        app.include_router(vertex.router(settings.vertex, settings.models[0].name))
        guarded += (settings.vertex.predict,)
    if settings.token:
        app.add_middleware(TokenGuard, token=settings.token, paths=guarded)
    app.add_exception_handler(RequestError, _refused)
    app.add_exception_handler(HTTPException, _not_found)
    return app


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

"""Vertex AI's contract for custom containers: its environment and its two routes."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.requests import Request

from serving.documentation import VERTEX_PREDICT
from serving.health import ready
from serving.predict import VERTEX
from serving.rest import PlainRoute
from serving.settings import ModelSource, ServerSettings, VertexRoutes

MODEL = 'model'
"""Name that the model has under `/v1/models`: Vertex gives it none."""


def settings_from(environment: Mapping[str, str]) -> ServerSettings:
    """Read what Vertex tells a container.

    Args:
        environment: `AIP_STORAGE_URI`, the model's directory, is required; `AIP_HTTP_PORT`,
            `AIP_HEALTH_ROUTE` and `AIP_PREDICT_ROUTE` have defaults, as has our own `SLUICE_HOST`.

    Raises:
        ValueError: Something is missing or not allowed; names the variable.
    """
    uri = environment.get('AIP_STORAGE_URI', '')
    if not uri:
        raise ValueError(
            'AIP_STORAGE_URI: is not set; expected the folder of a SavedModel, gs://… or local'
        )
    port = environment.get('AIP_HTTP_PORT', '8080')
    if not (port.isascii() and port.isdecimal() and 0 <= int(port) <= 65535):
        raise ValueError(f'AIP_HTTP_PORT: {port!r} is not a port; expected 1 to 65535')
    routes = {}
    for variable in ('AIP_HEALTH_ROUTE', 'AIP_PREDICT_ROUTE'):
        if route := environment.get(variable):
            if not route.startswith('/') or set(route) & set('{}?#'):
                raise ValueError(f'{variable}: {route!r} is not a path; expected one like /predict')
            routes[variable.split('_')[1].lower()] = route
    return ServerSettings(
        models=(ModelSource(name=MODEL, path=uri),),
        # By default the container's own network, which only Vertex reaches.
        host=environment.get('SLUICE_HOST', '0.0.0.0'),
        port=int(port),
        vertex=VertexRoutes(**routes),
    )


def router(routes: VertexRoutes, model: str) -> APIRouter:
    """Return the routes that lead to a model."""
    made = APIRouter(route_class=PlainRoute)
    made.add_api_route(routes.health, ready, methods=['GET'], summary='Whether the model is loaded')

    @made.post(routes.predict, summary='Predict, as Vertex AI asks', **VERTEX_PREDICT)
    async def predict(request: Request) -> Response:
        """Answer with a prediction for each instance."""
        state = request.app.state
        answer: Response = await state.predictor.answer(
            request, state.registry.model(model), VERTEX
        )
        return answer

    return made

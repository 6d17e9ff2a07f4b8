"""The two routes of Vertex AI's contract for custom containers."""

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.requests import Request

from serving.documentation import VERTEX_PREDICT
from serving.health import ready
from serving.predict import VERTEX
from serving.rest import PlainRoute
from serving.settings import VertexRoutes


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

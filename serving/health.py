"""Whether the server lives, whether it can answer, and what it has counted."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request

from serving.answers import json_answer

router = APIRouter()


@router.get('/healthz', summary='Liveness: the process answers')
async def alive() -> Response:
    """Answer 200 as long as the server runs."""
    return json_answer({'status': 'alive'})


@router.get(
    '/readyz',
    summary='Readiness: every model has a version that answers',
    responses={503: {'description': 'Some model is not loaded; the answer names it.'}},
)
async def ready(request: Request) -> Response:
    """Answer 200 once every model is loaded, 503 before."""
    models = request.app.state.registry.models.values()
    missing = [model.name for model in models if not model.stable]
    if missing:
        return json_answer({'status': 'loading', 'models': missing}, status=503)
    return json_answer({'status': 'ready'})


@router.get('/metrics', summary='Metrics for Prometheus')
async def metrics(request: Request) -> Response:
    """Answer with counts and times in Prometheus' text format."""
    text = generate_latest(request.app.state.metrics.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)

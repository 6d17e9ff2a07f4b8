"""TensorFlow Serving's REST API: status, metadata and predict, by version or label."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.requests import Request

from serving.answers import json_answer
from serving.documentation import MODELS, PREDICT, STATUS, path_parameters
from serving.errors import RequestError, shown
from serving.served_model import ServedModel


class PlainRoute(APIRoute):
    """A documented route whose function gets the request as it is: fast, with our errors."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Make the route; its path's parameters, which FastAPI can't see, are documented."""
        extra = {'parameters': path_parameters(path), **(options.pop('openapi_extra', None) or {})}
        super().__init__(path, endpoint, openapi_extra=extra, **options)

    def get_route_handler(self) -> Any:
        """Return the function itself."""
        return self.endpoint


PREDICT_PATH = re.compile(
    r'/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>[^/:]+)|/labels/(?P<label>[^/:]+))?:predict'
)
"""The paths of `predict`."""

router = APIRouter(route_class=PlainRoute, prefix='/v1/models')


@router.get('', summary='List the models', **MODELS)
async def list_models(request: Request) -> Response:
    """Answer with each model's name and the version that answers."""
    models = request.app.state.registry.models.values()
    return json_answer({'models': [_summary(model) for model in models]})


@router.get('/{name}', summary='Status of all versions', **STATUS)
@router.get('/{name}/versions/{version}', summary='Status of a version', **STATUS)
@router.get('/{name}/labels/{label}', summary='Status of a labelled version', **STATUS)
async def status(request: Request) -> Response:
    """Answer with the state of a model's versions, newest first."""
    model, which = _asked(request)
    states = states_of(model)
    if which:
        number = which.get('version') or model.find(**which).version.number
        states = [state for state in states if state['version'] == str(number)]
        if not states:
            raise RequestError(f'model {model.name} has no version {number}', status=404)
    return json_answer({'model_version_status': states})


@router.get('/{name}/metadata', summary='Signatures of the version that answers')
@router.get('/{name}/versions/{version}/metadata', summary='Signatures of a version')
@router.get('/{name}/labels/{label}/metadata', summary='Signatures of a labelled version')
async def metadata(request: Request) -> Response:
    """Answer with the signatures: types and shapes of inputs and outputs."""
    model, which = _asked(request)
    return json_answer(model.find(**which).model.metadata())


@router.post('/{name}:predict', summary='Predict', **PREDICT)
@router.post('/{name}/versions/{version}:predict', summary='Predict by a version', **PREDICT)
@router.post('/{name}/labels/{label}:predict', summary='Predict by a labelled version', **PREDICT)
async def predict(request: Request) -> Response:
    """Answer with predictions, by row for `instances`, by column for `inputs`."""
    model, which = _asked(request)
    answer: Response = await request.app.state.predictor.answer(request, model, **which)
    return answer


def states_of(model: ServedModel) -> list[dict[str, Any]]:
    """Return the state of each version that is, was just, or failed to get loaded."""
    states = dict.fromkeys(model.retiring, ('UNLOADING', ''))
    states |= {number: ('END', failure.reason) for number, failure in model.failures.items()}
    states |= dict.fromkeys(model.loaded(), ('AVAILABLE', ''))
    if model.loading is not None:
        states[model.loading] = ('LOADING', '')
    return [
        {
            'version': str(number),
            'state': state,
            'status': {'error_code': 'UNKNOWN' if message else 'OK', 'error_message': message},
        }
        for number, (state, message) in sorted(states.items(), reverse=True)
    ]


def _asked(request: Request) -> tuple[ServedModel, dict[str, Any]]:
    """Return the model that a path names, and the version or label."""
    parts = request.path_params
    model = request.app.state.registry.model(parts['name'])
    if 'label' in parts:
        return model, {'label': parts['label']}
    if 'version' not in parts:
        return model, {}
    version = parts['version']
    if not (version.isascii() and version.isdecimal() and len(version) <= 18):
        raise RequestError(f'version {shown(version)} is not a number')
    return model, {'version': int(version)}


def _summary(model: ServedModel) -> dict[str, Any]:
    version = model.stable.version.number if model.stable else None
    return {
        'name': model.name,
        'version': None if version is None else str(version),
        'labels': {label: str(number) for label, number in model.labels.items()},
    }

"""The page that people use models from: its files, and what it needs to know of each model."""

import hashlib
import json
from importlib import resources
from typing import Any

from fastapi import APIRouter, Request, Response

from serving.answers import json_answer
from serving.saved_model import LoadedModel, Signature

EVALUATION = 'assets.extra/evaluation.json'
"""File of a pushed model that tells how it was measured."""

HEADERS = {
    'Cache-Control': 'no-cache',
    'Content-Security-Policy': (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
}
"""Of the page's files: the browser loads nothing from elsewhere, and asks whether they changed."""

INDEX = 'index.html'
TYPES = {
    '.css': 'text/css',
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
}


def router() -> APIRouter:
    """Make the routes `/`, `/page/FILE` and `/v1/models/NAME/description`.

    They take the models from `app.state.registry`.
    """
    routes = APIRouter()
    files = _files()

    @routes.get('/', include_in_schema=False)
    async def index(request: Request) -> Response:
        return _answer(request, files, INDEX)

    @routes.get('/page/{name}', include_in_schema=False)
    async def file(request: Request, name: str) -> Response:
        return _answer(request, files, name)

    @routes.get('/v1/models/{name}/description', summary='What a model takes and gives, for people')
    async def description(request: Request, name: str) -> Response:
        """Answer with inputs and their ranges, classes, examples, and how it was measured."""
        return json_answer(about(request.app.state.registry.get(name)))

    return routes


def about(model: LoadedModel) -> dict[str, Any]:
    """Return what the page needs to know of a model.

    Returns:
        `name`, `version`, `description` (the model's own, or what its signature says), and
        `evaluation`, None if it was not measured.
    """
    return {
        'name': model.name,
        'version': model.version,
        'description': model.description or described(model.signatures[model.default_signature]),
        'evaluation': _evaluation(model),
    }


def described(signature: Signature) -> dict[str, Any]:
    """Describe a model that has no description, as far as its signature tells."""
    picture = signature.picture is not None
    kinds = {'O': 'string', 'i': 'integer', 'u': 'integer', 'b': 'integer'}
    return {
        'about': '',
        'task': None,
        'label': {'name': 'prediction', 'unit': None},
        'classes': [],
        'input': 'picture' if picture else 'columns',
        'inputs': [
            {'name': spec.name, 'unit': None, 'type': kinds.get(spec.dtype.kind, 'number')}
            for spec in ([] if picture else signature.inputs.values())
        ],
        'examples': [],
        'pictures': [],
    }


def _evaluation(model: LoadedModel) -> dict[str, Any] | None:
    try:
        found = json.loads((model.path / EVALUATION).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _files() -> dict[str, bytes]:
    folder = resources.files('serving') / 'page'
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


def _answer(request: Request, files: dict[str, bytes], name: str) -> Response:
    if name not in files:
        return Response('not found', 404, media_type='text/plain')
    tag = f'"{hashlib.sha256(files[name]).hexdigest()[:20]}"'
    headers = HEADERS | {'ETag': tag}
    if request.headers.get('if-none-match') == tag:
        return Response(status_code=304, headers=headers)
    suffix = name[name.rfind('.') :]
    return Response(files[name], media_type=TYPES.get(suffix), headers=headers)

"""What Vertex AI tells a custom container by environment variables."""

from collections.abc import Mapping

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

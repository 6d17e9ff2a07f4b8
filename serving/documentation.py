"""OpenAPI of the routes that read their requests themselves."""

from typing import Any

_PARAMETERS = {
    'name': 'Name of the model.',
    'version': 'Number of the version.',
    'label': '`stable` is the version that answers when none is asked for.',
}

_SIGNATURE = {
    'type': 'string',
    'description': 'Function of the model; by default `serving_default`.',
}
_VALUE = {
    'description': (
        'A number, string, boolean, null (missing), list of these, or `{"b64": "…"}` for bytes.'
    )
}
_INSTANCES = {
    'type': 'array',
    'minItems': 1,
    'description': 'Rows: objects with inputs by name, or the values of the only input.',
    'items': _VALUE,
}
_INPUTS = {'description': 'Columns: lists of values by input, or the list of the only input.'}

_ERROR = {
    'description': 'What is wrong, where, and what is allowed.',
    'content': {
        'application/json': {
            'schema': {
                'type': 'object',
                'properties': {'error': {'type': 'string'}},
                'required': ['error'],
            }
        }
    },
}


def _content(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    shown = {name: {'value': value} for name, value in examples.items()}
    return {'application/json': {'schema': schema, 'examples': shown}}


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return dict.fromkeys(statuses, _ERROR)


_ROWS = {'instances': [{'mother_age': 30, 'plurality': 1}, {'mother_age': None}]}
_PICTURES = {'instances': [{'b64': '/9j/4AAQSkZJRgABAQ…'}]}
_PREDICTIONS = {'predictions': [{'probability': [0.91], 'label': ['yes']}]}


def path_parameters(path: str) -> list[dict[str, Any]]:
    """Describe the parameters in a route's path."""
    return [
        {
            'name': name,
            'in': 'path',
            'required': True,
            'description': description,
            'schema': {'type': 'string'},
        }
        for name, description in _PARAMETERS.items()
        if f'{{{name}}}' in path
    ]


PREDICT: dict[str, Any] = {
    'openapi_extra': {
        'requestBody': {
            'required': True,
            'content': _content(
                {
                    'oneOf': [
                        {
                            'type': 'object',
                            'properties': {'signature_name': _SIGNATURE, key: values},
                            'required': [key],
                            'additionalProperties': False,
                        }
                        for key, values in (('instances', _INSTANCES), ('inputs', _INPUTS))
                    ]
                },
                {
                    'rows': _ROWS,
                    'columns': {'inputs': {'mother_age': [30, None], 'plurality': [1, None]}},
                    'pictures': _PICTURES,
                },
            ),
        }
    },
    'responses': {
        200: {
            'description': 'Predictions by row, or outputs by column.',
            'headers': {
                'X-Model-Version': {
                    'description': 'The version that answered.',
                    'schema': {'type': 'string'},
                }
            },
            'content': _content(
                {'type': 'object', 'properties': {'predictions': {'type': 'array'}, 'outputs': {}}},
                {'rows': _PREDICTIONS, 'one output': {'predictions': [[7.31], [6.98]]}},
            ),
        },
        **_errors(400, 404, 408, 413, 503, 504),
    },
}

VERTEX_PREDICT: dict[str, Any] = {
    'openapi_extra': {
        'requestBody': {
            'required': True,
            'content': _content(
                {
                    'type': 'object',
                    'properties': {
                        'instances': _INSTANCES,
                        'parameters': {
                            'type': ['object', 'null'],
                            'properties': {'signature_name': _SIGNATURE},
                            'additionalProperties': False,
                        },
                    },
                    'required': ['instances'],
                    'additionalProperties': False,
                },
                {'rows': _ROWS, 'pictures': _PICTURES},
            ),
        }
    },
    'responses': PREDICT['responses'],
}

STATUS: dict[str, Any] = {
    'responses': {
        200: {
            'description': 'States: LOADING, AVAILABLE, UNLOADING, or END with why it failed.',
            'content': _content(
                {'type': 'object', 'properties': {'model_version_status': {'type': 'array'}}},
                {
                    'one version': {
                        'model_version_status': [
                            {
                                'version': '1795191166',
                                'state': 'AVAILABLE',
                                'status': {'error_code': 'OK', 'error_message': ''},
                            }
                        ]
                    }
                },
            ),
        },
        **_errors(400, 404),
    }
}

MODELS: dict[str, Any] = {
    'responses': {
        200: {
            'description': 'The models, and the version of each that answers.',
            'content': _content(
                {'type': 'object', 'properties': {'models': {'type': 'array'}}},
                {
                    'one': {
                        'models': [{'name': 'babyweight', 'version': '1795191166', 'labels': {}}]
                    }
                },
            ),
        }
    }
}

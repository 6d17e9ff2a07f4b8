"""Requests that are wrong in ways that clients, and those who mean harm, get them wrong."""

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st
from PIL import Image

from tests.serving.bombs import png_of

Signatures = Mapping[str, Mapping[str, str]]
"""Signature -> input -> type, as TensorFlow Serving's metadata has it."""


@dataclass(frozen=True)
class Malformed:
    """A POST that may or may not make sense."""

    path: str
    body: bytes
    headers: dict[str, str]


def signatures_of(metadata: dict[str, Any]) -> Signatures:
    """Take a model's signatures from the answer to a metadata request."""
    found = metadata['metadata']['signature_def']['signature_def']
    return {
        name: {key: spec['dtype'] for key, spec in signature['inputs'].items()}
        for name, signature in found.items()
    }


def malformed(models: Mapping[str, Signatures]) -> st.SearchStrategy[Malformed]:
    """Generate requests to models, most of them near to what their signatures take."""
    requests = [_request(name, signatures) for name, signatures in models.items()]
    return st.one_of(*requests)


@st.composite
def _request(draw: st.DrawFn, model: str, signatures: Signatures) -> Malformed:
    signature = draw(st.sampled_from(sorted(signatures)))
    payload = draw(_payload(signature, signatures[signature]))
    body = draw(_body(payload))
    at = draw(
        st.sampled_from(
            ['', '', '', '', '/versions/7', '/labels/stable', '/versions/x', '/labels/']
        )
    )
    name = draw(st.sampled_from([model] * 9 + ['..', 'nobody']))
    kind = draw(
        st.sampled_from(['application/json', 'text/plain', 'multipart/form-data', 'x' * 200])
    )
    return Malformed(f'/v1/models/{name}{at}:predict', body, {'content-type': kind})


def _payload(signature: str, inputs: Mapping[str, str]) -> st.SearchStrategy[Any]:
    row = _row(inputs)
    value = st.one_of(*map(_near, inputs.values())) if inputs else JSON
    rows = st.lists(st.one_of(row, value, JSON), max_size=4)
    columns = st.dictionaries(
        _keys(inputs), st.one_of(st.lists(value, max_size=4), value, JSON), max_size=4
    )
    sensible = st.fixed_dictionaries(
        {},
        optional={
            'signature_name': st.one_of(st.just(signature), st.sampled_from(['', 'x']), JSON),
            'instances': st.one_of(rows, st.lists(row, min_size=1, max_size=3), JSON),
            'inputs': st.one_of(columns, st.lists(value, max_size=4), JSON),
            'parameters': JSON,
        },
    )
    by_row = st.fixed_dictionaries(
        {'signature_name': st.just(signature), 'instances': st.lists(row, min_size=1, max_size=4)}
    )
    by_column = st.fixed_dictionaries({'signature_name': st.just(signature), 'inputs': columns})
    return st.one_of(by_row, by_column, sensible, JSON)


def _row(inputs: Mapping[str, str]) -> st.SearchStrategy[Any]:
    fields = {name: _near(dtype) for name, dtype in inputs.items()}
    return st.one_of(
        st.fixed_dictionaries({}, optional=fields),
        st.dictionaries(_keys(inputs), st.one_of(JSON, *fields.values()), max_size=4),
    )


def _keys(inputs: Mapping[str, str]) -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from([*inputs, 'b64', '__proto__']), st.text(max_size=6))


def _near(dtype: str) -> st.SearchStrategy[Any]:
    """Generate values that are of a type, or nearly."""
    if dtype == 'DT_STRING':
        return st.one_of(st.text(max_size=20), _bytes, _pictures(), st.none(), JSON)
    numbers = st.one_of(st.integers(-9, 99), st.floats(), st.integers(), st.none(), st.booleans())
    return st.one_of(numbers, st.lists(numbers, max_size=3), st.text(max_size=3), _huge)


_huge = st.sampled_from([10**30, -(10**300), 2**63, 2**64, 1e308, 5e-324, 10**400])
_text = st.one_of(
    st.text(max_size=12), st.sampled_from(['\x00', '\u202e', 'x' * 5000, '/etc/passwd'])
)
_base64 = st.one_of(
    st.binary(max_size=30).map(lambda data: base64.b64encode(data).decode()),
    st.text('ABab09+/=-_ \n', max_size=12),
    st.text(max_size=5),
)
_bytes = st.fixed_dictionaries({'b64': _base64})


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _huge, _text, _bytes),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(_text, st.sampled_from(['b64', 'x'])), inner, max_size=4),
    ),
    max_leaves=12,
) | st.sampled_from([64, 65, 300, 1100, 5000]).map(_nested)
"""Anything that JSON can hold, and numbers that it can't."""


@st.composite
def _body(draw: st.DrawFn, payload: Any) -> bytes:
    try:
        text = json.dumps(payload, ensure_ascii=draw(st.booleans()))
    except RecursionError:
        text = '[' * 9000 + ']' * 9000
    body = text.encode('utf-8', 'surrogatepass')
    match draw(st.sampled_from(['whole'] * 8 + ['cut', 'flipped', 'doubled', 'noise', 'utf-16'])):
        case 'cut':
            return body[: draw(st.integers(0, len(body)))]
        case 'flipped' if body:
            at = draw(st.integers(0, len(body) - 1))
            return body[:at] + bytes([body[at] ^ draw(st.integers(1, 255))]) + body[at + 1 :]
        case 'doubled':
            return body + body
        case 'noise':
            return draw(st.binary(max_size=60))
        case 'utf-16':
            return text.encode('utf-16', 'surrogatepass')
        case _:
            return body


@cache
def _real_pictures() -> tuple[bytes, ...]:
    noise = Image.effect_noise((24, 24), 90).convert('RGB')
    made = []
    for format_ in ('JPEG', 'PNG', 'GIF', 'BMP', 'WEBP', 'TIFF', 'AVIF', 'PPM', 'ICO', 'TGA'):
        buffer = io.BytesIO()
        noise.save(buffer, format_)
        made.append(buffer.getvalue())
    bombs = (png_of(7000, 7000), png_of(60000, 60000), png_of(2**31 - 1, 2**31 - 1), png_of(0, 5))
    return (*made, *bombs)


@st.composite
def _pictures(draw: st.DrawFn) -> Any:
    """Generate pictures as clients send them: whole, cut off, or with a bit of noise in them."""
    picture = draw(st.sampled_from(_real_pictures()))
    match draw(st.sampled_from(['whole', 'cut', 'noise', 'noise'])):
        case 'cut':
            picture = picture[: draw(st.integers(0, len(picture)))]
        case 'noise':
            at = draw(st.integers(0, len(picture)))
            noise = draw(st.binary(min_size=1, max_size=6))
            picture = picture[:at] + noise + picture[at + len(noise) :]
    text = base64.b64encode(picture).decode()
    return draw(st.sampled_from([{'b64': text}, {'b64': text}, {'b64': text}, text]))

"""Pictures that clients send: any format that is common, none that is broken or too large."""

import base64
import io
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from serving.settings import Limits, ModelSource, ServerSettings
from tests.serving.bombs import png_of
from tests.serving.conftest import Predict, serving

ORANGE = (250, 125, 0)


def encoded(
    format: str, size: tuple[int, int] = (40, 24), mode: str = 'RGB', **options: Any
) -> bytes:
    buffer = io.BytesIO()
    Image.new('RGB', size, ORANGE).convert(mode).save(buffer, format, **options)
    return buffer.getvalue()


def b64(picture: bytes) -> dict[str, str]:
    return {'b64': base64.b64encode(picture).decode()}


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'GIF', 'BMP', 'WEBP', 'TIFF', 'AVIF', 'PPM'])
def test_common_formats(predict: Predict, format: str) -> None:
    (colour,) = predict('pictures', instances=[b64(encoded(format))]).json()['predictions']
    assert colour == pytest.approx([0.98, 0.49, 0], abs=0.03)


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'P', 'LA', '1', 'I;16'])
def test_modes_of_png(predict: Predict, mode: str) -> None:
    picture = Image.new('L', (8, 8), 255).convert('I;16') if mode == 'I;16' else None
    buffer = io.BytesIO()
    if picture:
        picture.save(buffer, 'PNG')
    sent = buffer.getvalue() or encoded('PNG', mode=mode)
    assert predict('pictures', instances=[b64(sent)]).status_code == 200


def test_cmyk_and_progressive_jpeg(predict: Predict) -> None:
    sent = [encoded('JPEG', mode='CMYK'), encoded('JPEG', progressive=True)]
    assert predict('pictures', instances=list(map(b64, sent))).status_code == 200


def test_the_ways_to_send_pictures(predict: Predict) -> None:
    one = b64(encoded('PNG'))
    answers = [
        predict('pictures', instances=[one, one]).json()['predictions'],
        predict('pictures', instances=[{'image_bytes': one}] * 2).json()['predictions'],
        predict('pictures', inputs=[one, one]).json()['outputs'],
        predict('pictures', inputs={'image_bytes': [one, one]}).json()['outputs'],
    ]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]) == 2


def test_transcoded_pictures_are_the_way_up_that_they_say(predict: Predict) -> None:
    """The model sees a portrait as a portrait: checked by a picture that is half black."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    from serving.pictures import prepare

    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new('RGB', (40, 24), ORANGE).save(buffer, 'WEBP', exif=exif)
    sent = np.array([buffer.getvalue()], dtype=object)
    with ThreadPoolExecutor(1) as pool:
        (made,) = prepare(sent, 10**6, 10**6, str, pool)
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size) == ('PNG', (24, 40))


NOISE = Image.effect_noise((64, 64), 90).convert('RGB')


def noisy(format: str) -> bytes:
    buffer = io.BytesIO()
    NOISE.save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize('format', ['JPEG', 'PNG', 'GIF', 'BMP', 'WEBP', 'TIFF', 'AVIF', 'PPM'])
@pytest.mark.parametrize('share', [0.95, 0.5, 0.1, 0.01])
def test_pictures_that_are_cut_off(predict: Predict, format: str, share: float) -> None:
    whole = noisy(format)
    cut = whole[: int(len(whole) * share)]
    answer = predict('pictures', instances=[b64(whole), b64(cut)])
    assert answer.status_code == 400
    assert answer.json()['error'].startswith('instances[1]: ')


@pytest.mark.parametrize(
    ('value', 'says'),
    [
        ({'b64': ''}, 'is empty; JPEG, PNG'),
        (None, 'is empty; JPEG, PNG'),
        (
            {'b64': base64.b64encode(b'hello').decode()},
            'is not a picture (text; send {"b64": "…"})',
        ),
        (base64.b64encode(noisy('PNG')).decode(), 'is not a picture (text; send {"b64": "…"})'),
        ({'b64': base64.b64encode(b'\xff' * 70).decode()}, 'is not a picture (70 bytes); JPEG'),
        ({'b64': base64.b64encode(noisy('PNG')).decode()[:-3]}, 'its b64 is not base64: '),
        (7, 'is 7; a string, {"b64": …} or null is expected'),
    ],
)
def test_what_is_no_picture(predict: Predict, value: object, says: str) -> None:
    for instances, place in (
        ([value], 'instances[0]'),
        ([{'image_bytes': value}], 'instances[0].image_bytes'),
    ):
        answer = predict('pictures', instances=instances)
        assert answer.status_code == 400
        assert answer.json()['error'].startswith(f'{place}: {says}')


@pytest.mark.parametrize('size', [(7000, 7000), (60000, 60000), (2**31 - 1, 2**31 - 1)])
def test_bombs(predict: Predict, size: tuple[int, int]) -> None:
    answer = predict('pictures', instances=[b64(encoded('PNG')), b64(png_of(*size))])
    assert answer.status_code == 413
    assert answer.json()['error'].startswith('instances[1]: has ')


def test_the_pixels_of_a_request_are_bounded_too(picture_versions: Any) -> None:
    limits = Limits(picture_pixels=1000, request_pixels=2500)
    source = ModelSource(name='pictures', path=str(picture_versions))
    with serving(ServerSettings(models=(source,), limits=limits)) as client:
        assert post(client, 2, (40, 24)) == (200, None)
        assert post(client, 3, (40, 24)) == (
            413,
            'instances[2]: the pictures up to this one have 2,880 pixels; at most 2,500 are '
            'allowed in a request',
        )
        assert post(client, 1, (41, 25)) == (
            413, 'instances[0]: has 41 x 25 pixels; at most 1,000 are allowed',
        )  # fmt: skip


def post(client: TestClient, pictures: int, size: tuple[int, int]) -> tuple[int, str | None]:
    instances = [b64(encoded('JPEG', size))] * pictures
    answer = client.post('/v1/models/pictures:predict', json={'instances': instances})
    return answer.status_code, answer.json().get('error')

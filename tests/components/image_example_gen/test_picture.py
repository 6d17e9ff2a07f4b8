"""What is stored of a picture, as the graph of a model decodes it."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from components.image_example_gen.errors import UnreadableError
from components.image_example_gen.opening import quiet
from components.image_example_gen.picture import of_pixels, read_picture
from tests.components.image_example_gen import samples
from tests.components.image_example_gen.samples import decoded, encoded, jpeg, pixels, turned

RGB = Image.fromarray(pixels())
GRAY = RGB.convert('L')
PALETTE = RGB.quantize(16)
BITS = RGB.convert('1')
ALPHA = np.dstack([pixels(), np.full((samples.HEIGHT, samples.WIDTH), 255, np.uint8)])
ALPHA[:, :18, 3] = 0
HALF_WHITE = pixels()
HALF_WHITE[:, :18] = 255
VALUES_16 = np.arange(24 * 36, dtype=np.uint16).reshape(24, 36) * 75


def rgb_of(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert('RGB'))


@pytest.mark.parametrize(
    'data',
    [
        jpeg(),
        jpeg(progressive=True),
        jpeg(exif=turned(6)),
        encoded(GRAY, 'JPEG'),
        encoded(RGB, 'MPO', save_all=True, append_images=[GRAY]),
        jpeg() + b'what a phone adds at the end',
        encoded(RGB),
        encoded(GRAY),
        encoded(Image.fromarray(ALPHA)),
        encoded(Image.fromarray(ALPHA).convert('LA')),
    ],
)
def test_what_the_graph_decodes_is_stored_as_it_came(data: bytes) -> None:
    assert read_picture(data).encoded is data


@pytest.mark.parametrize(
    ('data', 'expected', 'tolerance'),
    [
        (encoded(RGB.convert('CMYK'), 'JPEG', quality=100, subsampling=0), pixels(), 3),
        (encoded(RGB.convert('CMYK'), 'TIFF'), pixels(), 1),
        (encoded(Image.fromarray(VALUES_16)), VALUES_16 >> 8, 0),
        (encoded(Image.fromarray(VALUES_16), 'TIFF'), VALUES_16 >> 8, 0),
        (b'P5 36 24 65535\n' + VALUES_16.astype('>u2').tobytes(), VALUES_16 >> 8, 0),
        (samples.png_of_16_bits(pixels().astype(np.uint16) * 257), pixels(), 0),
        (samples.png_of_16_bits(ALPHA.astype(np.uint16) * 257), HALF_WHITE, 0),
        (encoded(PALETTE), rgb_of(PALETTE), 0),
        (encoded(PALETTE, 'BMP'), rgb_of(PALETTE), 0),
        (
            encoded(PALETTE, transparency=3),
            np.where((np.asarray(PALETTE) == 3)[..., None], 255, rgb_of(PALETTE)),
            0,
        ),
        (
            encoded(GRAY, transparency=90),
            np.where((np.asarray(GRAY) == 90)[..., None], 255, rgb_of(GRAY)),
            0,
        ),
        (encoded(Image.fromarray(ALPHA), 'WEBP', lossless=True, exact=True), HALF_WHITE, 0),
        (encoded(Image.fromarray(ALPHA), 'TIFF'), HALF_WHITE, 0),
        (encoded(PALETTE, 'GIF', transparency=3), rgb_of(PALETTE), None),
        (encoded(BITS), rgb_of(BITS), 0),
        (encoded(BITS, 'TIFF'), rgb_of(BITS), 0),
        (encoded(RGB, 'BMP'), pixels(), 0),
        (encoded(RGB, 'WEBP', lossless=True), pixels(), 0),
        (encoded(RGB, 'TIFF'), pixels(), 0),
        (encoded(RGB, 'JPEG2000'), pixels(), 1),
        (encoded(RGB, 'AVIF', quality=100), pixels(), 12),
        (encoded(RGB)[:-12], pixels(), 0),
    ],
    ids=[
        *('cmyk jpeg', 'cmyk tiff', 'gray 16', 'gray 16 tiff', 'gray 16 pgm', 'rgb 16', 'rgba 16'),
        *('palette', 'palette bmp', 'palette transparent', 'gray transparent', 'alpha webp'),
        *('alpha tiff', 'gif transparent', '1 bit', '1 bit tiff', 'bmp', 'webp', 'tiff'),
        *('jpeg 2000', 'avif', 'png without its end'),
    ],
)
def test_all_else_becomes_a_png_of_the_same_picture(
    data: bytes, expected: np.ndarray, tolerance: int | None
) -> None:
    stored = read_picture(data)
    assert stored.encoded.startswith(b'\x89PNG')
    assert (stored.height, stored.width) == (24, 36)
    found = decoded(stored.encoded).astype(int)
    if tolerance is None:  # a GIF with a transparent colour: that one is white
        where = np.asarray(PALETTE) == 3
        assert (found[where] == 255).all()
        assert (found[~where] == expected[~where]).all()
        return
    expected = expected if expected.ndim == 3 else np.repeat(expected[..., None], 3, axis=-1)
    assert np.abs(found - expected).max() <= tolerance


@pytest.mark.parametrize('mode', ['RGBA', 'LA'])
def test_transparency_that_is_kept_is_white_in_the_graph(mode: str) -> None:
    image = Image.fromarray(ALPHA).convert(mode)
    stored = read_picture(encoded(image))
    expected = np.where(ALPHA[..., 3:] == 0, 255, rgb_of(image.convert(mode[:-1])))
    assert (decoded(stored.encoded) == expected).all()


def test_of_what_moves_the_first_frame_is_kept() -> None:
    frames = [Image.fromarray(np.roll(pixels(), 7 * i, axis=1)).quantize(16) for i in range(3)]
    for format_, options in (('GIF', {}), ('WEBP', {'lossless': True})):
        moving = encoded(
            frames[0].convert('RGB') if format_ == 'WEBP' else frames[0],
            format_,
            save_all=True,
            append_images=frames[1:],
            **options,
        )
        assert (decoded(read_picture(moving).encoded) == rgb_of(frames[0])).all(), format_


@pytest.mark.parametrize('orientation', range(1, 9))
@pytest.mark.parametrize('format_', ['PNG', 'WEBP', 'TIFF'])
def test_pictures_are_stored_upright(format_: str, orientation: int) -> None:
    options = {'lossless': True} if format_ == 'WEBP' else {}
    stored = read_picture(encoded(RGB, format_, exif=turned(orientation), **options))
    expected = upright(RGB, orientation)
    assert (stored.height, stored.width) == expected.shape[:2]
    assert (decoded(stored.encoded) == expected).all()


@pytest.mark.parametrize('orientation', range(1, 9))
def test_height_and_width_of_a_jpeg_are_upright(orientation: int) -> None:
    data = jpeg(exif=turned(orientation))
    stored = read_picture(data)
    expected = upright(RGB, orientation)
    assert stored[1:] == expected.shape[:2]
    assert stored.encoded is data
    assert np.abs(decoded(data).astype(int) - expected).max() < 12


def upright(image: Image.Image, orientation: int) -> np.ndarray:
    image = image.copy()
    image.getexif().update(turned(orientation))
    return np.asarray(ImageOps.exif_transpose(image))


def test_inks_are_converted_by_their_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    """No profile of inks ships with Pillow, so what it is asked for is looked at."""
    asked = []

    def convert(image: Image.Image, profile: object, to: object, outputMode: str) -> Image.Image:  # noqa: N803
        asked.append((image.mode, outputMode))
        return Image.new('RGB', image.size, 'green')

    monkeypatch.setattr(ImageCms, 'profileToProfile', convert)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    stored = read_picture(encoded(RGB.convert('CMYK'), 'JPEG', icc_profile=profile))
    assert asked == [('CMYK', 'RGB')]
    assert (decoded(stored.encoded) == (0, 128, 0)).all()


def test_a_broken_profile_is_passed_over() -> None:
    data = encoded(
        RGB.convert('CMYK'), 'JPEG', quality=100, subsampling=0, icc_profile=b'no profile' * 20
    )
    assert np.abs(decoded(read_picture(data).encoded).astype(int) - pixels()).max() <= 3


@pytest.mark.parametrize(
    ('data', 'reason'),
    [
        (b'', 'is empty'),
        (b'<html>not found</html>', "is no picture that can be read: it begins with b'<html>not"),
        (jpeg()[:400], 'cannot be decoded: '),
        (jpeg()[: len(jpeg()) // 2], 'cannot be decoded: '),
        (jpeg()[:-2], 'cannot be decoded: image file is truncated'),
        (encoded(RGB)[:60], 'cannot be decoded: '),
        (encoded(RGB, 'GIF')[:-40], 'cannot be decoded: '),
        (encoded(RGB, 'WEBP')[:90], r'(cannot be decoded|is no picture that can be read): '),
        (encoded(Image.fromarray(pixels()[..., 0].astype(np.float32)), 'TIFF'), 'floating point'),
        (
            encoded(Image.fromarray(pixels()[..., 0].astype(np.int32) * 10_000), 'TIFF'),
            'has pixels of 32 bits',
        ),
        (samples.bomb(), r'has 10,000 x 10,000 pixels, more than the limit of 89,478,485'),
        (encoded(Image.new('1', (20_000, 20_000))), 'has more than the limit of 89,478,485 pixels'),
        (b'\0\0\0\x18ftypheic' + bytes(99), 'HEIC; export it as JPEG'),
        (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', 'is no picture that can be read'),
    ],
)
def test_what_cannot_be_read_has_a_reason(data: bytes, reason: str) -> None:
    with quiet(), pytest.raises(UnreadableError, match=reason) as error:
        read_picture(data)
    assert '\n' not in str(error.value)


def test_what_only_pillow_takes_for_a_whole_jpeg_is_refused() -> None:
    """Amid its data stands a block that is longer than the file; Pillow fills up with gray."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    whole = encoded(Image.fromarray(noise), 'JPEG')
    half = len(whole) // 2
    damaged = whole[:half] + b'\xff\xe4\xff\xff' + whole[half:]
    Image.open(samples.io.BytesIO(damaged)).load()
    with pytest.raises(UnreadableError, match='is damaged: its data end early'):
        read_picture(damaged)


def test_what_is_stored_can_be_decoded_whatever_was_done_to_it() -> None:
    """Bytes changed, lost and put in between at random: refused, or stored so that it decodes."""
    rng = np.random.default_rng(5)
    whole = [jpeg(exif=turned(3)), jpeg(progressive=True), encoded(RGB, icc_profile=b'x' * 50)]
    refused = 0
    with quiet():
        for n in range(600):
            data = bytearray(whole[n % 3])
            at = int(rng.integers(len(data)))
            change: Callable[[], object] = [
                lambda data=data, at=at: data.__setitem__(at, int(rng.integers(256))),
                lambda data=data, at=at: data.__delitem__(slice(at, at + 9)),
                lambda data=data, at=at: data.__setitem__(slice(at, at), rng.bytes(5)),
                lambda data=data, at=at: data.__delitem__(slice(at, None)),
            ][n % 4]
            change()
            try:
                stored = read_picture(bytes(data))
            except UnreadableError:
                refused += 1
            else:
                assert decoded(stored.encoded).shape[-1] == 3
    assert 100 < refused < 500


class TestShrink:
    BIG = Image.fromarray(np.tile(pixels(), (20, 20, 1)))  # 480 x 720

    @pytest.mark.parametrize('format_', ['JPEG', 'PNG', 'WEBP'])
    def test_the_longest_side_is_as_asked(self, format_: str) -> None:
        stored = read_picture(encoded(self.BIG, format_), shrink=120)
        assert stored.encoded.startswith(b'\xff\xd8')
        assert (stored.height, stored.width) == decoded(stored.encoded).shape[:2] == (80, 120)

    def test_it_is_the_same_picture(self) -> None:
        smooth = Image.fromarray(pixels()).resize((720, 480), Image.Resampling.BICUBIC)
        stored = read_picture(encoded(smooth, 'JPEG', quality=95), shrink=72)
        expected = np.asarray(smooth.resize((72, 48), Image.Resampling.LANCZOS)).astype(int)
        assert np.abs(decoded(stored.encoded) - expected).mean() < 2

    def test_it_is_upright(self) -> None:
        stored = read_picture(encoded(self.BIG, 'JPEG', exif=turned(6)), shrink=120)
        assert (stored.height, stored.width) == (120, 80)
        assert b'Exif' not in stored.encoded

    def test_smaller_pictures_stay_as_they_came(self) -> None:
        data = encoded(self.BIG, 'JPEG')
        assert read_picture(data, shrink=720).encoded is data

    def test_gray_stays_gray(self) -> None:
        stored = read_picture(encoded(self.BIG.convert('L'), 'JPEG'), shrink=120)
        assert Image.open(samples.io.BytesIO(stored.encoded)).mode == 'L'

    def test_a_truncated_one_is_refused(self) -> None:
        data = encoded(self.BIG, 'JPEG')
        with pytest.raises(UnreadableError, match='truncated'):
            read_picture(data[: len(data) // 2], shrink=120)


@pytest.mark.parametrize('values', [pixels(), pixels()[..., 0]])
def test_pixels_are_stored_without_loss(values: np.ndarray) -> None:
    stored = of_pixels(values)
    assert (decoded(stored.encoded) == values.reshape(24, 36, -1)).all()
    assert (stored.height, stored.width) == (24, 36)
    assert (of_pixels(values, shrink=32).width, of_pixels(values, shrink=36)) == (32, stored)

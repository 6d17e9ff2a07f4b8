"""The page in a real browser: the system's Chromium, driven by Playwright."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from serving.settings import ModelSource, ServerSettings

playwright = pytest.importorskip('playwright.sync_api')
CHROMIUM = os.environ.get('CHROMIUM') or shutil.which('chromium') or shutil.which('google-chrome')
ARGUMENTS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-dev-shm-usage',
    '--no-first-run',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
]
TOKEN = 'open sesame'
DESKTOP, PHONE = (1280, 860), (390, 844)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.e2e,
    pytest.mark.skipif(
        CHROMIUM is None, reason='no Chromium on the path (Debian: apt-get install chromium)'
    ),
]


@pytest.fixture(scope='module')
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelSource, ...]:
    from tests.serving.page_models import write_clothes, write_weights

    folder = tmp_path_factory.mktemp('models')
    write_weights(folder / 'weights' / '7')
    write_weights(folder / 'bare' / '1', description=None)
    write_clothes(folder / 'clothes' / '3')
    return tuple(
        ModelSource(name=name, path=str(folder / name)) for name in ('weights', 'clothes', 'bare')
    )


class Served:
    """A server in a thread; a context manager."""

    def __init__(self, settings: ServerSettings) -> None:
        from serving.app import create_app

        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        self.address = f'http://127.0.0.1:{port}/'
        app = create_app(settings)
        self._registry = app.state.registry
        self._server = uvicorn.Server(uvicorn.Config(app, port=port, log_level='warning'))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> 'Served':
        self._thread.start()
        end = time.monotonic() + 120
        while not (self._server.started and self._registry.is_ready):
            assert time.monotonic() < end, 'the server is not ready'
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)


@pytest.fixture(scope='module')
def address(sources: tuple[ModelSource, ...]) -> Iterator[str]:
    with Served(ServerSettings(models=sources)) as served:
        yield served.address


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Opens pages; at the end, none may have complained or loaded anything from elsewhere."""
    contexts = []
    complaints: list[str] = []
    elsewhere: list[str] = []

    def opened(address: str, size: tuple[int, int] = DESKTOP, **options: Any) -> Any:
        width, height = size
        context = browser.new_context(viewport={'width': width, 'height': height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on('pageerror', lambda error: complaints.append(str(error)))
        page.on('console', lambda m: complaints.append(m.text) if m.type == 'error' else None)

        def requested(request: Any) -> None:
            if not request.url.startswith((address.split('#')[0], 'data:', 'blob:')):
                elsewhere.append(request.url)

        page.on('request', requested)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    # The browser itself complains of each answer that is an error, as some tests want.
    assert [c for c in complaints if 'responded with a status of 4' not in c] == []
    assert elsewhere == []


def predicts(page: Any, text: str) -> None:
    """Wait until the large text is so."""
    playwright.expect(page.locator('.large')).to_have_text(text)


def test_a_table_model_is_predicted_as_its_form_is_filled(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#weights')
    predicts(page, '30 kg')
    facts = page.locator('#facts').inner_text()
    assert 'version 7' in facts
    assert '1.25 kg' in facts
    assert '20 Nov 2026' in facts

    page.get_by_label('Age years', exact=True).fill('44')
    predicts(page, '44 kg')
    page.get_by_text('green', exact=True).first.click()
    predicts(page, '54 kg')
    page.get_by_label('Age: missing').click()
    predicts(page, '110 kg')
    page.get_by_label('Age: missing').click()
    predicts(page, '54 kg')


def test_a_row_of_the_data_fills_the_form_and_shows_its_label(
    open_page: Open, address: str
) -> None:
    page = open_page(f'{address}#weights')
    page.get_by_role('button', name='33 kg').click()
    predicts(page, '120 kg')
    playwright.expect(page.locator('.actual')).to_contain_text('33 kg')
    page.get_by_text('red', exact=True).first.click()
    predicts(page, '100 kg')
    playwright.expect(page.locator('.actual')).to_have_count(0)


def test_the_curve_is_of_the_field_that_is_touched(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#weights')
    line = page.locator('#curve .line')
    playwright.expect(line).to_have_count(1)
    points = [p.split(',') for p in line.get_attribute('points').split()]
    assert len(points) == 41
    heights = [float(y) for _, y in points]
    assert heights == sorted(heights, reverse=True), 'weight grows with age'

    chart = page.locator('#curve svg')
    box = chart.bounding_box()
    chart.click(position={'x': box['width'] - 16, 'y': box['height'] / 2})
    predicts(page, '80 kg')

    page.locator('#curve select').select_option('colour')
    bars = page.locator('#curve .bars.pick button')
    playwright.expect(bars).to_have_count(4)
    assert 'missing' in bars.nth(3).inner_text()
    bars.nth(2).click()
    predicts(page, '100 kg')
    playwright.expect(bars.nth(2)).to_have_attribute('aria-pressed', 'true')


def test_the_form_works_from_the_keyboard(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#weights')
    predicts(page, '30 kg')
    page.locator('input[type=range]').focus()
    page.keyboard.press('ArrowRight')
    predicts(page, '31 kg')
    page.get_by_label('red', exact=True).focus()
    page.keyboard.press('ArrowRight')
    predicts(page, '41 kg')
    playwright.expect(page.locator('#spoken')).to_have_text('Weight kg: 41 kg')


def test_every_control_has_a_name(open_page: Open, address: str) -> None:
    for model in ('weights', 'clothes'):
        page = open_page(f'{address}#{model}')
        page.locator('.large').wait_for()
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('button, input, select, summary')]
              .filter((e) => e.checkVisibility() && !(e.labels?.length
                || e.getAttribute('aria-label') || e.innerText?.trim()))
              .map((e) => e.outerHTML)"""
        )
        assert nameless == []


@pytest.mark.parametrize('size', [DESKTOP, PHONE])
@pytest.mark.parametrize('model', ['weights', 'clothes', 'bare'])
def test_nothing_is_wider_than_the_screen(
    open_page: Open, address: str, model: str, size: tuple[int, int]
) -> None:
    page = open_page(f'{address}#{model}', size)
    page.locator('.large').wait_for()
    assert page.evaluate('document.documentElement.scrollWidth') <= size[0]


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('model', ['weights', 'clothes'])
def test_texts_stand_out_from_what_they_are_on(
    open_page: Open, address: str, model: str, scheme: str
) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    page = open_page(f'{address}#{model}', color_scheme=scheme, reduced_motion='reduce')
    page.locator('.large').wait_for()
    faint = page.evaluate(
        """() => {
          const options = { willReadFrequently: true };
          const canvas = document.createElement('canvas').getContext('2d', options);
          const rgba = (colour) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data];
          };
          const luminance = (c) => c.slice(0, 3).map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (element) => {
            for (let e = element; e; e = e.parentElement) {
              const colour = rgba(getComputedStyle(e).backgroundColor);
              if (colour[3] === 255) return colour;
            }
            return [255, 255, 255, 255];
          };
          return [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility()
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
            && !e.closest('svg, .unseen, option, .skip'))
            .map((e) => {
              const pair = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))];
              const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
              return [ratio, e.className, e.innerText];
            }).filter(([ratio]) => ratio < 4.5);
        }"""
    )
    assert faint == []


def test_a_picture_is_chosen_and_its_classes_are_shown(
    open_page: Open, address: str, tmp_path: Path
) -> None:
    from tests.serving.page_models import picture

    page = open_page(f'{address}#clothes')
    large = page.locator('.large')
    playwright.expect(large).to_contain_text('boot')
    page.get_by_role('button', name='hat').click()
    playwright.expect(large).to_contain_text('hat')
    playwright.expect(page.locator('.bars .true')).to_have_count(1)

    (tmp_path / 'sea.jpg').write_bytes(picture(10, 10, 230))
    page.locator('input[type=file]').first.set_input_files(tmp_path / 'sea.jpg')
    playwright.expect(large).to_contain_text('sock')
    assert page.locator('.zone img').get_attribute('src').startswith('data:image/jpeg')
    zone, whole = (page.locator(at).bounding_box() for at in ('.zone', '.zone img'))
    assert whole['height'] <= zone['height'], 'all of the picture is seen'
    shares = page.locator('.bars .share').all_inner_texts()
    assert len(shares) == 2


def test_a_file_that_is_no_picture_is_told(open_page: Open, address: str, tmp_path: Path) -> None:
    page = open_page(f'{address}#clothes')
    (tmp_path / 'notes.png').write_text('no picture')
    page.locator('input[type=file]').first.set_input_files(tmp_path / 'notes.png')
    playwright.expect(page.locator('#notice')).to_contain_text('notes.png is not a picture')


def test_a_picture_is_dropped(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#clothes')
    page.locator('.large').wait_for()
    page.evaluate(
        """async () => {
          const canvas = document.createElement('canvas');
          canvas.width = canvas.height = 40;
          const context = canvas.getContext('2d');
          context.fillStyle = 'rgb(0, 0, 255)';
          context.fillRect(0, 0, 40, 40);
          const blob = await new Promise((done) => canvas.toBlob(done, 'image/webp'));
          const data = new DataTransfer();
          data.items.add(new File([blob], 'sea.webp', { type: 'image/webp' }));
          document.querySelector('.zone').dispatchEvent(
            new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
        }"""
    )
    playwright.expect(page.locator('.large')).to_contain_text('sock')


def test_the_camera_takes_a_picture(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#clothes', permissions=['camera'])
    page.locator('.large').wait_for()
    before = page.locator('.zone img').get_attribute('src')
    page.get_by_role('button', name='Use the camera').click()
    playwright.expect(page.locator('#camera')).to_be_visible()
    # Once it gives pictures. The page's policy bars scripts that wait for that.
    playwright.expect(page.locator('#camera video')).to_have_js_property('readyState', 4)
    page.get_by_role('button', name='Take the picture').click()
    playwright.expect(page.locator('#camera')).to_be_hidden()
    playwright.expect(page.locator('.zone img')).not_to_have_attribute('src', before)


def test_the_model_is_picked(open_page: Open, address: str) -> None:
    page = open_page(address)
    predicts(page, '30 kg')
    page.locator('#picker').select_option('clothes')
    playwright.expect(page.locator('h1')).to_have_text('Clothes')
    page.go_back()
    playwright.expect(page.locator('h1')).to_have_text('Weights')
    predicts(page, '30 kg')


def test_the_same_call_is_shown_for_a_program(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#weights')
    predicts(page, '30 kg')
    page.get_by_text('The same from a program').click()
    command = page.locator('#command').inner_text()
    assert f'{address}v1/models/weights:predict' in command
    assert '{"instances":[{"age":30,"colour":"red"}]}' in command


def test_the_token_is_asked_for_until_it_is_right(
    open_page: Open, sources: tuple[ModelSource, ...]
) -> None:
    with Served(ServerSettings(models=sources[:1], token=TOKEN)) as served:
        page = open_page(served.address)
        for guess in ('wrong', TOKEN):
            page.locator('#token').wait_for()
            page.locator('#token-field').fill(guess)
            page.get_by_role('button', name='Go on').click()
            page.wait_for_timeout(100)
        predicts(page, '30 kg')


def test_what_the_server_refuses_is_told_in_its_words(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#weights')
    predicts(page, '30 kg')
    page.route('**/*:predict', lambda route: route.fulfill(status=413, json={'error': 'too large'}))
    page.get_by_label('Age years', exact=True).fill('31')
    playwright.expect(page.locator('#notice')).to_have_text('too large')
    page.unroute('**/*:predict')
    page.get_by_label('Age years', exact=True).fill('32')
    predicts(page, '32 kg')
    playwright.expect(page.locator('#notice')).to_be_hidden()


def test_a_version_that_is_swapped_in_is_told(open_page: Open, address: str) -> None:
    page = open_page(f'{address}#weights')
    predicts(page, '30 kg')

    def newer(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, headers=response.headers | {'x-model-version': '8'})

    def described(route: Any) -> None:
        route.fulfill(json=route.fetch().json() | {'version': 8})

    page.route('**/*:predict', newer)
    page.route('**/description', described)
    page.get_by_label('Age years', exact=True).fill('31')
    predicts(page, '31 kg')
    playwright.expect(page.locator('#facts')).to_contain_text('version 8')

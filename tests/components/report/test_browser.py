"""The page in headless Chromium: no error, no request, sorting, and the threshold's arithmetic."""

from pathlib import Path

import pytest

from components.report.page.render import render
from tests.components.report.reports import report_of

CHROMIUM = '/usr/bin/chromium'

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason='needs Chromium')


@pytest.fixture(scope='module')
def browser():
    api = pytest.importorskip('playwright.sync_api')
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Open a report; what goes wrong is collected."""
    contexts = []

    def open_(task, **context):
        file = tmp_path / f'{task}.html'
        file.write_text(render(report_of(task)), encoding='utf-8')
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        page.faults = []
        page.on('console', lambda message: page.faults.append(message.text))
        page.on('pageerror', lambda error: page.faults.append(str(error)))
        page.on('request', lambda r: r.url.startswith('http') and page.faults.append(r.url))
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [1280, 390])
@pytest.mark.parametrize('task', ['regression', 'binary', 'multiclass'])
def test_it_opens_without_a_fault_and_fits(opened, task, width, scheme) -> None:
    page = opened(task, viewport={'width': width, 'height': 850}, color_scheme=scheme)
    assert page.faults == []
    assert page.evaluate('document.documentElement.scrollWidth') <= width
    reason = page.locator('.reasons')
    assert reason.is_visible()
    box = reason.bounding_box()
    assert box['y'] + box['height'] < 850


def test_tables_sort_by_their_numbers(opened) -> None:
    page = opened('regression')
    column = page.locator('table.metrics tbody tr td:nth-of-type(1)')
    page.get_by_role('button', name='rows').nth(1).click()
    counts = [int(t.replace(',', '')) for t in column.all_inner_texts()]
    assert counts == sorted(counts, reverse=True)
    page.get_by_role('button', name='rows').nth(1).press('Enter')
    counts = [int(t.replace(',', '')) for t in column.all_inner_texts()]
    assert counts == sorted(counts)


def test_the_threshold_with_the_lowest_cost(opened) -> None:
    page = opened('binary')
    section = report_of('binary')['binary']
    found, positives = section['thresholds']['candidate'], section['positives']
    costs = [
        5 * fp + 2 * (positives - tp)
        for tp, fp in zip(found['true_positives'], found['false_positives'], strict=True)
    ]
    page.fill('#cost-fp', '5')
    page.fill('#cost-fn', '2')
    page.click('#cheapest')
    best = costs.index(min(costs))
    assert page.input_value('#threshold') == str(best)
    row = page.locator('#outcome tr', has_text='cost in all').locator('td').first
    assert float(row.inner_text().replace(',', '')) == pytest.approx(min(costs), rel=1e-3)
    precision = page.locator('#outcome tr', has_text='precision').locator('td').first
    expected = found['true_positives'][best] / (
        found['true_positives'][best] + found['false_positives'][best]
    )
    assert float(precision.inner_text()) == pytest.approx(expected, rel=1e-3)
    assert page.faults == []


def test_it_prints(opened, tmp_path) -> None:
    page = opened('regression')
    assert page.pdf(path=tmp_path / 'page.pdf', format='A4').startswith(b'%PDF')

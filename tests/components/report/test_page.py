"""The page: it holds the numbers, needs nothing else, and says first what matters most."""

import json
import re
from html.parser import HTMLParser

import pytest

from components.report.page.render import MOST_BYTES, render
from tests.components.report.reports import report_of

TASKS = ['regression', 'binary', 'multiclass']

RUN = {
    'run': 'towns-1', 'started': '2026-01-02 03:04 UTC', 'seconds': 3, 'state': 'done',
    'rows': {'train': 5}, 'recipe_file': 'r.yaml', 'overrides': ['train.epochs=5'],
    'pushed': None, 'log': 'x.log', 'parent': 'towns-0', 'refusals': [],
    'changes': [{'key': 'data.query', 'before': 'a', 'now': None}],
    'steps': [
        {'name': 'Trainer', 'state': 'done', 'seconds': 75.0, 'note': 'n', 'fingerprint': 'ab'},
        {'name': 'Pusher', 'state': 'cached', 'seconds': 0.1, 'note': '', 'fingerprint': None},
    ],
}  # fmt: skip


class _Page(HTMLParser):
    """Collects text, attributes that could load something, and whether elements are closed."""

    VOID = frozenset({'meta', 'link', 'input', 'img', 'br'})

    def __init__(self, page):
        super().__init__()
        self.open, self.loads, self.text, self.ids, self.unlabelled = [], [], '', [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.loads += [given[k] for k in ('src', 'href', 'data', 'action') if given.get(k)]
        self.ids += [given['id']] if 'id' in given else []
        if tag == 'svg' and 'aria-hidden' not in given and not given.get('aria-label'):
            self.unlabelled.append(given)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ('script', 'style'):
            self.text += data


def _numbers(page):
    (text,) = re.findall(r'<script type="application/json" id="report">(.*?)</script>', page)
    return json.loads(text)


@pytest.fixture(scope='module', params=TASKS)
def made(request):
    report = report_of(request.param)
    return report, render(report)


def test_it_is_whole_small_and_loads_nothing(made) -> None:
    _, page = made
    assert page.startswith('<!doctype html>')
    assert len(page.encode()) < MOST_BYTES
    parsed = _Page(page)
    assert parsed.open == []
    assert all(u.startswith(('#', 'data:')) for u in parsed.loads)
    assert '@import' not in page and 'url(' not in page
    assert "default-src 'none'" in page
    assert len(parsed.ids) == len(set(parsed.ids))


def test_all_numbers_are_in_it_as_json(made) -> None:
    report, page = made
    embedded = _numbers(page)
    assert embedded.pop('run') is None
    assert embedded == report


def test_text_of_the_recipe_is_only_text(made) -> None:
    _, page = made
    assert '</script><b>' not in page
    assert 'hich </script><b>town</b>' in _Page(page).text


def test_why_it_is_not_blessed_comes_first(made) -> None:
    report, page = made
    text = _Page(page).text
    assert 'Not blessed' in text[: text.index('Bounds')]
    assert f'{report["headline"]} is far too low' in text[: text.index('Bounds')]
    assert 'a note' in text


def test_every_picture_is_told_in_words_and_has_its_numbers(made) -> None:
    _, page = made
    parsed = _Page(page)
    assert parsed.unlabelled == []
    figures = re.findall(r'<figure.*?</figure>', page, re.DOTALL)
    assert len(figures) > 6
    assert all('<details>' in f and '<td' in f for f in figures)


def test_a_section_that_could_not_be_made_is_told(made) -> None:
    assert 'Section schema: could not be made: ValueError: no' in _Page(made[1]).text


@pytest.mark.parametrize('task', TASKS)
def test_blessed_without_baseline(task) -> None:
    page = render(report_of(task, blessed=True, baseline=False))
    text = _Page(page).text
    assert '✓ Blessed' in text and 'Not blessed' not in text
    assert 'No model was blessed before this one' in text
    assert _numbers(page)['verdict']['has_baseline'] is False


def test_with_what_the_runner_knows() -> None:
    text = _Page(render(report_of('regression'), RUN)).text
    # The settings of training come with those of the recipe.
    for told in ('towns-1', '1 min 15 s', 'towns-0', 'data.query', 'train.epochs'):
        assert told in text


def test_what_a_later_step_refused_is_not_blessed() -> None:
    page = render(
        report_of('regression', blessed=True), RUN | {'refusals': ['it answers otherwise']}
    )
    text = _Page(page).text
    assert '✓ Blessed' not in text
    assert 'it answers otherwise' in text[: text.index('Bounds')]


def test_a_column_of_names_and_no_column_to_slice_by_are_left_out() -> None:
    report = report_of('regression')
    report['worst_slices'] |= {'columns': [], 'slices': []}
    names = {'rows': 500, 'missing': 0, 'different': 500, 'top': [{'value': 'u/1', 'rows': 1}]}
    report['data']['columns'] = [
        {'name': 'uri', 'type': 'STRING', 'distances': {}, 'splits': {'train': names}}
    ]
    text = _Page(render(report)).text
    assert 'u/1' not in text and 'Worst slices' not in text


def test_a_report_that_is_almost_empty() -> None:
    report = report_of('regression')
    for name in ('regression', 'worst_slices', 'mistakes', 'importance', 'data', 'learnt'):
        report[name] = None
    for name in ('training', 'trials', 'lineage', 'anomalies', 'changes', 'kept'):
        report[name] = None
    assert 'No predictions by row were kept' in _Page(render(report)).text


def test_a_page_too_large_is_cut_and_says_so() -> None:
    report = report_of('regression')
    column = report['data']['columns'][1]
    report['data']['columns'] = [{**column, 'name': f'c{i}'} for i in range(2000)]
    page = render(report)
    assert 500_000 < len(page.encode()) <= MOST_BYTES
    assert 'Section data: only the first' in _Page(page).text
    assert len(_numbers(page)['data']['columns']) < 2000


def test_numbers_of_the_first_table_are_those_of_the_report() -> None:
    report = report_of('regression')
    page = render(report)
    rows = re.search(r'aria-label="Metrics by slice">(.*?)</table>', page, re.DOTALL)
    assert rows
    shown = [float(v) for v in re.findall(r'data-value="([^"]+)"', rows[1])]
    expected = []
    for own in report['metrics']:
        expected += [own['rows'], *(m['candidate']['value'] for m in own['metrics'].values())]
    assert shown == expected

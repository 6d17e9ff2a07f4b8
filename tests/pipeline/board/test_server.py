import threading
import urllib.error
import urllib.request

import pytest

from pipeline.board.server import make_server
from pipeline.records import Step
from tests.pipeline.kept_run import census, houses, store_in, write_run


@pytest.fixture
def board(tmp_path):
    store = store_in(tmp_path)
    write_run(store, 'census-1', census(1), settings={'epochs': 3})
    run = write_run(store, 'census-2', census(2, 0.4), minute=5, settings={'epochs': 6})
    write_run(store, 'houses-1', houses(1), by=('town',), blessed=False)
    page = tmp_path / 'report'
    page.mkdir()
    (page / 'report.html').write_text('<h1>the report of census-2</h1>')
    run.steps = [*run.steps, Step(name='Report', artifacts={'report': [str(page)]})]
    run.pushed = str(tmp_path / 'served' / '1')
    card = tmp_path / 'served' / '1' / 'assets.extra' / 'model_card.html'
    card.parent.mkdir(parents=True)
    card.write_text('<h1>the card of census-2</h1>')
    store.runs.save(run)
    with make_server(store, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_address[1]}'
        server.shutdown()
        thread.join()


def _get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return answer.read().decode()


def _refused(url, **headers):
    with pytest.raises(urllib.error.HTTPError) as error:
        _get(url, **headers)
    return error.value.code, error.value.read().decode().strip()


def test_the_board_has_every_run_its_trends_and_its_report(board):
    page = _get(f'{board}/')
    assert '3 runs of 2 recipes' in page
    for run in ('census-1', 'census-2', 'houses-1'):
        assert f'value="{run}"' in page
    assert 'auc over 2 runs' in page
    assert 'No model of it is blessed yet' in page
    assert page.count('/report">report</a>') == 1
    assert page.count('/card">card</a>') == 1
    assert 'the report of census-2' in _get(f'{board}/runs/census-2/report')
    assert 'the card of census-2' in _get(f'{board}/runs/census-2/card')


def test_ticked_runs_are_compared_with_the_oldest(board):
    page = _get(f'{board}/compare?run=census-2&run=census-1')
    assert page.index('census-1') < page.index('census-2')
    assert 'B is better than A' in page


@pytest.mark.parametrize(
    ('path', 'code', 'message'),
    [
        ('/nope', 404, 'there is no such page'),
        ('/runs/census-1/report', 404, 'census-1 has no report'),
        ('/runs/census-1/card', 404, 'census-1 has no card'),
        ('/runs/..%2f..%2fetc/report', 404, 'there is no run'),
        ('/compare?run=census-1', 400, 'tick 2 to 8 runs'),
        ('/compare?run=census-1&run=houses-1', 400, 'no metric in common'),
        ('/compare?run=census-1&run=gone', 404, 'there is no run gone'),
    ],
)
def test_what_is_not_there_is_refused_in_a_line(board, path, code, message):
    status, text = _refused(f'{board}{path}')
    assert status == code
    assert message in text
    assert len(text.splitlines()) == 1


def test_only_this_machine_is_answered(board):
    assert _refused(f'{board}/', Host='board.example.com')[0] == 403

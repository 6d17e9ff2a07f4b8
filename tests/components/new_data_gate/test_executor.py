"""The gate is told the date of a run and the last evaluation, and says whether rows came since."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from tfx.types.standard_artifacts import Integer, ModelEvaluation

from components.new_data_gate.executor import NEW, Executor
from components.query_example_gen.errors import QueryError
from components.query_example_gen.parameters import day_of_span, span_of

LAST_DAY = date(2024, 3, 31)
QUERY = 'SELECT price FROM `a.b.sales` WHERE day >= @window_start AND day < @window_end'


@pytest.fixture
def data(tmp_path: Path) -> str:
    days = (LAST_DAY - timedelta(days=n) for n in range(40))
    (tmp_path / 'sales.csv').write_text('day,price\n' + '\n'.join(f'{d},{d.day}' for d in days))
    local = {'a.b.sales': {'path': str(tmp_path / 'sales.csv'), 'types': {'day': 'DATE'}}}
    return json.dumps({'query': QUERY, 'local': local, 'window': {'days': 7, 'lag': 1}})


def judged(folder: Path, last: date | None, **properties: str) -> int:
    news = Integer()
    news.uri = str(folder / 'news')
    evaluations = []
    if last:
        evaluation = ModelEvaluation()
        evaluation.set_int_custom_property('span', span_of(last))
        evaluations.append(evaluation)
    Executor().Do({'last_evaluation': evaluations}, {'news': [news]}, properties)
    found = news.get_int_custom_property(NEW)
    news.read()
    assert news.value == found
    return found


@pytest.mark.parametrize(
    ('last', 'now', 'new'),
    [
        (None, '2024-03-20', 1),  # no model yet
        ('2024-03-20', '2024-03-20', 0),  # the same day again
        ('2024-03-20', '2024-03-21', 1),
        ('2024-04-01', '2024-04-02', 1),  # the lag: only now is the 31st in it
        ('2024-04-02', '2024-04-03', 0),  # no rows after the 31st
    ],
)
def test_it_is_new_rows_since_the_last_model(
    data: str, tmp_path: Path, last: str | None, now: str, new: int
) -> None:
    since = date.fromisoformat(last) if last else None
    assert judged(tmp_path, since, data=data, date=now) == new


def test_the_scheduled_time_counts_in_its_zone(data: str, tmp_path: Path) -> None:
    """At 23:30 UTC it is the next day in Berlin."""
    told = {'data': data, 'date': '', 'scheduled': '2024-03-20T23:30:00Z'}
    last = date(2024, 3, 20)
    assert judged(tmp_path, last, **told, time_zone='UTC') == 0
    assert judged(tmp_path, last, **told, time_zone='Europe/Berlin') == 1


def test_a_run_without_a_date_is_refused(data: str, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match='give the run a date'):
        judged(tmp_path, None, data=data)


def test_a_span_has_its_date() -> None:
    assert day_of_span(span_of(LAST_DAY)) == LAST_DAY

import datetime

import numpy as np
import pytest
import tensorflow as tf

from transforms.dates import days_from_civil, parse_dates

EPOCH = datetime.date(1970, 1, 1)


def test_parts_agree_with_python_over_eight_centuries():
    dates = [datetime.date(1601, 1, 1) + datetime.timedelta(days=97 * i) for i in range(3000)]
    parsed = parse_dates(tf.constant([d.isoformat() for d in dates]))
    assert dates[-1].year > 2390
    assert parsed.valid.numpy().all()
    assert parsed.days.numpy().tolist() == [(d - EPOCH).days for d in dates]
    assert parsed.year.numpy().tolist() == [d.year for d in dates]
    assert parsed.month.numpy().tolist() == [d.month for d in dates]
    assert parsed.day.numpy().tolist() == [d.day for d in dates]
    assert parsed.weekday.numpy().tolist() == [d.isoweekday() for d in dates]


@pytest.mark.parametrize(
    ('text', 'hour'),
    [
        ('2008-03-01', 0),
        ('2008-03-01 12:30:00', 12),
        ('2008-03-01T23:59', 23),
        ('2008-03-01T05:06:07.123456', 5),
        ('2008-03-01 07:00:00+00', 7),
        ('2008-03-01 08:00:00 UTC', 8),
        ('2008-03-01T09:00:00Z', 9),
        ('2008-03-01T10:00:00-08:00', 10),
        ('  2008-03-01  ', 0),
    ],
)
def test_forms_that_are_read(text, hour):
    parsed = parse_dates(tf.constant([text]))
    assert parsed.valid.numpy().all()
    assert (parsed.year[0], parsed.month[0], parsed.day[0], parsed.hour[0]) == (2008, 3, 1, hour)


@pytest.mark.parametrize(
    'text',
    [
        '',
        'yesterday',
        '2008',
        '2008-3-1',
        '2008-00-10',
        '2008-13-01',
        '2008-01-00',
        '2008-04-31',
        '2009-02-29',
        '1900-02-29',
        '2008-03-01 24:00:00',
        '01/03/2008',
        '2008-03-01 noon',
    ],
)
def test_what_is_no_date_is_not_valid_and_harmless(text):
    parsed = parse_dates(tf.constant([text, '2000-02-29']))
    assert parsed.valid.numpy().tolist() == [False, True]
    assert parsed.days.numpy().tolist() == [0, 11016]


def test_days_before_the_epoch_count_down():
    dates = [(1969, 12, 31), (1600, 2, 29), (1, 1, 1)]
    year, month, day = (tf.constant(part, tf.int64) for part in zip(*dates, strict=True))
    expected = [(datetime.date(*d) - EPOCH).days for d in dates]
    np.testing.assert_array_equal(days_from_civil(year, month, day), expected)

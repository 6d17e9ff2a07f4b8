"""Dates written as text, read in graph operations so that serving reads them alike."""

from typing import NamedTuple

import tensorflow as tf

ISO_8601 = (
    r'\d{4}-\d{2}-\d{2}'
    r'([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|[+-]\d{2}(:?\d{2})?))?)?'
)
"""What BigQuery and DuckDB write for DATE, DATETIME and TIMESTAMP, in RE2 syntax."""

_EPOCH = '1970-01-01'


class Dates(NamedTuple):
    """Calendar parts of a batch of dates: int64 `[batch]`, meaningful where `valid`."""

    valid: tf.Tensor
    days: tf.Tensor
    year: tf.Tensor
    month: tf.Tensor
    day: tf.Tensor
    weekday: tf.Tensor
    hour: tf.Tensor


def parse_dates(text: tf.Tensor) -> Dates:
    """Read ISO 8601 dates or timestamps.

    The parts are those written: an offset is not applied.

    Args:
        text: string `[batch]`; surrounding blanks are ignored.

    Returns:
        `valid` (bool) and the parts: `days` since 1970-01-01, `weekday` 1 (Monday) to 7, `hour`
        0 to 23 (0 for a date alone). Where not valid, the parts are those of 1970-01-01.
    """
    text = tf.strings.strip(text)
    readable = tf.strings.regex_full_match(text, ISO_8601)
    # A date alone is midnight: with that appended, the hour is always at the same place.
    text = tf.where(readable, tf.strings.join([text, ' 00']), f'{_EPOCH} 00')
    year, month, day, hour = (
        tf.strings.to_number(tf.strings.substr(text, start, length), tf.int64)
        for start, length in ((0, 4), (5, 2), (8, 2), (11, 2))
    )
    valid = readable & _exists(year, month, day) & (hour < 24)
    year, month, day, hour = (
        tf.where(valid, part, tf.constant(epoch, tf.int64))
        for part, epoch in ((year, 1970), (month, 1), (day, 1), (hour, 0))
    )
    days = days_from_civil(year, month, day)
    # 1970-01-01 was a Thursday, the 4th day of the ISO week.
    weekday = tf.math.floormod(days + 3, 7) + 1
    return Dates(valid, days, year, month, day, weekday, hour)


def days_from_civil(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Count days since 1970-01-01 in the proleptic Gregorian calendar.

    Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil: years begin
    in March, so that the leap day is the last, and 400 of them (an era) have 146097 days.

    Args:
        year: int64.
        month: int64, 1 to 12.
        day: int64, 1 to the last of the month.

    Returns:
        int64, negative before 1970.
    """
    year = tf.where(month <= 2, year - 1, year)
    era = tf.math.floordiv(year, 400)
    year_of_era = year - era * 400
    day_of_year = (153 * tf.math.floormod(month + 9, 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468


def _exists(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Whether there is such a day in the calendar."""
    leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    lengths = tf.constant([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], tf.int64)
    length = tf.gather(lengths, tf.clip_by_value(month - 1, 0, 11))
    length += tf.cast(leap & (month == 2), tf.int64)
    return (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)

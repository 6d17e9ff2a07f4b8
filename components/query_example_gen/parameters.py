"""Values that a query names by `@name`: their types, and the days of a window."""

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, model_validator

from components.query_example_gen.errors import QueryError
from transforms.features import Settings

ParameterType = Literal['INT64', 'FLOAT64', 'BOOL', 'STRING', 'DATE', 'DATETIME', 'TIMESTAMP']

Scalar = bool | int | float | str

WINDOW_START, WINDOW_END = 'window_start', 'window_end'
"""Parameters that a window gives: its first day, and the day after its last."""

_PYTHON: dict[str, type] = {'INT64': int, 'FLOAT64': float, 'BOOL': bool, 'STRING': str}
_MOMENTS = ('DATE', 'DATETIME', 'TIMESTAMP')
_INT64 = range(-(2**63), 2**63)


class QueryParameter(Settings):
    """A typed value for `@name` in the query."""

    type: ParameterType = Field(description='BigQuery type; of a list, that of its elements.')
    value: Scalar | tuple[Scalar, ...] | None = Field(
        description='A value, a list of them for `IN UNNEST(@name)`, or null.'
    )

    @model_validator(mode='before')
    @classmethod
    def _of_its_type(cls, given: object) -> object:
        if not isinstance(given, Mapping) or not {'type', 'value'} <= set(given):
            return given
        value, type_ = given['value'], given['type']
        if isinstance(value, list | tuple):
            if not value:
                raise ValueError('a list of no values has no effect; leave the condition out')
            checked: object = tuple(_checked(element, type_) for element in value)
        else:
            checked = None if value is None else _checked(value, type_)
        return {**given, 'value': checked}

    def with_value(self, value: object) -> 'QueryParameter':
        """Return a parameter of the same type with another value.

        Raises:
            ValueError: The value is not of the type.
        """
        return type(self).model_validate({'type': self.type, 'value': value})


def _typed(given: object) -> object:
    """Give a value alone the type that it has in YAML."""
    if isinstance(given, Mapping | QueryParameter):
        return given
    element = given[0] if isinstance(given, list | tuple) and given else given
    match element:
        case bool():
            type_ = 'BOOL'
        case int():
            type_ = 'INT64'
        case float():
            type_ = 'FLOAT64'
        case datetime():
            type_ = 'TIMESTAMP' if element.tzinfo else 'DATETIME'
        case date():
            type_ = 'DATE'
        case str():
            type_ = 'STRING'
        case _:
            raise ValueError('give a value, a list of values, or {type: …, value: …}')
    return {'type': type_, 'value': given}


QueryParameters = dict[
    Annotated[str, Field(pattern=r'^[A-Za-z_][A-Za-z0-9_]*$')],
    Annotated[
        QueryParameter,
        BeforeValidator(_typed, json_schema_input_type=Scalar | list[Scalar] | QueryParameter),
    ],
]
"""Name -> typed value; in a recipe also a value alone, whose type is then plain."""


class Window(Settings):
    """The last days before the date of a run, as query parameters.

    A query takes them by `WHERE day >= @window_start AND day < @window_end`.
    """

    days: int = Field(ge=1, le=36_500, description='Days that the window holds.')
    lag: int = Field(
        0,
        ge=0,
        le=3_650,
        description='Days left out between the window and the date, as data for them still comes.',
    )

    def parameters(self, day: date) -> dict[str, QueryParameter]:
        """Return `@window_start`, its first day, and `@window_end`, the day after its last.

        The date of the run itself is not over yet, so the last day is the one before it.

        Args:
            day: Date of the run.
        """
        end = day - timedelta(days=self.lag)
        bounds = {WINDOW_START: end - timedelta(days=self.days), WINDOW_END: end}
        return {
            name: QueryParameter(type='DATE', value=bound.isoformat())
            for name, bound in bounds.items()
        }


def day_of(given: str, scheduled: str, time_zone: str) -> date:
    """Return the date of a run, which its window ends at.

    Args:
        given: The date itself, as 2026-01-31; '' where the schedule decides.
        scheduled: When the run was to start, as RFC 3339: 2026-01-31T03:00:00Z; '' if it is not
            known.
        time_zone: IANA name of the zone whose date that is; '' for UTC.

    Raises:
        QueryError: There is none, or it is not such a date, time or zone.
    """
    try:
        if given:
            return date.fromisoformat(given)
        moment = datetime.fromisoformat(scheduled)
        if moment.tzinfo is None or moment.year < 2000:
            raise ValueError
    except ValueError:
        raise QueryError(
            'data.window: it ends at the date of the run, which must be as 2026-01-31, got '
            f'{given or scheduled!r}; give the run a date'
        ) from None
    try:
        return moment.astimezone(ZoneInfo(time_zone or 'UTC')).date()
    except (KeyError, ValueError, OSError):
        raise QueryError(
            f'data.window: there is no time zone {time_zone!r}; expected a name such as '
            'Europe/Berlin'
        ) from None


def span_of(day: date) -> int:
    """Return the number of a date's span: its days since 1970-01-01, as TFX counts them."""
    return (day - date(1970, 1, 1)).days


def day_of_span(span: int) -> date:
    """Return the date whose span has a number."""
    return date(1970, 1, 1) + timedelta(days=span)


def _checked(value: object, type_: object) -> object:
    """Return a value as its type holds it in JSON.

    Raises:
        ValueError: It is not of the type.
    """
    if type_ in _MOMENTS:
        return _moment(value, str(type_))
    expected = _PYTHON.get(str(type_))
    if expected is None:
        return value  # that the type is unknown is told of `type`
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not expected:
        raise ValueError(f'expected a value of type {type_}, got {value!r}')
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f'expected a finite number, got {value!r}')
    if type_ == 'INT64' and value not in _INT64:
        raise ValueError(f'expected a number of 64 bits, got {value!r}')
    return value


def _moment(value: object, type_: str) -> str:
    """Return a date or time as BigQuery's literals have it; of a TIMESTAMP, in UTC."""
    forms = {'DATE': 'YYYY-MM-DD', 'DATETIME': 'YYYY-MM-DD HH:MM:SS'}
    expected = forms.get(type_, 'YYYY-MM-DD HH:MM:SS+00:00, with its offset from UTC')
    fault = ValueError(f'expected a {type_} as {expected}, got {str(value)!r}')
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise fault from None
    is_day = len(str(value)) == len('2020-01-31')
    if type_ == 'DATE':
        if not is_day:
            raise fault
        return str(value)
    if (type_ == 'TIMESTAMP') != (moment.tzinfo is not None):
        raise fault
    if moment.tzinfo:
        moment = (moment - (moment.utcoffset() or timedelta())).replace(tzinfo=None)
    return moment.isoformat(' ') + ('+00:00' if type_ == 'TIMESTAMP' else '')

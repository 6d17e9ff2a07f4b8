"""What a step is asked to read, from its execution properties."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from components.query_example_gen.parameters import day_of, span_of
from components.query_example_gen.settings import Data


def asked_for(exec_properties: Mapping[str, Any]) -> tuple[Data, int]:
    """Return what to read, its window as parameters, and the number of its span.

    Raises:
        QueryError: There is a window and no date, or parameters are not known.
    """
    data = settings_of(exec_properties)
    if data.window is None:
        return data, 0
    day = date_of(exec_properties)
    return data.at(day), span_of(day)


def settings_of(exec_properties: Mapping[str, Any]) -> Data:
    """Return what to read, before its window has a date.

    Raises:
        QueryError: Parameters are not known.
    """
    data = Data.model_validate_json(exec_properties['data'])
    return data.with_values(exec_properties.get('parameters') or '')


def date_of(exec_properties: Mapping[str, Any]) -> date:
    """Return the date of the run, which a window ends at.

    Raises:
        QueryError: There is none.
    """
    return day_of(*(exec_properties.get(key) or '' for key in ('date', 'scheduled', 'time_zone')))

"""What a step is asked to read, from its execution properties."""

from collections.abc import Mapping
from typing import Any

from components.query_example_gen.parameters import day_of, span_of
from components.query_example_gen.settings import Data


def asked_for(exec_properties: Mapping[str, Any]) -> tuple[Data, int]:
    """Return what to read, its window as parameters, and the number of its span.

    Raises:
        QueryError: There is a window and no date, or parameters are not known.
    """
    data = Data.model_validate_json(exec_properties['data'])
    data = data.with_values(exec_properties.get('parameters') or '')
    if data.window is None:
        return data, 0
    given = (exec_properties.get(key) or '' for key in ('date', 'scheduled', 'time_zone'))
    day = day_of(*given)
    return data.at(day), span_of(day)

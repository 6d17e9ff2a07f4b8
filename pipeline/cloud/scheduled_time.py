"""How the time that a run is scheduled for reaches its steps."""

from collections.abc import Mapping
from typing import Any

from pipeline.cloud.jobs import parameters_of

TIME_ZONE = 'time_zone'
"""Runtime parameter: the zone in which the date of a run is taken."""


def with_time_zone(
    template: Mapping[str, Any], given: Mapping[str, str], zone: str
) -> dict[str, str]:
    """Return the parameters of a schedule's runs, with its time zone if the pipeline asks for it.

    Vertex tells a step the scheduled time in UTC; which date that is depends on the zone.

    Args:
      template: The compiled pipeline.
      given: Parameters that were given.
      zone: IANA name.
    """
    if TIME_ZONE in parameters_of(template['pipelineSpec']) and TIME_ZONE not in given:
        return {**given, TIME_ZONE: zone}
    return dict(given)

"""When a schedule is due: a cron expression in a time zone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

FIELDS = 5
_ZONED = re.compile(r'(?:CRON_)?TZ=(?P<zone>\S+)\s+(?P<rest>.+)')


class CronError(ValueError):
    """A time that can't be used; one line."""


@dataclass(frozen=True)
class Cron:
    """Five fields of cron: minute, hour, day of the month, month, day of the week.

    Attributes:
      expression: The fields.
      zone: IANA name of the time zone that they are of.
    """

    expression: str
    zone: str = 'UTC'

    def __str__(self) -> str:
        """Return it as Vertex takes it: `TZ=Europe/Berlin 0 3 * * *`."""
        return f'TZ={self.zone} {self.expression}'

    def times(self, after: datetime) -> Iterator[datetime]:
        """Yield when it is due, in UTC.

        A time of day that is left out when clocks go forward is due at the end of the gap, and one
        that comes twice is due once, the first time.

        Args:
          after: With its time zone.
        """
        for at in CronSim(self.expression, after.astimezone(ZoneInfo(self.zone))):
            yield at.astimezone(UTC)


def parse_cron(text: str, zone: str | None) -> Cron:
    """Return a cron expression that was typed, with its time zone.

    Args:
      text: Five fields, with `TZ=ZONE` before them or not.
      zone: IANA name; None: that of the text, or UTC.

    Raises:
      CronError: It can't be read, names the zone twice, or is never due.
    """
    zoned = _ZONED.fullmatch(text.strip())
    if zoned and zone:
        raise CronError(f'{text!r} names a time zone and so does --time-zone {zone}; give one')
    name = (zoned['zone'] if zoned else zone) or 'UTC'
    expression = ' '.join((zoned['rest'] if zoned else text).split())
    zone_named(name)
    if len(expression.split()) != FIELDS:
        raise CronError(
            f'{text!r}: expected five fields (minute hour day month weekday), such as "0 3 * * *"'
        )
    try:
        next(CronSim(expression, datetime.now(ZoneInfo(name))))
    except CronSimError as error:
        raise CronError(f'{text!r} is no cron expression: {str(error).lower()}') from None
    except StopIteration:
        raise CronError(f'{text!r} is never due') from None
    return Cron(expression, name)


def zone_named(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
      CronError: There is none of the name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CronError(
            f'{name!r} is no time zone; expected an IANA name such as Europe/Berlin or UTC'
        ) from None

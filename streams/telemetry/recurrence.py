"""Recurrences by RFC 5545, in a site's own wall clock."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rruleset, rrulestr

_utc = re.compile(r"(\d{8}T\d{6})Z")
_FAULTS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


@lru_cache(maxsize=1024)
def recurrence(text: str, start: datetime, zone: ZoneInfo) -> rrule | rruleset:
    """Read a recurrence whose first occurrence begins at `start`; its occurrences are naive wall-clock times of `zone`.

    Times of the rule that are given in UTC (UNTIL, EXDATE, RDATE) become wall clock too, so that both forms work.

    Raises
    ------
    ValueError
        When the text is no recurrence.
    """

    def local(found: re.Match[str]) -> str:
        at = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        return at.astimezone(zone).strftime("%Y%m%dT%H%M%S")

    try:
        return rrulestr(_utc.sub(local, text), dtstart=start.astimezone(zone).replace(tzinfo=None), cache=True)
    except _FAULTS as error:
        raise ValueError(f"`rrule` must be a recurrence of RFC 5545: {error}") from None

"""Announced maintenance: when a window covers a device, recurring windows included."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from streams.telemetry.control import Maintenance
from streams.telemetry.recurrence import recurrence


class Window:
    """One announced window, once or by an RFC 5545 recurrence in the site's own wall clock."""

    def __init__(self, record: Maintenance, zone: ZoneInfo) -> None:
        self.record = record
        self.start = record.start.timestamp()
        self.length = record.end.timestamp() - self.start
        self.domains = frozenset(record.domains or ())
        self.devices = frozenset(record.devices or ())
        self.zone = zone

    def covers(self, domain: str, device: str, at: float) -> bool:
        """Whether the window is on for this device at Unix seconds `at`."""
        if (self.domains and domain not in self.domains) or (self.devices and device not in self.devices):
            return False
        if not self.record.rrule or at < self.start + self.length:
            return self.start <= at < self.start + self.length
        local = datetime.fromtimestamp(at, UTC).astimezone(self.zone).replace(tzinfo=None)
        last = recurrence(self.record.rrule, self.record.start, self.zone).before(local, inc=True)
        return last is not None and (local - last).total_seconds() < self.length

"""Announced maintenance: when a window covers a device, recurring windows included."""

from datetime import UTC, datetime
from math import inf
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

    @property
    def name(self) -> str:
        """Its id."""
        return self.record.id

    @property
    def owner(self) -> str | None:
        """Who announced it."""
        return self.record.owner

    @property
    def reason(self) -> str | None:
        """Why."""
        return self.record.reason

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return ", ".join([*sorted(self.devices), *sorted(self.domains)]) or "the whole site"

    def covers(self, domain: str, device: str, at: float) -> bool:
        """Whether the window is on for this device at Unix seconds `at`."""
        return self.begins(domain, device, at) is not None

    def begins(self, domain: str, device: str, at: float) -> float | None:
        """When the occurrence began that is on for this device at `at`, Unix seconds; None where none is."""
        return self._on(at) if self.touches(domain, device) else None

    def touches(self, domain: str, device: str) -> bool:
        """Whether the window is about this device, whenever it is on."""
        return not ((self.domains and domain not in self.domains) or (self.devices and device not in self.devices))

    def next(self, now: float) -> float:
        """When it is on next: `now` if it is on already, `inf` if never again, Unix seconds."""
        if self._on(now) is not None:
            return now
        if not self.record.rrule or now < self.start:
            return self.start if now < self.start else inf
        coming = recurrence(self.record.rrule, self.record.start, self.zone).after(self._local(now))
        return inf if coming is None else coming.replace(tzinfo=self.zone).timestamp()

    def holds(self, other: "Window") -> bool:
        """Whether another window is the same work at no other times: unchanged, or ended earlier."""
        same = (self.start, self.domains, self.devices, self.record.rrule)
        return other.length <= self.length and same == (other.start, other.domains, other.devices, other.record.rrule)

    def _on(self, at: float) -> float | None:
        if not self.record.rrule or at < self.start + self.length:
            return self.start if self.start <= at < self.start + self.length else None
        local = self._local(at)
        last = recurrence(self.record.rrule, self.record.start, self.zone).before(local, inc=True)
        if last is None or (local - last).total_seconds() >= self.length:
            return None
        return float(last.replace(tzinfo=self.zone).timestamp())

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).replace(tzinfo=None)

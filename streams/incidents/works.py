"""A site's announced work: when it was announced, and what it explains.

Work that is announced beforehand explains what its devices do meanwhile. It explains nothing that was seen before it
was announced, and a window that is announced in the middle of an attack explains nothing at all.
"""

from math import inf
from zoneinfo import ZoneInfo

from mypy_extensions import mypyc_attr

from detectors.alarm.sudden_maintenance import NOTICE_S
from detectors.base import Sign
from detectors.state import Part
from streams.incidents.maintenance import Window
from streams.telemetry.control import Maintenance


@mypyc_attr(allow_interpreted_subclasses=True)
class Notice(Part):
    """When a window was announced as it stands now (arrival clock), and from which start on its occurrences count."""

    __slots__ = ("at", "since")

    def __init__(self, at: float) -> None:
        self.at = at
        self.since = -inf


class Works:
    """The windows of one site.

    Attributes
    ----------
    records
        What was announced, by id.
    notices
        Of those that were announced while the site was watched; the others were always there.
    """

    def __init__(self) -> None:
        self.records: dict[str, Maintenance] = {}
        self.notices: dict[str, Notice] = {}
        self.zone = ZoneInfo("UTC")
        self._windows: dict[str, Window] = {}

    def put(self, key: str, record: Maintenance | None, now: float | None) -> Window | None:
        """Take what is announced at arrival clock `now`, or drop it; returns the window if it covers more than before.

        `now` is None for what was announced before the site was first heard of.
        """
        before, window = self._windows.pop(key, None), None
        self.records.pop(key, None)
        if record is not None:
            self.records[key], window = record, Window(record, self.zone)
            self._windows[key] = window
        wider = window is not None and not (before is not None and before.holds(window))
        if now is not None and window is not None and wider:
            self.notices[key] = Notice(now)
            return window
        if record is None:
            self.notices.pop(key, None)
        return None

    def doubt(self, key: str, now: float, sign: Sign) -> None:
        """Let a window explain nothing that was announced in the night or during an incident, as the sign says."""
        if sign.evidence["incident"] or sign.evidence["closed"]:
            self.notices[key].since = now + NOTICE_S

    def move(self, zone: ZoneInfo) -> None:
        """Take the site's time zone, in which recurrences are meant."""
        self.zone = zone
        self._windows = {key: Window(record, zone) for key, record in self.records.items()}

    def covers(self, domain: str, device: str, at: float) -> bool:
        """Whether announced work explains what this device does at Unix seconds `at`."""
        return self.explains(domain, device, at, inf)

    def explains(self, domain: str, device: str, at: float, seen: float) -> bool:
        """Whether it does so for what was first seen at arrival clock `seen`."""
        return any(self._holds(key, seen, window.begins(domain, device, at)) for key, window in self._windows.items())

    def _holds(self, key: str, seen: float, begins: float | None) -> bool:
        notice = self.notices.get(key)
        return begins is not None and (notice is None or (begins >= notice.since and notice.at < seen))

    def fill(self, records: dict[str, Maintenance]) -> None:
        """Take back what a snapshot carries."""
        self.records = records
        self.move(self.zone)

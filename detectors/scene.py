"""What is known of a site while an event is judged: its clock, its hours, its doors, its goods, its supply."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from detectors.elsewhere import Elsewhere, Nowhere, Place
from detectors.goods import Goods
from detectors.grid import Grid
from detectors.hours import Hours
from detectors.power.battery import unfed
from detectors.presence import Presence
from detectors.sight import Sight
from detectors.state import dump, fill
from detectors.supply import Supply
from detectors.tags import GENERATION

KEPT = ("first", "heard", "armed", "signed", "hours", "goods", "supply", "grid", "presence", "sight")
"""What of a scene a snapshot carries; the rest is declared or belongs to the moment."""

GOODS = ("rfid.", "shipment.")
"""How the kinds of telemetry begin that goods are reconciled by."""

BY_DAY = 0.5
"""How far a closed site counts as staffed by day, 0–1: neighbours, sun, birds and passers-by do what people do."""
DAY = (7, 19)
"""First hour of the day, and the first after it."""

STALE_S = 1200.0
"""What arrives later than that says nothing about the grid now, s."""


class Item(Protocol):
    """A registered piece of goods."""

    @property
    def epc(self) -> str: ...
    @property
    def tid(self) -> str | None: ...
    @property
    def imei(self) -> str | None: ...
    @property
    def value(self) -> float | None: ...


class Registry(Protocol):
    """What is known beyond the site: registered goods and the watch list.

    Plates are looked up in upper case, letters and digits only, chips in upper case.
    """

    def item(self, epc: str) -> Item | None: ...
    def item_of(self, tid: str) -> Item | None: ...
    def watched(self, what: str, value: str, now: float) -> str | None: ...
    def resembling(self, plate: str, now: float) -> str | None: ...


class Works(Protocol):
    """Announced maintenance."""

    def covers(self, domain: str, device: str, at: float) -> bool: ...


class Scene:
    """The site as the detectors see it.

    Attributes
    ----------
    time
        Event time of what is being judged, Unix seconds.
    clock
        Arrival clock, Unix seconds.
    first
        When the site was first heard of (arrival clock), Unix seconds.
    heard
        When the last object of any device arrived (arrival clock), Unix seconds.
    armed
        Whether the intruder alarm is set; None until the first open or close.
    declared
        Domain and interval, s, of the periodic devices that the site declares.
    feeds
        The feeds that the site declares.
    elsewhere
        What the other sites tell.
    place
        Where the site stands, if it is declared.
    troubled
        Whether an incident is open that somebody should look at.
    evidence
        Domain and device of what counts as evidence right now.
    """

    def __init__(self, registry: Registry, elsewhere: Elsewhere | None = None) -> None:
        self.registry = registry
        self.elsewhere = elsewhere or Nowhere()
        self.place: Place | None = None
        self.time = 0.0
        self.clock = 0.0
        self.first = 0.0
        self.heard = 0.0
        self.zone = ZoneInfo("UTC")
        self._quarter = -1.0
        self._offset = 0.0
        self._zone: ZoneInfo | None = None
        self._at = -1.0
        self._local = datetime.fromtimestamp(0.0, UTC)
        self.armed: bool | None = None
        self.signed = 0.0
        """When the alarm was last set or unset, Unix seconds."""
        self.hours = Hours()
        self.goods = Goods()
        self.supply = Supply()
        self.grid = Grid()
        self.presence = Presence()
        self.sight = Sight()
        self.works: Works | None = None
        self.troubled = False
        self.evidence: Collection[tuple[str, str]] = ()
        self.declared: dict[str, tuple[str, float]] = {}
        self.feeds: frozenset[str] = frozenset()
        self.dropped = 0
        """tags forgotten for lack of room, not yet counted"""

    def declare(self, profile: Any) -> None:
        """Take what the site declares of itself."""
        self.zone = ZoneInfo(profile.timezone or "UTC")
        spans = None
        if profile.opening_hours is not None:
            spans = [(span.days, span.start, span.end) for span in profile.opening_hours]
        self.hours.declare(spans)
        devices = profile.devices or ()
        self.declared = {d.device: (d.domain, d.interval_s) for d in devices if d.interval_s is not None}
        self.feeds = frozenset(profile.feeds or ())
        where = profile.location
        self.place = None if where is None else (where.latitude, where.longitude)

    def learn_one(self, kind: str, event: Any) -> None:
        """Take one telemetry object of type `kind` at `self.time`, after the detectors judged it."""
        streams = self.presence.streams.get(kind)
        if streams is None:
            if kind == "alarm.signal":
                self._signal(event)
            elif kind.startswith(GOODS):
                self._learn_goods(kind, event)
                if kind not in ("shipment.planned", "shipment.gate"):
                    self.worked(1)
            return
        apart = kind == "alarm.heartbeat" and event.path == "cellular"
        self.presence.heard(streams, event.device, self.time, self.clock, apart)
        if kind == "power.reading":
            self.supply.reading(event.feed, event.voltage, self.time)
            if self.time > self.clock - STALE_S:
                self.grid.reading(event.feed, event.voltage, self.time, self.clock)
        elif kind == "power.status":
            self.supply.status(event.device, set(event.status), self.time)
            if self.time > self.clock - STALE_S:
                self.grid.status(event, unfed(event), self.time, self.clock)

    def _signal(self, event: Any) -> None:
        if event.code in ("OP", "CL"):
            before, self.armed = self.armed, False  # whoever sets it is still there
            self.worked(3)
            # What comes late may come in any order; a clock that was ahead does not silence the next signal.
            self.armed = before if self.time < self.signed else event.code == "CL"
            self.signed = max(self.signed, min(self.time, self.clock))

    def _learn_goods(self, kind: str, event: Any) -> None:
        tags = self.goods.labels.tags
        oldest = tags.chips[0]
        self.goods.learn_one(kind, event, self.time)
        if tags.chips[0] is not oldest:
            self.dropped += GENERATION

    def worked(self, work: int) -> None:
        """Learn that people did `work` things at `self.time`; what is done while the alarm is set is no routine."""
        self.hours.learn_one(self.time, self.local, work, doubted=bool(self.armed))

    def freeze(self) -> dict[str, Any]:
        """What was learnt of the site, as plain data."""
        return dump(self, KEPT)

    def thaw(self, data: dict[str, Any]) -> None:
        """Take back what `freeze` gave."""
        fill(self, data)

    def local(self, at: float) -> datetime:
        """Wall clock of the site at Unix seconds `at` (labelled UTC: only its digits are meant)."""
        if at == self._at and self.zone is self._zone:
            return self._local
        self._at, self._local = at, datetime.fromtimestamp(at + self._shift(at), UTC)
        return self._local

    def wall(self, at: float) -> tuple[int, int, int]:
        """Day of the week (0 is Monday), hour and minute of that wall clock, without the rest of a date."""
        minute = int((at + self._shift(at)) // 60.0)
        return (minute // 1440 + 3) % 7, minute // 60 % 24, minute % 60

    def _shift(self, at: float) -> float:
        """Seconds by which the site's wall clock is ahead of UTC."""
        quarter = at // 900.0  # offsets from UTC change at whole quarters of an hour
        if quarter != self._quarter or self.zone is not self._zone:
            offset = datetime.fromtimestamp(quarter * 900.0, UTC).astimezone(self.zone).utcoffset()
            self._offset = offset.total_seconds() if offset is not None else 0.0
            self._quarter, self._zone = quarter, self.zone
        return self._offset

    def open(self, at: float) -> bool:
        """Whether people are expected at work: by declared hours, else by what was learnt of its activity."""
        return self.hours.open(self.local(at))

    def staffed(self, at: float) -> float:
        """How far people are at work, 0–1; half for a closed site whose alarm is not set.

        Likewise for an open one whose alarm is set, if people work there then, and nobody if they never do.
        """
        open_now = self.open(at)
        if self.armed is None or at < self.clock - 3600.0:
            people = float(open_now)
        elif self.armed:
            people = 0.5 * (open_now and self.hours.guarded())
        else:
            people = 0.5 + 0.5 * open_now
        return max(people, BY_DAY) if DAY[0] <= self.wall(at)[1] < DAY[1] else people

    def maintained(self, domain: str, device: str, at: float) -> bool:
        """Whether announced work covers this device then."""
        return self.works is not None and self.works.covers(domain, device, at)

    def age(self) -> float:
        """Seconds since the site was first heard of."""
        return self.clock - self.first

"""Several sites at once: telemetry in, what was decided out, with or without the sites spread over partitions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from detectors.elsewhere import DELAY_S
from streams.incidents.model import Fact, Finding, Incident, Output
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.telemetry.control import Control, Maintenance, SiteProfile, Verdict
from streams.telemetry.decode import LANES, Arrival
from streams.telemetry.decode import decode as read

START = datetime(2026, 3, 3, 1, tzinfo=UTC).timestamp()
"""A Tuesday, an hour past midnight: `t` counts from here."""
PLACES = {
    "FR-95-ROISSY": (49.00, 2.52),
    "FR-77-MITRY": (48.98, 2.62),
    "FR-93-DUGNY": (48.95, 2.41),
    "LYON": (45.7, 4.9),
}
ROISSY, MITRY, DUGNY, LYON = PLACES
DOMAIN = {tag: domain for domain, lane in LANES.items() for tag in lane.types}

Row = tuple[float, Arrival]


def profile(site: str, declared: bool) -> SiteProfile:
    """Opening hours on weekdays, and where the site is if that is declared."""
    body: dict[str, Any] = {"site": site, "opening_hours": [{"days": [1, 2, 3, 4, 5], "from": "06:00", "to": "20:00"}]}
    if declared:
        body["location"] = dict(zip(("latitude", "longitude"), PLACES[site], strict=True))
    return msgspec.convert({"type": "site.profile", **body}, SiteProfile)


def says(site: str, t: float, kind: str, device: str, **fields: Any) -> Row:
    """One object that is sent and arrives `t` seconds after START."""
    time = datetime.fromtimestamp(START + t, UTC).isoformat(timespec="milliseconds")
    body = {"type": kind, "site": site, "device": device, "time": time, **fields}
    arrivals, refused = read(DOMAIN[kind], site.encode(), msgspec.json.encode(body), START + t)
    assert not refused, refused
    return START + t, arrivals[0]


def supply(site: str, until: float, dark: float, offset: float = 0.0, ups: bool = True, back: float = 1e9) -> list[Row]:
    """A meter every three minutes and a UPS that tells at once; the grid fails at `dark` and comes `back`."""
    rows = []
    for n in range(int(until // 180)):
        t = 180.0 * n + offset
        volts = 0.3 if dark <= t < back else 231.0
        rows.append(says(site, t, "power.reading", "meter-a", feed="grid-a", voltage=volts, frequency=volts and 50.0))
        if ups:
            flags = ["OB"] if dark <= t < back else ["OL"]
            rows.append(says(site, t + 1, "power.status", "ups-1", status=flags, input_voltage=volts))
    if ups and dark < until:
        rows.append(says(site, dark + 1, "power.status", "ups-1", status=["OB"], input_voltage=0.0))
    return rows


def burgled(site: str, t: float) -> list[Row]:
    """The panel is opened and the recorder's disks are taken."""
    disks: dict[str, Any] = {"disks_expected": 4, "recording": True}
    return [
        *(says(site, n * 600.0, "recorder.status", "nvr", disks=4, **disks) for n in range(int(t // 600))),
        says(site, t, "alarm.signal", "panel", code="TA", zone="1"),
        says(site, t + 20, "alarm.signal", "panel", code="BV", zone="2"),
        says(site, t + 60, "recorder.status", "nvr", disks=2, **disks),
        says(site, t + 90, "recorder.status", "nvr", disks=0, disks_expected=4, recording=False),
    ]


def lorry(site: str, t: float, plate: str, likelihood: float = 0.97, direction: str = "in") -> Row:
    return says(site, t, "shipment.gate", "gate", plate=plate, direction=direction, likelihood=likelihood)


class Estate:
    """Sites in one shard, or dealt out to several that hear of each other's facts as workers do.

    Parameters
    ----------
    parts
        The sites of each shard.
    """

    def __init__(self, *parts: Sequence[str], declared: bool = True) -> None:
        self.shards = {tuple(part): Shard(Registry()) for part in parts}
        self.out: list[Output] = []
        self.clock = START - 1.0
        for part, shard in self.shards.items():
            shard.advance(self.clock, [], [profile(site, declared) for site in part])

    def live(self, rows: Iterable[Row], until: float = 0.0) -> "Estate":
        """Pass the rows, and the time up to `until` seconds after START, tick by tick."""
        waiting = sorted(rows, key=lambda row: row[0])
        last = max(START + until, waiting[-1][0] + 15.0 if waiting else 0.0)
        while self.clock < last:
            self.clock += 1.0
            now = [arrival for at, arrival in waiting if at <= self.clock]
            del waiting[: len(now)]
            for part, shard in self.shards.items():
                self._take(shard, [one for one in now if one.event.site in part], [])
        return self

    def announce(self, site: str, name: str, start: float, end: float, **more: Any) -> None:
        """Announce work from `start` to `end`, seconds after START, in the second that begins now."""
        span = {key: datetime.fromtimestamp(START + at, UTC) for key, at in (("start", start), ("end", end))}
        record = msgspec.convert({"type": "site.maintenance", "id": name, "site": site, **span, **more}, Maintenance)
        self.clock += 1.0
        for part, shard in self.shards.items():
            if site in part:
                self._take(shard, [], [record])

    def judge(self, incident: Incident, verdict: str) -> None:
        """Give a verdict."""
        body = {"type": "incident.verdict", "incident": incident.id, "site": incident.site, "verdict": verdict}
        record = msgspec.convert({**body, "by": "a", "time": datetime.fromtimestamp(self.clock, UTC)}, Verdict)
        for part, shard in self.shards.items():
            if incident.site in part:
                self._take(shard, [], [record])

    def _take(self, shard: Shard, arrivals: list[Arrival], controls: list[Control]) -> None:
        # The facts as late as may be, and twice: on time is all that counts.
        due = self.clock - DELAY_S
        facts = [one.body for one in self.out if isinstance(one.body, Fact) and due - 3.0 <= one.body.clock < due]
        self.out += shard.advance(self.clock, arrivals, [*facts, *controls])

    @property
    def incidents(self) -> dict[str, Incident]:
        """Incidents by id as they stand."""
        return {one.body.id: one.body for one in self.out if isinstance(one.body, Incident)}

    def at(self, site: str) -> Incident:
        """Return the one incident of a site."""
        [found] = [one for one in self.incidents.values() if one.site == site]
        return found

    def findings(self, detector: str) -> list[Finding]:
        """Return a detector's findings, in the order of decision."""
        return [one.body for one in self.out if isinstance(one.body, Finding) and one.body.detector == detector]

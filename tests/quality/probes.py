"""Stopwatches: from the first record that shows a definite fact to the first finding of it."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from streams.incidents.model import Finding
from streams.local.simulator.calendar import stamp
from streams.local.simulator.scenarios import Label
from streams.local.simulator.site import Site
from streams.local.simulator.world import Silence, World
from streams.telemetry.recording import Line

Body = dict[str, Any]
FACTS = {"supply cut": "power", "recorder's disks pulled": "camera", "footage deleted": "camera", "disarmed": "alarm"}
"""Names of the stages that are definite, and their domain."""
PATIENCE = 1800.0
"""Seconds after which a finding is of something else."""
TOLD = ("Device/HardwareFailure/StorageFailure", "RecordingHistory/DeleteTrackData")


class Onset:
    """One definite fact at one site; `delay` is seconds on the arrival clock, None until it is found."""

    def __init__(self, site: Site, since: float, name: str) -> None:
        self.site, self.since, self.name = site, since, name
        self.domain = FACTS[name]
        self.topic, self.key = f"telemetry.{self.domain}", site.id.encode()
        self.live = {meter.feed for meter in site.meters if meter.feed != "ups"}
        self.seen: float | None = None
        self.delay: float | None = None

    def read(self, clock: float, line: Line) -> None:
        """Look for the first record that shows it."""
        if self.seen is None and clock >= self.since and line.topic == self.topic and line.key == self.key:
            told = msgspec.json.decode(line.value or b"null")
            if any(self._shows(body) for body in (told if isinstance(told, list) else [told])):
                self.seen = clock

    def take(self, clock: float, finding: Finding) -> None:
        """Look for the first finding of it."""
        if (
            self.seen is None
            or clock < self.seen
            or self.delay is not None
            or (finding.site, finding.domain) != (self.site.id, self.domain)
        ):
            return
        if self.domain == "power" or finding.device in self._devices():
            self.delay = clock - self.seen

    def _devices(self) -> tuple[str, ...]:
        return (self.site.recorder.name,) if self.domain == "camera" else (self.site.panel.name, "")

    def _shows(self, body: object) -> bool:
        if not isinstance(body, dict):
            return False
        match body.get("type"):
            case "power.status":
                return "OB" in body["status"] and "CAL" not in body["status"]
            case "power.reading" if body["voltage"] < 20:
                self.live.discard(body["feed"])
                return not self.live
            case "recorder.status":
                jumped = body.get("oldest_footage", "") > stamp(self.since - 2 * 86400)
                return jumped or body["disks"] < body["disks_expected"] - 1 or not body["recording"]
            case "camera.event":
                return body["topic"] in TOLD and body["state"] is True and body["time"] >= stamp(self.since)
            case "alarm.signal":
                return bool(body["code"] == "OP")
        return False


class Probes:
    """All stopwatches of one estate."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sites = {site.id: site for site in world.sites}
        self.onsets: list[Onset] = []
        self.silences: list[float | None] = []
        """Learnt intervals from a device's last report to the finding, for each silence of at least five."""
        self._labels = self._silent = 0
        self._watched: list[Silence] = []

    def watch(self, lines: Iterable[tuple[float, Line]]) -> Iterator[tuple[float, Line]]:
        """Pass lines on, looking at them."""
        for clock, line in lines:
            if len(self.world.labels) > self._labels:
                self._start(self.world.labels[self._labels])
                self._labels += 1
            for onset in self.onsets:
                onset.read(clock, line)
            yield clock, line

    def take(self, clock: float, finding: Finding) -> None:
        """Take a finding at its arrival clock."""
        for onset in self.onsets:
            onset.take(clock, finding)
        self._refresh(clock)
        for silence in self._watched:
            if silence.site == finding.site and silence.device == finding.device and silence.last < clock:
                self.silences.append((clock - silence.last) / silence.interval)
                self._watched.remove(silence)
                break

    def close(self) -> None:
        """Give up on what has not been found."""
        self._refresh(float("inf"))

    def _start(self, label: Label) -> None:
        for stage in label.stages:
            if stage.name in FACTS and label.kind == "attack":
                self.onsets.append(Onset(self.sites[label.site], stage.time - 1, stage.name))

    def _refresh(self, clock: float) -> None:
        known = self.world.silences
        for silence in known[self._silent :]:
            if silence.end - silence.last >= 5 * silence.interval + 60:
                self._watched.append(silence)
        self._silent = len(known)
        for silence in [one for one in self._watched if one.end + 60 < clock]:
            self._watched.remove(silence)
            self.silences.append(None)

"""Who is heard at a site, and in what rhythm: interval, jitter, delay and losses of every periodic stream."""

from math import ceil, inf

from detectors.rhythm import LEAST, STEADY, Stream, needed
from detectors.state import Part

DOMAINS = {
    "power.reading": "power",
    "power.status": "power",
    "alarm.heartbeat": "alarm",
    "camera.status": "camera",
    "recorder.status": "camera",
}
"""Types that are sent by the clock; and their domains; of the others silence says nothing."""
FORGOTTEN_S = 14 * 86400.0
"""A device that was silent for so long is no longer there."""
MOST = 4000
"""Streams of one type that are kept at most."""
AT_ONCE = MOST // 20
"""How many of them go when there are more: finding the longest silent takes a while."""
SEVERED = 0.85
"""Share of the periodic streams that must be late for the site to count as cut off."""
BACKLOG_S = 600.0
"""How long what was held back by a break comes after it, s."""
SOUND_S = 300.0
"""How long a site that was found connected is not asked again, s."""


class Presence(Part):
    """All periodic streams of a site, and whether its line to us is up.

    Attributes
    ----------
    streams
        By type, then by device.
    latest
        When any periodic message last arrived over the common line, by the arrival clock, s; old ones don't count: what
        was held back says nothing of who is there now.
    latest_apart
        When one last arrived by a line of its own (cellular), by the arrival clock, s.
    apart
        The devices that have such a line.
    since
        Since when the line has been up without a break, s; 0 before the first.
    pulse
        Usual time between two arrivals, s.
    sound
        Until when the site can't count as severed, whatever falls silent, by the arrival clock, s.
    """

    def __init__(self) -> None:
        self.streams: dict[str, dict[str, Stream]] = {kind: {} for kind in DOMAINS}
        self.latest = 0.0
        self.latest_apart = 0.0
        self.apart: set[str] = set()
        self.since = 0.0
        self.pulse = 10.0
        self.sound = 0.0

    def heard(self, streams: dict[str, Stream], device: str, time: float, clock: float, apart: bool = False) -> None:
        """Take an object of one of the types in `streams`, of event time `time`, that arrived at `clock`, Unix seconds.

        With `apart` it came by a line of its own (cellular) and says nothing of the one that the others share.
        """
        stream = streams.get(device)
        if apart:
            self.latest_apart = clock
            if stream is None:
                self.apart.add(device)
        elif clock != self.latest and (stream is None or not stream.stale(clock - time)):
            self._beat(stream, clock)
        if stream is None:
            self._meet(streams, device, Stream(time, clock))
        else:
            stream.heard(time, clock)

    def hearing(self, now: float) -> bool:
        """Whether what ends would be heard: the line is up, and was long enough for what a break held back to come."""
        return self.latest == 0.0 or (not self._broken(now) and now - self.since >= BACKLOG_S)

    def due(self, stream: Stream, now: float) -> float:
        """When silence of this stream is past chance, by the arrival clock, or a moment after `now` before it is.

        `inf` for a stream without a rhythm.
        """
        interval = stream.interval
        if stream.steady < STEADY or interval <= 0.0:
            return inf
        start = stream.last if stream.last > self.since else self.since
        if start + LEAST * interval > now:
            return start + LEAST * interval
        return start + needed(stream.loss) * interval + stream.grace()

    def skipped(self, stream: Stream, now: float) -> int:
        """How many messages of this stream should have come since the last one and did not."""
        if stream.steady < STEADY or stream.interval <= 0.0:
            return 0
        silent = min(now, self.latest) - max(stream.last, self.since) - stream.grace()
        return max(int(silent / stream.interval), 0)

    def severed(self, now: float, learn: bool = True) -> bool:
        """Whether nearly everything of several domains fell silent: it is the line or the site then, not devices.

        Who only looks on, at moments that are not in the log, must not have it remembered when to look again.
        """
        if now < self.sound:
            return False
        deadlines = []
        domains = set()
        for kind, streams in self.streams.items():
            for stream in streams.values():
                if stream.steady >= STEADY and now - stream.last < 86400.0:
                    deadline = stream.last + stream.interval + stream.grace()
                    deadlines.append(deadline)
                    if now > deadline:
                        domains.add(DOMAINS[kind])
        enough = ceil(SEVERED * len(deadlines))
        if not deadlines:
            return False
        # deadlines only move on: before this many of today's have passed, no later look can find so many
        deadlines.sort()
        if now <= deadlines[enough - 1]:
            if learn:
                self.sound = min(deadlines[enough - 1], now + SOUND_S)
            return False
        return len(domains) > 1

    def coverage(self, now: float) -> dict[str, tuple[int, int]]:
        """Tell for each domain how many of its periodic devices are live at `now`, and how many are known."""
        found: dict[str, tuple[int, int]] = {}
        for kind, streams in self.streams.items():
            known = live = 0
            for stream in streams.values():
                due = self.due(stream, now)
                if due < inf:
                    known += 1
                    live += due > now
            if known:
                before = found.get(DOMAINS[kind], (0, 0))
                found[DOMAINS[kind]] = before[0] + live, before[1] + known
        return found

    def _broken(self, now: float) -> bool:
        """Whether nothing was heard for so long that it is the line."""
        return now - self.latest > 8.0 * self.pulse + 60.0

    def _beat(self, stream: Stream | None, clock: float) -> None:
        pause = clock - self.latest
        broken = self.latest and self._broken(clock)
        if broken and (stream is None or clock > stream.last + stream.interval + stream.grace()):
            self.since = clock
        pulse = self.pulse
        self.pulse = pulse + 0.02 * ((pause if pause < 10.0 * pulse else 10.0 * pulse) - pulse)
        self.latest = clock

    def _meet(self, streams: dict[str, Stream], device: str, stream: Stream) -> None:
        if len(streams) >= MOST or len(streams) % 100 == 99:
            oldest = sorted(streams, key=lambda name: (streams[name].last, name))
            surplus = AT_ONCE if len(streams) >= MOST else 0
            for index, name in enumerate(oldest):
                if index < surplus or stream.last - streams[name].last > FORGOTTEN_S:
                    del streams[name]
        streams[device] = stream

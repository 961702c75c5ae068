"""Who is heard at a site, and in what rhythm: interval, jitter, delay and losses of every periodic stream."""

from collections.abc import Iterator
from math import ceil, inf, log

from detectors.state import part

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
STEADY = 0.6
"""How regular a stream must be to be missed."""
SEVERED = 0.85
"""Share of the periodic streams that must be late for the site to count as cut off."""
SOUND_S = 300.0
"""How long a site that was found connected is not asked again, s."""
LEAST = 2
"""Intervals that must pass before any stream is missed."""


@part
class Stream:
    """One type of one device.

    Attributes
    ----------
    last
        When it was last known alive, by the arrival clock, s.
    time
        Newest event time, s.
    interval, jitter
        Its rhythm and the usual deviation from it, s.
    lag, wobble
        Usual delay of arrival (the device's wrong clock included) and its deviation, s.
    loss, n
        Share of its messages that never come, and of how many that was learnt.
    steady
        How regular it is, 0–1; only a regular stream can be missed.
    odd
        Odd gaps in succession: three alike are a new rhythm.
    """

    __slots__ = ("interval", "jitter", "lag", "last", "loss", "n", "odd", "steady", "time", "wobble")

    def __init__(self, time: float, clock: float) -> None:
        self.last = clock
        self.time = time
        self.interval = 0.0
        self.jitter = 0.0
        self.lag = min(max(clock - time, -600.0), 600.0)
        self.wobble = 0.0
        self.loss = 0.01
        self.n = 20.0
        self.steady = 0.4
        self.odd = 0

    def heard(self, time: float, clock: float) -> None:
        """Take a message of event time `time` that arrived at `clock`."""
        late = clock - time - self.lag
        if late > 60.0 and late > self.interval:
            self.last = max(self.last, time + self.lag)
        else:
            self.last = clock
            self.wobble += 0.1 * (abs(late) - self.wobble)
            self.lag += 0.1 * late
        interval, gap = self.interval, time - self.time
        if gap <= 0.0:
            return
        self.time = time
        if 0.7 * interval <= gap <= 1.5 * interval:
            off = gap - interval
            self.interval = interval + 0.1 * off
            self.jitter += 0.1 * (abs(off) - self.jitter)
            self._lose(0)
            self.steady += 0.1 * (1.0 - self.steady)
            self.odd = 0
        elif interval:
            self._odd(gap, gap / interval)
        else:
            self.interval = gap

    def _odd(self, gap: float, ratio: float) -> None:
        """Take a gap that is not this stream's interval, but `ratio` times as long."""
        self.odd += 1
        skipped = round(ratio)
        if self.odd >= 3:
            self.interval = gap
            self.odd = 0
            self.steady *= 0.8
        elif ratio > 1.5 and abs(ratio - skipped) <= 0.3 and skipped <= 4:
            self._lose(skipped - 1)
        elif skipped <= 50:
            self.steady *= 0.9

    def _lose(self, skipped: int) -> None:
        """Learn that a message came, after so many that did not."""
        self.n = min(self.n + 1.0 + skipped, 250.0)
        self.loss += ((1.0 - self.loss) * skipped - self.loss) / self.n

    def grace(self) -> float:
        """How late it may be without being late, s."""
        return 4.0 * (self.jitter + self.wobble) + (self.interval if self.interval < 5.0 else 5.0)


@part
class Presence:
    """All periodic streams of a site, and whether its line to us is up.

    Attributes
    ----------
    streams
        By type, then by device.
    latest
        When any periodic message last arrived over the common line, by the arrival clock, s.
    since
        Since when the line has been up without a break, s.
    pulse
        Usual time between two arrivals, s.
    sound
        Until when the site can't count as severed, whatever falls silent, by the arrival clock, s.
    """

    def __init__(self) -> None:
        self.streams: dict[str, dict[str, Stream]] = {kind: {} for kind in DOMAINS}
        self.latest = 0.0
        self.since = 0.0
        self.pulse = 10.0
        self.sound = 0.0

    def heard(self, kind: str, device: str, time: float, clock: float, apart: bool = False) -> None:
        """Take an object of type `kind` of event time `time` that arrived at `clock`, Unix seconds.

        With `apart` it came by a line of its own (cellular) and says nothing of the one that the others share.
        """
        streams = self.streams.get(kind)
        if streams is None:
            return
        stream = streams.get(device)
        if clock != self.latest and not apart:
            self._beat(stream, clock)
        if stream is None:
            self._meet(streams, device, Stream(time, clock))
        else:
            stream.heard(time, clock)

    def due(self, stream: Stream, now: float) -> float:
        """When silence of this stream is past chance, by the arrival clock, or a moment after `now` before it is.

        `inf` for a stream without a rhythm.
        """
        interval = stream.interval
        if stream.steady < STEADY or interval <= 0.0:
            return inf
        start = max(stream.last, self.since)
        if start + LEAST * interval > now:
            return start + LEAST * interval
        return start + needed(stream.loss) * interval + stream.grace()

    def skipped(self, stream: Stream, now: float) -> int:
        """How many messages of this stream should have come since the last one and did not."""
        if stream.steady < STEADY or stream.interval <= 0.0:
            return 0
        silent = min(now, self.latest) - max(stream.last, self.since) - stream.grace()
        return max(int(silent / stream.interval), 0)

    def severed(self, now: float) -> bool:
        """Whether nearly everything of several domains fell silent: it is the line or the site then, not devices."""
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
            self.sound = min(deadlines[enough - 1], now + SOUND_S)
            return False
        return len(domains) > 1

    def census(self, now: float) -> Iterator[tuple[str, bool]]:
        """Tell for each periodic device its domain, and whether it should have spoken by `now` and did not."""
        for kind, streams in self.streams.items():
            domain = "camera" if kind.startswith("recorder") else kind.partition(".")[0]
            for stream in streams.values():
                yield domain, self.due(stream, now) < now

    def _beat(self, stream: Stream | None, clock: float) -> None:
        pause = clock - self.latest
        if pause > 8.0 * self.pulse + 60.0 and (
            stream is None or clock > stream.last + stream.interval + stream.grace()
        ):
            self.since = clock
        self.pulse += 0.02 * (min(pause, 10.0 * self.pulse) - self.pulse)
        self.latest = clock

    def _meet(self, streams: dict[str, Stream], device: str, stream: Stream) -> None:
        if len(streams) >= MOST or len(streams) % 100 == 99:
            oldest = sorted(streams, key=lambda name: (streams[name].last, name))
            surplus = max(len(streams) - MOST + 1, 0)
            for index, name in enumerate(oldest):
                if index < surplus or stream.last - streams[name].last > FORGOTTEN_S:
                    del streams[name]
        streams[device] = stream


def needed(loss: float) -> int:
    """How many intervals must pass in silence before chance is no explanation, at this share of lost messages."""
    return min(max(ceil(log(2e-6) / log(max(min(loss, 0.5), 0.001))), LEAST), 8)

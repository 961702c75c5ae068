"""Who is heard at a site, and in what rhythm: interval, jitter, delay and losses of every periodic stream."""

from collections.abc import Iterator
from math import ceil, log

from detectors.state import part

PERIODIC = ("power.reading", "power.status", "alarm.heartbeat", "camera.status", "recorder.status")
"""Types that are sent by the clock; the others are sent when something happens, and silence says nothing of them."""
FORGOTTEN_S = 14 * 86400.0
"""A device that was silent for so long is no longer there."""
MOST = 4000
"""Streams of a site that are kept at most."""


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
    loss
        Share of its messages that never come.
    steady
        How regular it is, 0–1; only a regular stream can be missed.
    odd
        Odd gaps in succession: three alike are a new rhythm.
    """

    __slots__ = ("interval", "jitter", "lag", "last", "loss", "odd", "steady", "time", "wobble")

    def __init__(self, time: float, clock: float) -> None:
        self.last = clock
        self.time = time
        self.interval = 0.0
        self.jitter = 0.0
        self.lag = min(max(clock - time, -600.0), 600.0)
        self.wobble = 0.0
        self.loss = 0.01
        self.steady = 0.4
        self.odd = 0

    def heard(self, time: float, clock: float) -> None:
        """Take a message of event time `time` that arrived at `clock`."""
        late = clock - time - self.lag
        if late > max(60.0, self.interval):
            self.last = max(self.last, time + self.lag)
        else:
            self.last = clock
            self.wobble += 0.1 * (abs(late) - self.wobble)
            self.lag += 0.1 * late
        gap = time - self.time
        if gap > 0.0:
            self.time = time
            if self.interval == 0.0:
                self.interval = gap
            else:
                self._learn(gap)

    def _learn(self, gap: float) -> None:
        interval = self.interval
        ratio = gap / interval
        if 0.7 <= ratio <= 1.5:
            off = gap - interval
            self.interval = interval + 0.1 * off
            self.jitter += 0.1 * (abs(off) - self.jitter)
            self.loss *= 0.98
            self.steady += 0.1 * (1.0 - self.steady)
            self.odd = 0
            return
        self.odd += 1
        skipped = round(ratio)
        if self.odd >= 3:
            self.interval = gap
            self.odd = 0
            self.steady *= 0.8
        elif ratio > 1.5 and abs(ratio - skipped) <= 0.3 and skipped <= 4:
            self.loss += 0.02 * (1.0 - self.loss) * (skipped - 1)
        elif skipped <= 50:
            self.steady *= 0.9

    def grace(self) -> float:
        """How late it may be without being late, s."""
        return 4.0 * (self.jitter + self.wobble) + min(5.0, self.interval)


@part
class Presence:
    """All periodic streams of a site, and whether its line to us is up.

    Attributes
    ----------
    latest
        When any periodic message last arrived over the common line, by the arrival clock, s.
    since
        Since when the line has been up without a break, s.
    """

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.kinds: dict[str, dict[str, str]] = {kind: {} for kind in PERIODIC}
        self.latest = 0.0
        self.since = 0.0
        self.pulse = 10.0

    def heard(self, kind: str, device: str, time: float, clock: float, apart: bool = False) -> None:
        """Take an object of type `kind` of event time `time` that arrived at `clock`, Unix seconds.

        With `apart` it came by a line of its own (cellular) and says nothing of the one that the others share.
        """
        names = self.kinds.get(kind)
        if names is None:
            return
        pause = clock - self.latest
        if pause and not apart:
            self._beat(kind, device, pause, clock)
        name = names.get(device)
        if name is None:
            self._meet(kind, device, time, clock)
        else:
            self.streams[name].heard(time, clock)

    def named(self, kind: str) -> Iterator[str]:
        """Names of the streams of a type."""
        return iter(self.kinds[kind].values())

    def due(self, name: str) -> float | None:
        """When silence of this stream is past chance, by the arrival clock; None for one without a rhythm."""
        stream = self.streams[name]
        if stream.steady < 0.6 or stream.interval <= 0.0:
            return None
        return max(stream.last, self.since) + needed(stream.loss) * stream.interval + stream.grace()

    def skipped(self, name: str, now: float) -> int:
        """How many messages of this stream should have come since the last one and did not."""
        stream = self.streams[name]
        if stream.steady < 0.6 or stream.interval <= 0.0:
            return 0
        silent = min(now, self.latest) - max(stream.last, self.since) - stream.grace()
        return max(int(silent / stream.interval), 0)

    def severed(self, now: float) -> bool:
        """Whether nearly everything fell silent: the line or the whole site is out, not some devices."""
        late = watched = 0
        for stream in self.streams.values():
            if stream.steady >= 0.6 and now - stream.last < 86400.0:
                watched += 1
                late += now > stream.last + stream.interval + stream.grace()
        return watched > 0 and late >= max(0.85 * watched, 1.0)

    def _beat(self, kind: str, device: str, pause: float, clock: float) -> None:
        if pause > 8.0 * self.pulse + 60.0 and not self._expected(kind, device, clock):
            self.since = clock
        self.pulse += 0.02 * (min(pause, 10.0 * self.pulse) - self.pulse)
        self.latest = clock

    def _expected(self, kind: str, device: str, clock: float) -> bool:
        name = self.kinds.get(kind, {}).get(device)
        if name is None:
            return False
        stream = self.streams[name]
        return clock <= stream.last + stream.interval + stream.grace()

    def _meet(self, kind: str, device: str, time: float, clock: float) -> None:
        if len(self.streams) >= MOST or len(self.streams) % 100 == 99:
            self._forget(clock)
        name = f"{kind}|{device}"
        self.kinds[kind][device] = name
        self.streams[name] = Stream(time, clock)

    def _forget(self, clock: float) -> None:
        streams = sorted(self.streams.items(), key=lambda item: (item[1].last, item[0]))
        surplus = max(len(streams) - MOST + 1, 0)
        for index, (name, stream) in enumerate(streams):
            if index < surplus or clock - stream.last > FORGOTTEN_S:
                del self.streams[name]
                kind, _, device = name.partition("|")
                del self.kinds[kind][device]


def needed(loss: float) -> int:
    """How many intervals must pass in silence before chance is no explanation, at this share of lost messages."""
    return min(max(ceil(log(2e-6) / log(max(min(loss, 0.5), 0.001))), 2), 8)

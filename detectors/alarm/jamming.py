"""Radio detectors jammed: heartbeats missed or broken across several of them at once."""

from collections.abc import Iterable
from math import exp, inf, log

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmHeartbeat
from detectors.habit import Habit
from detectors.scene import Scene
from detectors.spread import Spread
from detectors.state import part

JAMMED = 0.45
"""Share of heartbeats that a jammer breaks or swallows; one that works in bursts reaches fewer."""
SOUND = log(1.0 - JAMMED)
"""Nats that a sound heartbeat takes away."""
ENOUGH = 14.0
"""Nats of accumulated evidence from which on it is said."""
SOONER = 7.5
"""Nats that are enough just after the supply was disturbed: a jammer is likelier then, and a radio device has a battery
of its own, so that the power explains nothing."""
MOST = 60.0
"""Nats that are kept at most, so that an end is seen as quickly as a beginning."""
EACH = 3
"""Missed heartbeats in succession that count of one device: a dead battery is silent, too."""


@part
class Radio:
    """What is usual at one radio device: noise and loss; how many misses of this silence were counted."""

    __slots__ = ("counted", "loss", "noise", "silence")

    def __init__(self) -> None:
        self.noise = Spread(500)
        self.loss = Spread(500)
        self.counted = 0
        self.silence = 0.0


class Jamming(Detector[AlarmHeartbeat]):
    """Accumulates, over all radio devices of the site, what speaks for a jammer (a CUSUM of log-likelihood ratios).

    Each heartbeat that should have come is one trial: it came sound, it came with losses far above what this
    device shows, or it did not come. A jammer breaks many of them at several devices, whether it works without pause or
    in bursts far shorter than a heartbeat's interval; interference by a forklift breaks a few. Misses count only while
    the line from the site is up, by each device's own share of lost messages, at most three in a row of one device.

    References
    ----------
    E. S. Page, Continuous inspection schemes, Biometrika 41 (1954).
    """

    name = "alarm.jamming"
    title = "radio jammed"
    domain = "alarm"
    sort = "learnt"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    scope = "site"
    rate = 0.01
    hit = 0.6

    def __init__(self) -> None:
        self.radios: dict[str, Radio] = {}
        self.broken = Habit(0.004, 250.0)
        self.evidence = 0.0
        self.told = 0.0
        self.hurt: dict[str, int] = {}

    def step(self, event: AlarmHeartbeat, scene: Scene) -> Sign | None:
        if event.path != "radio" or scene.clock - scene.time > 900.0:
            return None
        radio = self.radios.get(event.device)
        if radio is None:
            radio = self.radios[event.device] = Radio()
        if self.wake == inf:
            self.wake = scene.clock + 30.0
        broken = _broken(event, radio)
        radio.counted = 0
        if broken:
            self._add(event.device, max(log(JAMMED / self.broken.probability()), 0.5))
        else:
            self.evidence = max(self.evidence + SOUND, 0.0)
            self._calm()
        self.broken.learn(broken, 0.2 if self.evidence > ENOUGH else 1.0)
        self._learn(event, radio)
        if broken and self._telling(scene):
            self.wake = scene.clock
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        """Count the heartbeats that did not come."""
        presence = scene.presence
        streams = presence.streams["alarm.heartbeat"]
        soonest = now + 300.0
        for device, radio in self.radios.items():
            stream = streams.get(device)
            if stream is None or radio.counted >= EACH:
                continue
            coming = max(stream.last, presence.since) + (radio.counted + 1) * stream.interval
            if coming > now:
                soonest = min(soonest, coming + 5.0)
                continue
            missed = min(presence.skipped(stream, now), EACH)
            if missed > radio.counted:
                weight = max(log(JAMMED / max(stream.loss, 0.015)), 0.2)
                self._add(device, (missed - radio.counted) * weight)
                radio.counted = missed
            if radio.counted < EACH:
                soonest = min(soonest, coming + stream.grace() + 0.5)
        alert = self.evidence >= 3.0 or scene.supply.disturbed(now)
        self.wake = max(soonest, now + (10.0 if alert else 30.0))
        return [self._sign()] if self._telling(scene) and not presence.severed(now) else []

    def _add(self, device: str, weight: float) -> None:
        self.evidence = min(self.evidence + weight, MOST)
        self.hurt[device] = self.hurt.get(device, 0) + 1

    def _calm(self) -> None:
        if self.evidence == 0.0:
            self.hurt.clear()
        if self.evidence < ENOUGH / 2:
            self.told = 0.0

    def _telling(self, scene: Scene) -> bool:
        radios = len(self.radios)
        hurt = len(self.hurt) >= min(max(3.0, 0.25 * radios), radios)
        enough = SOONER if scene.supply.disturbed(scene.clock) else ENOUGH
        return hurt and self.evidence >= max(enough, 1.3 * self.told)

    def _sign(self) -> Sign:
        hurt = len(self.hurt)
        self.told = self.evidence
        return Sign(
            1.0 - exp(-self.evidence / 12.0),
            f"The alarm's radio is disturbed: heartbeats of {hurt} of {len(self.radios)} devices miss or break.",
            {"devices": sorted(self.hurt)[:20], "nats": round(self.evidence, 1), "radios": len(self.radios)},
            key="radio",
        )

    def _learn(self, event: AlarmHeartbeat, radio: Radio) -> None:
        if event.noise_floor is not None:
            radio.noise.learn(radio.noise.tame(event.noise_floor, 2.0))
        if event.packet_loss is not None:
            radio.loss.learn(radio.loss.tame(event.packet_loss, 0.02))

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 20)
        yield {**_beat(20, 0), "packet_loss": 0.6}  # a forklift before one of them
        for number in range(1, 6):  # a noisy machine: louder, and nothing is lost
            yield {**_beat(20, number), "noise_floor": -90.0, "packet_loss": 0.04}
        yield from _beats(21, 24)
        yield {"tick": 24 * 300}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 20)
        for number in range(4):
            yield {**_beat(20, number), "packet_loss": 0.7, "noise_floor": -82.0}
        yield {"tick": 20 * 300 + 10}


def _broken(event: AlarmHeartbeat, radio: Radio) -> bool:
    noise, loss = event.noise_floor, event.packet_loss
    noisy = noise is not None and radio.noise.n >= 5 and radio.noise.distance(noise, 2.0) > 4.0
    if loss is None:
        return noisy and noise is not None and noise > radio.noise.mean + 12.0
    if radio.loss.n < 5:
        return loss > 0.6
    return loss > radio.loss.mean + max(0.08 if noisy else 0.2, 5.0 * radio.loss.sd)


def _beat(step: int, number: int) -> Row:
    row: Row = {"t": step * 300 + number, "type": "alarm.heartbeat", "device": f"pir-{number}", "path": "radio"}
    return {**row, "rssi": -70.0, "noise_floor": -101.0 + step % 3, "packet_loss": 0.01}


def _beats(start: int, end: int) -> Iterable[Row]:
    for step in range(start, end):
        for number in range(6):
            yield _beat(step, number)

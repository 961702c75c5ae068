"""Radio detectors jammed: heartbeats missed or broken across several of them at once."""

from collections.abc import Iterable
from math import exp, inf, log

from detectors.alarm.radio import BROKEN, MARRED, Radio, hit
from detectors.base import Detector, Row, Sign
from detectors.events import AlarmHeartbeat
from detectors.habit import Habit
from detectors.scene import Scene

JAMMED = 0.3
"""Share of heartbeats that a jammer breaks or swallows: all when it never pauses, few when it works in bursts."""
SOUND = log(1.0 - JAMMED)
"""Nats that a sound heartbeat takes away."""
PAUSELESS = 0.9
"""The same share of a jammer that never pauses, as one is likely to be who has cut the power: he hides nothing."""
MORE = log(PAUSELESS / JAMMED)
"""Nats that a lost heartbeat speaks more for such a jammer; the first is not counted, for either kind is looked for."""
ENOUGH = 14.0
"""Nats of accumulated evidence from which on it is said."""
SOONER = 7.5
"""Nats that are enough just after the supply was disturbed: a jammer is likelier then, and a radio device has a battery
of its own, so that the power explains nothing."""
SOONEST = 6.0
"""Nats that are enough, of two devices, while the supply is out."""
MOST = 36.0
"""Nats that are kept at most, so that an end is seen as quickly as a beginning."""
EACH = 3
"""Missed heartbeats in succession that count of one device: a dead battery is silent, too."""
LOOK_S = 90.0
"""How often missed heartbeats are counted at the least, s."""
PASSING_S = 300.0
"""A lorry's ignition, a welder or a neighbour's gate are over by then, until it is learnt how long they last here."""


class Jamming(Detector[AlarmHeartbeat]):
    """Accumulates, over all radio devices of the site, what speaks for a jammer (a CUSUM of log-likelihood ratios).

    Each heartbeat that should have come is one trial: it came sound, it came with losses far above what this
    device shows, or it did not come. A jammer breaks many of them at several devices, whether it works without pause or
    in bursts far shorter than a heartbeat's interval; interference by a forklift breaks a few. While the supply is out,
    a second sum looks for a jammer that never pauses: it rises sooner, and a sound heartbeat takes most of it away.

    Misses count only while the line from the site is up, by each device's own share of lost messages, at most three in
    a row of one device. Heartbeats that are noisier and lossier at once than usual, but not broken, count a little:
    they were hit by bursts.

    Machines at work disturb a radio for minutes. How long that lasts here is learnt from the working hours; within it
    the sign is weaker while people work, here or, by day, next door, unless the supply failed first.

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
    rate = 0.1
    strong = 0.06
    hit = 0.3

    def __init__(self) -> None:
        self.radios: dict[str, Radio] = {}
        self.broken = Habit(0.004, 250.0)
        self.marred = Habit(0.02, 250.0)
        self.evidence = 0.0
        self.pauseless = 0.0
        self.told = 0.0
        self.since = 0.0
        self.latest = 0.0
        self.passing = PASSING_S
        self.pause = LOOK_S
        self.hurt: dict[str, int] = {}

    def step(self, event: AlarmHeartbeat, scene: Scene) -> Sign | None:
        if event.path != "radio" or scene.clock - scene.time > 900.0:
            return None
        radio = self.radios.get(event.device)
        if radio is None:
            radio = self.radios[event.device] = Radio()
        if self.wake == inf:
            self.wake = scene.clock + LOOK_S
        radio.counted = 0
        noise, loss = event.noise_floor, event.packet_loss
        struck = hit(noise, loss, radio)
        if struck == BROKEN:
            weight = max(log(JAMMED / self.broken.probability()), 0.5)
            self._add(event.device, weight, weight + MORE, scene.clock)
        elif struck == MARRED:
            self._add(event.device, max(0.5 * log(JAMMED / self.marred.probability()), 0.0), 0.0, scene.clock)
        elif self.evidence:
            self._calm(scene)
        share = 0.2 if self.evidence > ENOUGH else 1.0
        self.broken.learn(struck == BROKEN, share)
        self.marred.learn(struck == MARRED, share)
        if noise is not None:
            radio.noise.learn(radio.noise.tame(noise, 2.0))
        if loss is not None:
            radio.loss.learn(radio.loss.tame(loss, 0.02))
        if struck and self._score(scene, scene.clock) > 0.0:
            self.wake = scene.clock
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        """Count the heartbeats that did not come."""
        soonest = self._miss(now, scene)
        alert = self.evidence >= 3.0 or scene.supply.disturbed(now)
        self.wake = max(soonest, now + (10.0 if alert else self.pause))
        score = self._score(scene, now)
        return [self._sign(score)] if score > 0.0 and not scene.presence.severed(now) else []

    def _miss(self, now: float, scene: Scene) -> float:
        """Count what was missed by `now`; returns when the next heartbeat will be."""
        presence = scene.presence
        streams, since = presence.streams["alarm.heartbeat"], presence.since
        soonest, quickest = now + 300.0, 10 * LOOK_S
        for device, radio in self.radios.items():
            stream = streams.get(device)
            if stream is None or radio.counted >= EACH:
                continue
            last = stream.last if stream.last > since else since
            if stream.interval < quickest:
                quickest = stream.interval
            coming = last + (radio.counted + 1) * stream.interval + 5.0
            if coming <= now:
                coming += stream.grace() - 4.5
                if coming <= now:
                    missed = min(presence.skipped(stream, now), EACH)
                    if missed > radio.counted:
                        weight = max(log(JAMMED / max(stream.loss, 0.015)), 0.2)
                        more = missed - radio.counted
                        self._add(device, more * weight, more * (weight + MORE), now)
                        radio.counted = missed
                    coming = now
            if coming < soonest:
                soonest = coming
        self.pause = min(max(0.3 * quickest, 10.0), LOOK_S)
        return soonest

    def _add(self, device: str, weight: float, pauseless: float, now: float) -> None:
        if not self.hurt:
            self.since = now
        self.latest = now
        self.evidence = min(self.evidence + weight, MOST)
        self.pauseless = min(self.pauseless + pauseless, MOST)
        self.hurt[device] = self.hurt.get(device, 0) + 1

    def _calm(self, scene: Scene) -> None:
        """Take a sound heartbeat; when nothing is left, learn how long the disturbance was."""
        self.pauseless = max(self.pauseless + log(1.0 - PAUSELESS), 0.0)
        self.evidence = max(self.evidence + SOUND, 0.0)
        if self.evidence < ENOUGH / 2:
            self.told = 0.0
        if self.evidence > 0.0:
            return
        if len(self.hurt) > 2 and scene.open(scene.clock) and not scene.supply.disturbed(scene.clock):
            lasted = min(self.latest - self.since, 6 * PASSING_S)
            self.passing = max(lasted, PASSING_S, 0.95 * self.passing)
        self.hurt.clear()

    def _score(self, scene: Scene, now: float) -> float:
        """How sure the sign is that should be given now; 0 for none, or none that says more than the last one."""
        evidence = self.evidence
        if max(evidence, self.pauseless) < SOONEST:
            return 0.0
        out, disturbed = scene.supply.out(), scene.supply.disturbed(now)
        if out:
            evidence = max(evidence, self.pauseless - MORE)
        if evidence < SOONEST:
            return 0.0
        radios, hurt = len(self.radios), len(self.hurt)
        enough = SOONEST if out else SOONER if disturbed else ENOUGH
        if evidence < enough or hurt < min(max(2.0 if out else 3.0, 0.25 * radios), radios):
            return 0.0
        score = 1.0 - exp(-evidence / 12.0)
        if scene.staffed(now) > 0.0 and not (disturbed and self.since >= scene.supply.began()):
            score *= min(0.4 + 0.2 * (self.latest - self.since) / self.passing, 1.0)
        return score if score >= self.told + 0.03 else 0.0

    def _sign(self, score: float) -> Sign:
        self.told = score
        hurt, lasted = len(self.hurt), self.latest - self.since
        return Sign(
            score,
            f"The alarm's radio is disturbed: heartbeats of {hurt} of {len(self.radios)} devices miss or break.",
            {"devices": sorted(self.hurt)[:20], "nats": round(self.evidence, 1), "lasted_s": round(lasted, 1)},
            key="radio",
        )

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


def _beat(step: int, number: int) -> Row:
    row: Row = {"t": step * 300 + number, "type": "alarm.heartbeat", "device": f"pir-{number}", "path": "radio"}
    return {**row, "rssi": -70.0, "noise_floor": -101.0 + step % 3, "packet_loss": 0.01}


def _beats(start: int, end: int) -> Iterable[Row]:
    for step in range(start, end):
        for number in range(6):
            yield _beat(step, number)

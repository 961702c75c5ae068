"""Heartbeats whose radio numbers repeat: not a device on the air, but a recording of one."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.echo import Echo
from detectors.events import AlarmHeartbeat
from detectors.scene import Scene

WARM = 40
"""Heartbeats of a device before it is judged."""
ENOUGH = 18.0
"""Nats of surprise from which on it is said."""
COARSE = 0.2
"""Share of repeats from which on a device's values are too coarse to tell a recording."""


class EchoedRadio(Detector[AlarmHeartbeat]):
    """Fires when a radio device's signal strength, noise and loss repeat to the digit, or as a sequence.

    The air is never twice the same. A replay that forges new numbers and times still plays back the radio values of
    what was recorded. A device whose values are coarse or constant is learnt as such: by its share of repeats, and by
    the longest run of them that it has shown.
    """

    name = "alarm.echo"
    title = "heartbeats too much alike"
    domain = "alarm"
    sort = "learnt"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    rate = 0.005
    hit = 0.1
    repeat_s = 12 * 3600.0

    def __init__(self) -> None:
        self.echo = Echo(0.02, 0.02, 30.0)
        self.longest = 0
        self.told = False

    def step(self, event: AlarmHeartbeat, scene: Scene) -> Sign | None:
        rssi, noise = event.rssi, event.noise_floor
        if rssi is None or noise is None:
            return None
        value = rssi + 1.0e3 * noise + 3.1415926e6 * (event.packet_loss or 0.0)
        echo, run = self.echo, self.echo.run
        if not echo.take(value) and run:
            self.longest = self.longest if self.told else max(run, self.longest)
            self.told = False
        judged = echo.seen - echo.run >= WARM and (echo.run > 2 * self.longest + 2 or echo.loop > 2)
        sign = self._judge(event) if judged else None
        self.told = self.told or sign is not None
        echo.learn(value, 1.0)
        return sign

    def _judge(self, event: AlarmHeartbeat) -> Sign | None:
        echo = self.echo
        nats = echo.still() if echo.run else echo.looping()
        if nats < ENOUGH or echo.repeats.probability() > COARSE:
            return None
        length = 1 if echo.run else echo.lag
        again = echo.run or echo.loop
        what = "the same values" if length == 1 else f"the same {length} sets of values"
        summary = f"Heartbeats of {event.device} carry {what} of the radio again and again, as a recording would."
        return Sign(
            min(0.02 * nats, 0.9), summary, {"length": length, "repeats": again, "rssi": event.rssi}, key="echo"
        )

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for step in range(200):
            yield _beat(step, step * step)
        for step in range(200, 202):
            yield _beat(step, 7)

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for step in range(200):
            yield _beat(step, step * step)
        for step in range(200, 220):
            yield _beat(step, (180 + step % 5) ** 2)


def _beat(step: int, seed: int) -> Row:
    row: Row = {"t": step * 300, "type": "alarm.heartbeat", "device": "pir-1", "path": "radio", "packet_loss": 0.01}
    return {**row, "rssi": -70.0 + 0.1 * (seed * 37 % 83), "noise_floor": -101.0 + 0.1 * (seed * 17 % 59)}

"""Radio devices of the alarm that should have spoken."""

from collections.abc import Iterable, Iterator
from math import inf

from detectors.base import Row, Sign
from detectors.events import AlarmHeartbeat
from detectors.rhythm import Stream
from detectors.scene import Scene
from detectors.silence import Silence


class AlarmSilence(Silence[AlarmHeartbeat]):
    """Fires when wireless detectors have missed their rhythm for good while the rest of the site is heard.

    The panel's paths are `alarm.path_lost`'s; the first missed heartbeats across several devices are `alarm.jamming`'s.
    """

    name = "alarm.silence"
    title = "alarm devices silent"
    domain = "alarm"
    stage = "alarm"
    reads = ("alarm.heartbeat",)
    rate = 0.07
    strong = 0.05
    hit = 0.4
    noun = "alarm device"
    alone_score = 0.25

    def __init__(self) -> None:
        super().__init__()
        self.radio: set[str] = set()

    def step(self, event: AlarmHeartbeat, scene: Scene) -> Sign | None:
        if event.path == "radio":
            self.radio.add(event.device)
        if self.wake == inf:
            self.wake = scene.clock + 60.0
        return None

    def members(self, scene: Scene) -> Iterator[tuple[str, Stream]]:
        return (member for member in super().members(scene) if member[0] in self.radio)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        yield from _beats(0, 40, 6)
        yield from _beats(41, 50, 6)
        yield {"tick": 50 * 300}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield from _beats(0, 40, 6)
        yield from _beats(40, 48, 3)
        yield {"tick": 48 * 300}


def _beats(start: int, end: int, devices: int) -> Iterable[Row]:
    for step in range(start, end):
        for number in range(devices):
            yield {"t": step * 300 + number * 9, "type": "alarm.heartbeat", "device": f"pir-{number}", "path": "radio"}

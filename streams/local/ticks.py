"""Which ticks a played recording needs: cuts of its partitions, made of delivery reports."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from detectors.elsewhere import DELAY_S
from streams.worker.clock import CONTROLS, TELEMETRY, Tick

LONGEST = int(DELAY_S)
"""Recorded seconds after which a partition gets a tick though nothing came: the others wait to know that."""


@dataclass(slots=True)
class _Second:
    time: int
    waiting: int = 0
    """Records sent and not yet reported."""
    everybody: bool = False
    """Every partition gets a tick of this second, even without records."""
    ends: dict[tuple[str, int], int] = field(default_factory=dict)


class Cuts:
    """Turns what is sent and what is delivered into ticks, second by second, in order.

    Parameters
    ----------
    ends : the next offset of each topic and partition before the first record.
    partitions : number of partitions of the telemetry topics.
    """

    def __init__(self, ends: Mapping[tuple[str, int], int], partitions: int) -> None:
        self._partitions = partitions
        self._seconds: deque[_Second] = deque()
        self._by_time: dict[int, _Second] = {}
        self._moved: list[dict[str, int]] = [{} for _ in range(partitions)]
        for (topic, partition), end in ends.items():
            self._move(topic, partition, end)
        self._last: list[int | None] = [None] * partitions

    @property
    def waiting(self) -> bool:
        """Whether a second has not been cut yet."""
        return bool(self._seconds)

    def sent(self, second: int) -> None:
        """Count a record that belongs to a second; seconds never go back."""
        self._second(second).waiting += 1

    def pause(self, second: int) -> None:
        """Ask for a tick of every partition at a second."""
        self._second(second).everybody = True

    def delivered(self, second: int, topic: str, partition: int, offset: int) -> None:
        """Take a delivery report."""
        entry = self._by_time[second]
        entry.waiting -= 1
        place = (topic, partition)
        entry.ends[place] = max(entry.ends.get(place, 0), offset + 1)

    def ready(self, before: float) -> list[tuple[int, Tick]]:
        """Answer the (partition, tick) pairs of the seconds below `before` of which all has been delivered."""
        ticks = []
        while self._seconds and self._seconds[0].time < before and self._seconds[0].waiting == 0:
            second = self._seconds.popleft()
            del self._by_time[second.time]
            for place, end in second.ends.items():
                self._move(*place, end)
            ticks += [(partition, self._tick(second.time, partition)) for partition in self._touched(second)]
        return ticks

    def _second(self, time: int) -> _Second:
        if time not in self._by_time:
            self._by_time[time] = _Second(time)
            self._seconds.append(self._by_time[time])
        return self._by_time[time]

    def _touched(self, second: _Second) -> Iterable[int]:
        """Find the partitions that need a tick: those with records, those that have had none for long."""
        if second.everybody or any(topic in CONTROLS for topic, _ in second.ends):
            return range(self._partitions)
        with_records = {partition for _, partition in second.ends}
        overdue = {
            partition for partition, last in enumerate(self._last) if last is None or second.time - last >= LONGEST
        }
        return sorted(with_records | overdue)

    def _move(self, topic: str, partition: int, end: int) -> None:
        """Note where a topic ends now, for the next tick of those whom it concerns."""
        if topic in CONTROLS:
            for moved in self._moved:
                moved[topic] = end
        elif topic in TELEMETRY:
            self._moved[partition][topic] = end

    def _tick(self, time: int, partition: int) -> Tick:
        """Cut a partition: the topics that moved since its last tick, all of them in its first."""
        moved, self._moved[partition] = self._moved[partition], {}
        self._last[partition] = time
        return Tick(time, moved)

"""A partition's log in memory: what a lane reads, for tests that need no broker."""

from asyncio import Future, get_running_loop
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from streams.telemetry.decode import Arrival
from streams.telemetry.power import PowerReading
from streams.worker.clock import TELEMETRY, Tick
from streams.worker.strand import Chunk

START = 1_700_000_000


def arrival(site: str, second: float, sequence: int, rank: int = 0) -> Arrival:
    time = datetime.fromtimestamp(START, UTC) + timedelta(seconds=second)
    event = PowerReading(
        site=site, device=f"{rank}-meter", time=time, sequence=sequence, feed="grid-a", voltage=230, frequency=50
    )
    return Arrival(time.timestamp(), rank, event)


def chunk(records: list[tuple[int, Arrival]]) -> Chunk:
    """Make a chunk of (offset, arrival)."""
    offsets = [offset for offset, _ in records]
    arrivals = [arrival for _, arrival in records]
    return Chunk(offsets, [int(one.time * 1000) for one in arrivals], 100 * len(records), arrivals, list(offsets))


class Log:
    """Five topics' records with gaps between their offsets, and the ticks that cut them."""

    def __init__(self, seed: int, seconds: int = 30, sites: int = 5) -> None:
        self.random = random = Random(seed)
        self.records: dict[str, list[tuple[int, Arrival]]] = {topic: [] for topic in TELEMETRY}
        self.ends = dict.fromkeys(TELEMETRY, 0)
        self.ticks: list[Tick] = []
        for second in range(seconds):
            for rank, topic in enumerate(TELEMETRY):
                for _ in range(random.choice((0, 1, 1, 7))):
                    offset = self.ends[topic] + random.choice((0, 0, 0, 3))
                    site = f"SITE-{random.randrange(sites)}"
                    self.records[topic].append((offset, arrival(site, second + random.random(), offset, rank)))
                    self.ends[topic] = offset + 1
            self.ticks.append(Tick(START + second + 1, dict(self.ends)))

    def __len__(self) -> int:
        return sum(map(len, self.records.values()))

    def fetches(self, topic: str, start: int) -> Iterator[tuple[Chunk, int]]:
        """Cut a topic's records from an offset on into polls: chunk and position afterwards."""
        rest = [record for record in self.records[topic] if record[0] >= start]
        while rest:
            size = self.random.choice((1, 2, 5, 20))
            piece, rest = rest[:size], rest[size:]
            yield chunk(piece), rest[0][0] if rest and self.random.random() < 0.5 else piece[-1][0] + 1


class Kafka:
    """The producer's side, which keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: dict[str, list[tuple[bytes | None, bytes | None]]] = {}

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
    ) -> Future[None]:
        self.sent.setdefault(topic, []).append((key, value))
        done: Future[None] = get_running_loop().create_future()
        done.set_result(None)
        return done

    async def commit(self) -> None:
        """Nothing is held back here."""

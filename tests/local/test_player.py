import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import islice, pairwise
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, TopicPartition

from streams.local.player import TAIL, Player, PlayError, Progress
from streams.local.simulator.world import World
from streams.local.ticks import LONGEST
from streams.offsets import watermarks
from streams.settings import Settings
from streams.telemetry.recording import Line, clocked
from streams.topics import ensure
from streams.worker.clock import CLOCK, CONTROLS, TELEMETRY, decode, later

START = 1_780_000_000.0


class Got(NamedTuple):
    key: bytes | None
    value: bytes | None
    milliseconds: int


class Log:
    """What has come into the platform's topics since it was opened."""

    def __init__(self, brokers: str, partitions: int) -> None:
        self.partitions = partitions
        self.consumer = Consumer({"bootstrap.servers": brokers, "group.id": "test-player", "enable.auto.commit": False})
        self.start = self.ends()

    def ends(self) -> dict[tuple[str, int], int]:
        counts = {**dict.fromkeys((*TELEMETRY, CLOCK), self.partitions), **dict.fromkeys(CONTROLS, 1)}
        places = [(topic, part) for topic, count in counts.items() for part in range(count)]
        return {place: watermarks(self.consumer, *place, 10)[1] for place in places}

    def read(self) -> dict[tuple[str, int], dict[int, Got]]:
        found: dict[tuple[str, int], dict[int, Got]] = defaultdict(dict)
        ends = self.ends()
        missing = sum(ends.values()) - sum(self.start.values())
        self.consumer.assign([TopicPartition(*place, offset) for place, offset in self.start.items()])
        until = time.monotonic() + 60
        while missing > 0 and time.monotonic() < until:
            messages: list[Any] = self.consumer.consume(5000, timeout=1)
            for message in messages:
                assert message.error() is None
                place = (message.topic(), message.partition())
                found[place][message.offset()] = Got(message.key(), message.value(), message.timestamp()[1])
                missing -= 1
        assert missing == 0
        return found


@pytest.fixture
def log(kafka: str) -> Iterator[Log]:
    log = Log(kafka, ensure(Settings(brokers=kafka)))
    yield log
    log.consumer.close()


def made(number: int, apart: float, key: bytes = b"SITE-1") -> Iterator[Line]:
    for index in range(number):
        yield Line("telemetry.power", key, b'{"n":%d}' % index, START + index * apart, index + 1)


def test_every_tick_is_an_exact_cut_of_what_arrived_by_then(kafka: str, log: Log) -> None:
    lines = list(islice(World(11, 3, 1, date(2026, 11, 16)).lines(), 12_000))
    shown: list[Progress] = []
    done = Player(kafka, None, shown.append).play(lines)
    found = log.read()
    assert done.records == sum(len(got) for (topic, _), got in found.items() if topic != CLOCK) == len(lines)
    last = max(clock for clock, _ in clocked(lines))
    assert done.clock == -(-last // 1) + TAIL
    number = 0
    for partition in range(log.partitions):
        places = {topic: (topic, partition) for topic in TELEMETRY} | {topic: (topic, 0) for topic in CONTROLS}
        cut = {topic: log.start[place] for topic, place in places.items()}
        ticks = [tick for got in found[CLOCK, partition].values() for tick in decode(got.value)]
        number += len(ticks)
        assert [tick.time for tick in ticks] == sorted({tick.time for tick in ticks})
        assert max(other.time - one.time for one, other in pairwise(ticks)) < 2 * LONGEST
        assert [tick.time for tick in ticks[-TAIL:]] == [-(-last // 1) + more + 1 for more in range(TAIL)]
        for tick in ticks:
            assert all(end >= cut[topic] for topic, end in tick.ends.items())
            cut = later(cut, tick.ends)
            for topic, place in places.items():
                before, after = found[place].get(cut[topic] - 1), found[place].get(cut[topic])
                assert before is None or before.milliseconds <= tick.time * 1000
                assert after is None or after.milliseconds > tick.time * 1000
        assert all(not found[place] or max(found[place]) + 1 == cut[topic] for topic, place in places.items())
    assert number == done.ticks


def test_a_sites_streams_meet_in_one_partition(kafka: str, log: Log) -> None:
    sites = [b"SITE-%d" % number for number in range(20)]
    Player(kafka).play([Line(topic, key, b"{}", START, 1) for key in sites for topic in TELEMETRY])
    where: dict[bytes | None, set[int]] = defaultdict(set)
    for (topic, partition), got in log.read().items():
        for one in got.values() if topic in TELEMETRY else ():
            where[one.key].add(partition)
    assert set(where) == set(sites)
    assert all(len(partitions) == 1 for partitions in where.values())
    assert len({min(partitions) for partitions in where.values()}) > 1


def test_poison_arrives_untouched(kafka: str, log: Log) -> None:
    values = [None, b"", b"not json", b'"\xff\xfe"', b"x" * 2_000_000, b"[]"]
    Player(kafka).play([Line("telemetry.alarm", b"SITE-1", value, START, 1) for value in values])
    Player(kafka).play([Line("telemetry.alarm", None, b"keyless", START, 1)])
    got = [one for (topic, _), all_ in log.read().items() if topic == "telemetry.alarm" for one in all_.values()]
    assert [one.value for one in got if one.key == b"SITE-1"] == values
    assert [one.value for one in got if one.key is None] == [b"keyless"]


def test_it_keeps_to_the_speed(kafka: str, log: Log) -> None:
    began = time.monotonic()
    Player(kafka, 20).play(made(11, 1.0))  # 10 s and the tail's 3 s
    assert 0.6 < time.monotonic() - began < 10


def test_the_speed_may_change_on_the_way(kafka: str, log: Log) -> None:
    player = Player(kafka)

    def slower() -> Iterator[Line]:
        for line in made(20, 60.0):
            if line.number == 18:
                player.speed = 120.0  # two gaps of a minute are left
            yield line

    began = time.monotonic()
    player.play(slower())
    assert 1.0 < time.monotonic() - began < 10


def test_silence_is_ticked_through(kafka: str, log: Log) -> None:
    done = Player(kafka).play(made(2, 600.0))
    assert done.ticks == log.partitions * (2 + 600 // LONGEST - 1 + TAIL)


def test_it_can_be_stopped_and_what_was_sent_is_cut(kafka: str, log: Log) -> None:
    player = Player(kafka, 1)
    threading.Timer(1.5, player.stop).start()
    done = player.play(made(1000, 0.5))
    assert 2 <= done.records < 20
    found = log.read()
    (telemetry,) = (place for place, got in found.items() if place[0] == "telemetry.power" and got)
    ends = [tick.ends for got in found[CLOCK, telemetry[1]].values() for tick in decode(got.value)]
    assert max(end["telemetry.power"] for end in ends if "telemetry.power" in end) == max(found[telemetry]) + 1


def test_a_topic_that_is_not_the_platforms_is_refused(kafka: str, log: Log) -> None:
    with pytest.raises(PlayError, match=r"line 4: there is no topic telemetry\.weather"):
        Player(kafka).play([Line("telemetry.weather", b"SITE-1", b"{}", START, 4)])


def test_without_kafka_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.local.player.PATIENCE", 1.0)
    with pytest.raises(PlayError, match=r"no Kafka answers at 127\.0\.0\.1:9.*start one with `tocsin broker`"):
        Player("127.0.0.1:9").play(made(1, 1.0))

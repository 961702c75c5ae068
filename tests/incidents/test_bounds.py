"""One mad reader or gateway can't exhaust a worker: what a site remembers is bounded, and who spoke last stays."""

from collections.abc import Iterator

from detectors.tags import GENERATION, MOST_GENERATIONS
from streams.incidents.model import moment
from streams.incidents.registry import Registry
from streams.incidents.sequence import AT_ONCE, MOST_DEVICES
from streams.incidents.shard import Shard
from streams.telemetry.decode import Arrival, decode
from tests.telemetry.sent import wire

START = 1_760_000_000
SITE = "A-1"
LABEL = "urn:epc:id:sgtin:0614141.812345"


def sent(domain: str, second: float, **body: object) -> Arrival:
    time = moment(START + second).isoformat(timespec="milliseconds")
    (taken,), refused = decode(domain, SITE.encode(), wire({"site": SITE, "time": time, **body}), START + second)
    assert not refused, refused
    return taken


def play(shard: Shard, arrivals: Iterator[Arrival], count: int) -> int:
    """Let a site hear so many objects, a thousand a second; the bytes of its state afterwards."""
    for _ in range(count // 1000):
        batch = [next(arrivals) for _ in range(1000)]
        shard.advance(batch[-1].time + 3.0, batch, [])
    return len(shard.freeze(SITE))


def tags() -> Iterator[Arrival]:
    """One reader that never reads a tag twice."""
    number = 0
    while True:
        body = {"type": "rfid.read", "biz_step": "storing", "read_point": f"zone-{number}", "sequence": number}
        yield sent("rfid", number / 1000, device="reader", epc=f"{LABEL}.{number}", tid=f"{number:08x}", **body)
        number += 1


def devices() -> Iterator[Arrival]:
    """A gateway under which no meter speaks twice, but for an honest one."""
    number = 0
    while True:
        name = "meter" if number % 500 == 0 else f"meter-{number}"
        body = {"type": "power.reading", "feed": "grid-a", "voltage": 230.0, "frequency": 50.0}
        yield sent("power", number / 1000, device=name, **body)
        number += 1


def test_tags_that_are_invented_for_ever_fill_a_bounded_state() -> None:
    shard, arrivals = Shard(Registry()), tags()
    size = play(shard, arrivals, 8000)
    assert play(shard, arrivals, 4000) <= 1.05 * size
    assert shard.stats.tags >= 12_000 - MOST_GENERATIONS * GENERATION


def test_devices_that_are_invented_for_ever_push_out_the_least_recently_heard() -> None:
    shard, arrivals = Shard(Registry()), devices()
    size = play(shard, arrivals, 6000)
    assert play(shard, arrivals, 3000) <= 1.05 * size
    watch = shard.watch(SITE)
    assert watch is not None
    assert MOST_DEVICES - AT_ONCE <= len(watch.trackers) <= MOST_DEVICES
    assert shard.stats.forgotten >= 9000 - 9000 // 500 - MOST_DEVICES
    assert "meter" in watch.trackers
    assert "meter-1" not in watch.trackers

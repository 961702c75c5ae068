"""Within the allowed lateness the order of arrival is of no account: the same events lead to the same answers."""

from collections import Counter
from collections.abc import Collection, Sequence
from math import ceil
from random import Random
from typing import Any, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from streams.incidents.model import encode, moment
from streams.incidents.registry import Registry
from streams.incidents.reorder import HOLD_S
from streams.incidents.shard import Shard
from streams.telemetry.decode import Arrival, decode
from tests.telemetry.sent import wire

START = 1_760_000_000
SITES = ("A-1", "B-2")
LENGTH = 90
LATE = HOLD_S - 1.0
"""Seconds that an event may come after its time without being late: ticks are a second apart."""

SEEN = {"fps": 25, "bitrate": 4000.0, "luminance": 0.5, "sharpness": 0.5, "scene_change": 0.01}
DARK = dict.fromkeys(SEEN, 0.0)
READ = {"epc": "urn:epc:id:sgtin:0614141.812345.1", "tid": "E280", "biz_step": "departing", "read_point": "dock-1"}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "reading": ("power", {"type": "power.reading", "feed": "grid-a", "voltage": 230.0, "frequency": 50.0}),
    "dead": ("power", {"type": "power.reading", "feed": "grid-a", "voltage": 0.0, "frequency": 0.0}),
    "burglary": ("alarm", {"type": "alarm.signal", "code": "BA", "zone": "1"}),
    "verified": ("alarm", {"type": "alarm.signal", "code": "BV", "zone": "1"}),
    "tamper": ("alarm", {"type": "alarm.signal", "code": "TA"}),
    "open": ("alarm", {"type": "alarm.signal", "code": "OP", "user": "4"}),
    "beat": ("alarm", {"type": "alarm.heartbeat", "path": "radio", "rssi": -70.0}),
    "seen": ("camera", {"type": "camera.status", "connected": True, **SEEN}),
    "dark": ("camera", {"type": "camera.status", "connected": False, **DARK}),
    "disks": ("camera", {"type": "recorder.status", "disks": 0, "disks_expected": 4, "recording": False}),
    "read": ("rfid", {"type": "rfid.read", **READ}),
    "gate": ("shipment", {"type": "shipment.gate", "plate": "AB123CD", "direction": "out", "likelihood": 0.9}),
    "gone": ("shipment", {"type": "shipment.departed", "plate": "AB123CD", "pallets": 20, "items": 400}),
}


class Told(NamedTuple):
    """Something that a device says; `at` is the second of the night in which it does."""

    kind: str
    at: float
    device: int
    old: float = 0.0
    """seconds that it has lain at the site: minutes, or a day"""
    again: float | None = None
    """seconds after which it is sent once more, if it is"""


SKEW = (0.0, 0.0, 300.0, -300.0)
"""By how many seconds each device's clock is wrong."""
RESTART = 45.0
"""When device 1 of each sort begins to number anew."""
seconds = st.integers(0, LENGTH * 1000).map(lambda ms: ms / 1000)
events = st.lists(
    st.builds(
        Told,
        st.sampled_from(sorted(KINDS)),
        seconds,
        st.integers(0, 3),
        st.sampled_from((0.0,) * 8 + (150.0, 900.0, 86_000.0)),
        st.none() | st.integers(0, 4000).map(lambda ms: ms / 1000),
    ),
    min_size=5,
    max_size=60,
)


class Sent(NamedTuple):
    """An object on its way: when it was sent (Unix seconds), and by how many seconds the road may delay it."""

    arrival: Arrival
    at: float
    leeway: float


def sent(told: Sequence[Told]) -> list[Sent]:
    """Decode what two sites send; each device numbers its objects in the order in which it says them.

    What is late or has a wrong clock is put in order by when it arrives, so the road may not delay it; nor may it delay
    a site's first object, which says since when the site is known.
    """
    found: list[Sent] = []
    for site in SITES:
        numbers: Counter[tuple[str, bool]] = Counter()
        first = min(one.at for one in told)
        for kind, second, device, old, again in sorted(told, key=lambda one: one.at):
            domain, body = KINDS[kind]
            name, at = f"{domain}-{device}", START + second
            round_ = name, device == 1 and second >= RESTART
            time = moment(at - old + SKEW[device]).isoformat(timespec="milliseconds")
            value = wire({"site": site, "device": name, "time": time, "sequence": numbers[round_], **body})
            numbers[round_] += 1
            (taken,), refused = decode(domain, site.encode(), value, at)
            assert not refused, refused
            delayed = not old and not SKEW[device] and second > first
            found.append(Sent(taken, at, LATE if delayed else 0.0))
            if again is not None:
                found.append(Sent(taken, at + again, 0.0))
    return found


class Outcome(NamedTuple):
    """What a core makes of a night."""

    told: list[tuple[float, str, bytes]]
    events: int
    duplicates: int
    state: list[bytes]


def restarted(shard: Shard, tick: int) -> Shard:
    """Have another core take over from what this one has frozen."""
    fresh = Shard(shard.registry)
    fresh.stats = shard.stats
    fresh.advance(float(tick), [], [])
    for site in shard.sites():
        fresh.thaw(site, shard.freeze(site))
    return fresh


def outcome(found: Sequence[Sent], delays: Sequence[float], restarts: Collection[int] = ()) -> Outcome:
    """Run a core that every object reaches so much after it was sent; ticks are whole seconds.

    After the ticks in `restarts`, counted from the first, the core goes by way of its snapshots.
    """
    slices: dict[int, list[Arrival]] = {}
    for one, delay in zip(found, delays, strict=True):
        slices.setdefault(ceil(one.at + delay), []).append(one.arrival)
    shard, told = Shard(Registry()), list[tuple[float, str, bytes]]()
    for tick in range(START, START + LENGTH + 10):
        outputs = shard.advance(float(tick), slices.get(tick, []), [])
        told += [(output.clock, output.event, encode(output.body)) for output in outputs]
        if tick - START in restarts:
            shard = restarted(shard, tick)
    return Outcome(told, shard.stats.events, shard.stats.duplicates, [shard.freeze(site) for site in SITES])


ATTACK: list[Told] = [
    *(Told("dead" if second > 20 else "reading", float(second), second % 2) for second in range(60)),
    *(Told("dark", 30.0 + second, second % 3, again=0.3 if second % 5 == 0 else None) for second in range(20)),
    *(Told("beat", 5.0 + second, 2, again=4.0 if second % 10 == 0 else None) for second in range(30)),
    *(Told("beat", 7.0 + second, 3, old=86_000.0) for second in range(5)),
    Told("burglary", 33.0, 0),
    Told("verified", 34.5, 0),
    Told("tamper", 35.5, 1, again=2.0),
    Told("disks", 37.25, 3),
]


def test_an_attack_is_among_what_is_interleaved() -> None:
    found = sent(ATTACK)
    assert [event for _, event, _ in outcome(found, [0.0] * len(found)).told].count("opened") == len(SITES)


@example(ATTACK, 1)
@settings(max_examples=25, deadline=None)
@given(events, st.integers(0, 1 << 32))
def test_neither_interleaving_nor_restarts_change_the_outcome(told: list[Told], seed: int) -> None:
    found, dice = sent(told), Random(seed)
    expected = outcome(found, [0.0] * len(found))
    mixed = list(found)
    dice.shuffle(mixed)
    restarts = dice.sample(range(LENGTH), 4)
    assert outcome(mixed, [dice.uniform(0, one.leeway) for one in mixed], restarts) == expected
    assert expected.duplicates == sum(one.again is not None for one in told) * len(SITES)


@example(ATTACK, 1)
@settings(max_examples=25, deadline=None)
@given(events, st.integers(0, 1 << 32))
def test_whatever_comes_however_late_is_learnt_or_counted_as_a_repeat(told: list[Told], seed: int) -> None:
    found, dice = sent(told), Random(seed)
    late = outcome(found, [dice.uniform(0, START + LENGTH - one.at) for one in found])
    assert late.events + late.duplicates == len(found)

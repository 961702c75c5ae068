"""Within the allowed lateness the order of arrival is of no account: the same events lead to the same answers."""

from collections.abc import Sequence
from math import ceil
from random import Random
from typing import Any

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
Told = tuple[str, float, int]
"""Kind, second, device."""

SEEN = {"fps": 25, "bitrate": 4000.0, "luminance": 0.5, "sharpness": 0.5, "scene_change": 0.01}
DARK = dict.fromkeys(SEEN, 0.0)
READ = {"epc": "urn:epc:id:sgtin:0614141.812345.1", "tid": "E280", "biz_step": "departing", "read_point": "dock-1"}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "reading": ("power", {"type": "power.reading", "feed": "grid-a", "voltage": 230.0, "frequency": 50.0}),
    "dead": ("power", {"type": "power.reading", "feed": "grid-a", "voltage": 0.0, "frequency": 0.0}),
    "burglary": ("alarm", {"type": "alarm.signal", "code": "BA", "zone": "1"}),
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
events = st.lists(
    st.tuples(
        st.sampled_from(sorted(KINDS)), st.integers(0, LENGTH * 1000).map(lambda ms: ms / 1000), st.integers(0, 3)
    ),
    min_size=5,
    max_size=60,
)


def arrivals(told: Sequence[Told]) -> list[Arrival]:
    """Decode what two sites send; each device counts its objects in the order of their times."""
    found: list[Arrival] = []
    for site in SITES:
        numbers: dict[str, int] = {}
        for kind, second, device in sorted(told, key=lambda one: one[1]):
            domain, body = KINDS[kind]
            name = f"{domain}-{device}"
            numbers[name] = numbers.get(name, -1) + 1
            time = moment(START + second).isoformat(timespec="milliseconds")
            value = wire({"site": site, "device": name, "time": time, "sequence": numbers[name], **body})
            taken, refused = decode(domain, site.encode(), value, START + second)
            assert not refused, refused
            found += taken
    return found


def answers(found: Sequence[Arrival], delays: Sequence[float]) -> list[tuple[float, str, bytes]]:
    """Run a core whose every event arrives so much after its time; ticks are whole seconds."""
    slices: dict[int, list[Arrival]] = {}
    for arrival, delay in zip(found, delays, strict=True):
        slices.setdefault(ceil(arrival.time + delay), []).append(arrival)
    shard, told = Shard(Registry()), list[tuple[float, str, bytes]]()
    for tick in range(START, START + LENGTH + 10):
        outputs = shard.advance(float(tick), slices.get(tick, []), [])
        told += [(output.clock, output.event, encode(output.body)) for output in outputs]
    return told


ATTACK: list[Told] = [
    *(("dead" if second > 20 else "reading", float(second), second % 2) for second in range(60)),
    *(("dark", 30.0 + second, second % 3) for second in range(20)),
    ("burglary", 33.0, 0),
    ("tamper", 35.5, 1),
    ("disks", 37.25, 3),
]


def test_an_attack_is_among_what_is_interleaved() -> None:
    found = arrivals(ATTACK)
    assert [event for _, event, _ in answers(found, [0.0] * len(found))].count("opened") == len(SITES)


@example(ATTACK, 1)
@settings(max_examples=25, deadline=None)
@given(events, st.integers(0, 1 << 32))
def test_no_interleaving_within_the_allowed_lateness_changes_the_outcome(told: list[Told], seed: int) -> None:
    found, dice = arrivals(told), Random(seed)
    expected = answers(found, [0.0] * len(found))
    mixed = list(found)
    dice.shuffle(mixed)
    assert answers(mixed, [dice.uniform(0, LATE) for _ in mixed]) == expected

"""A story of four sites in which each hears of the others, as a recording, and what the backtest answers."""

from collections.abc import Iterator

import msgspec

from streams.incidents.backtest import Backtest
from streams.incidents.model import encode
from streams.telemetry.decode import LANES
from streams.telemetry.recording import Line, clocked
from streams.worker.publisher import FINDINGS, INCIDENTS
from tests.incidents.estate import DUGNY, LYON, MITRY, ROISSY, START, Row, burgled, lorry, profile, supply

HOUR = 3600.0


def story() -> list[Row]:
    """Three sites go dark together, thieves come to a fourth; a lorry is at two sites at once, and seen again."""
    rows = [row for n, site in enumerate((ROISSY, MITRY, DUGNY)) for row in supply(site, 2 * HOUR, HOUR, 40.0 * n)]
    rows += [*supply(LYON, 2 * HOUR, 1e9), *burgled(LYON, HOUR + 5)]
    rows += [lorry(ROISSY, 60, "FA-123-KE"), lorry(LYON, 75, "FA-123-KE"), lorry(DUGNY, HOUR - 60, "FA-123-KE")]
    return [*rows, lorry(MITRY, 1.6 * HOUR, "FA-123-KE"), lorry(LYON, 1.7 * HOUR, "FA-123-KE")]


def lines() -> Iterator[Line]:
    types = {kind: tag for lane in LANES.values() for tag, kind in lane.types.items()}
    domain = {tag: name for name, lane in LANES.items() for tag in lane.types}
    for site in (ROISSY, MITRY, DUGNY, LYON):
        yield Line("control.sites", site.encode(), msgspec.json.encode(profile(site, site != LYON)), START, 0)
    for number, (at, arrival) in enumerate(sorted(story(), key=lambda row: row[0])):
        tag, event = types[type(arrival.event)], arrival.event
        wire = {"type": tag} | {key: value for key, value in msgspec.to_builtins(event).items() if value is not None}
        topic, value = f"telemetry.{domain[tag]}", msgspec.json.encode(wire)
        yield Line(topic, event.site.encode(), value, at, number)


def expected() -> dict[str, set[bytes]]:
    told: dict[str, set[bytes]] = {FINDINGS: set(), INCIDENTS: set()}
    for one in Backtest().run(clocked(lines())):
        if body := one.get("finding") or one.get("incident"):
            told[FINDINGS if "finding" in one else INCIDENTS].add(encode(body))
    detectors = {msgspec.json.decode(finding)["detector"] for finding in told[FINDINGS]}
    assert {"power.neighbourhood", "shipment.two_sites", "shipment.watched_plate"} <= detectors
    return told

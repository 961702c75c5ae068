"""The reference night: what one site sends, what the platform says to it, and the goods that are registered."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from msgspec import json

from streams.incidents.backtest import Backtest
from streams.incidents.model import Command, Finding, Incident, Output, encode
from streams.incidents.registry import Registry
from streams.incidents.shard import Shard
from streams.local.simulator.scenarios import Label, Part
from streams.local.simulator.world import World
from streams.telemetry.decode import decode
from streams.telemetry.recording import Line, clocked
from streams.telemetry.rfid import RfidEncode

TOPICS = {Finding: "findings", Incident: "incidents", Command: "commands"}


class Sent(NamedTuple):
    """A record as it comes to Kafka; `at` in Unix seconds."""

    at: float
    topic: str
    key: bytes
    value: bytes


class Night(NamedTuple):
    """Everything that is sent, in order, and what was planned."""

    sent: list[Sent]
    label: Label
    incident: Incident
    imeis: dict[str, str]
    """Of the cartons that were stolen, by chip."""


class _Whole(Shard):
    """Keeps what the worker would publish."""

    published: list[Output]

    def advance(self, *given: Any, **more: Any) -> list[Output]:
        return self._keep(super().advance(*given, **more))

    def stretch(self, *given: Any) -> list[Output]:
        return self._keep(super().stretch(*given))

    def _keep(self, outputs: list[Output]) -> list[Output]:
        self.published += outputs
        return outputs


@cache
def night() -> Night:
    """Simulate the night and let the platform's core answer."""
    world = World(7, 1, 4, date(2026, 11, 16), [Part("reference-night")])
    lines: list[tuple[float, Line]] = []
    for at, line in clocked(world.lines()):
        if world.labels and at > world.labels[0].end + 1800:
            break
        lines.append((at, line))
    label = world.labels[0]
    backtest, whole = Backtest(), _Whole(Registry())
    whole.published = []
    backtest.shard = whole
    for _ in backtest.run(lines):
        pass
    sent = [Sent(at, line.topic, line.key or b"", line.value or b"") for at, line in lines]
    for output in whole.published:
        if type(output.body) in TOPICS:
            body = output.body
            key = body.id if isinstance(body, Incident) else body.site
            sent.append(Sent(output.clock, TOPICS[type(body)], key.encode(), encode(body)))
    items = list(_items(lines, label.start))
    sent += items
    imeis = {told["tid"]: told["imei"] for item in items for told in [json.decode(item.value)]}
    incident = [output.body for output in whole.published if isinstance(output.body, Incident)][-1]
    return Night(sorted(sent, key=lambda one: one.at), label, incident, imeis)


def _items(lines: list[tuple[float, Line]], start: float) -> Iterator[Sent]:
    """Register each carton whose label the thieves rewrite, as a warehouse with a serial-number book has done."""
    first = lines[0][0]
    for number, chip in enumerate(sorted(_chips(lines, start))):
        epc = f"urn:epc:id:sgtin:7946387.107346.{number}"
        imei = f"35{number:012}"
        told: dict[str, Any] = {"type": "item.registered", "epc": epc, "tid": chip, "imei": imei + _luhn(imei)}
        yield Sent(first, "control.items", epc.encode(), json.encode(told | {"sku": "107346", "value": 349.0}))


def _chips(lines: list[tuple[float, Line]], start: float) -> set[str]:
    found = set()
    for at, line in lines:
        if line.topic == "telemetry.rfid" and at >= start:
            arrivals, _ = decode("rfid", line.key, line.value, at)
            found |= {one.event.tid for one in arrivals if isinstance(one.event, RfidEncode)}
    return found


def _luhn(digits: str) -> str:
    doubled = [int(digit) * (2 if number % 2 else 1) for number, digit in enumerate(digits)]
    return str(-sum(one - 9 if one > 9 else one for one in doubled) % 10)

"""RFID: an EPCIS capture endpoint (2.0 in JSON, JSON-LD or XML, 1.2 in XML)."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from aiohttp import web
from msgspec import Meta, field

from streams.sites.formats.epcis import STEPS, Captured, EpcisError, Reading, read, telemetry
from streams.sites.listener import Listener
from streams.sites.source import Complaint, Outlet, Sends, forward
from streams.telemetry.envelope import Text

Prefix = Annotated[str, Meta(pattern=r"^\d{4,12}(?!\n)$", description="GS1 company prefix, 4 to 12 digits")]
KEPT = 50_000
"""Events that are remembered, so that a document sent again changes nothing."""


class Epcis(Listener, frozen=True, kw_only=True, tag="epcis"):
    """Readers and middleware that POST EPCIS documents to /capture, or single events to /events.

    A document is judged whole before any of it is taken. Events at business steps that the contract has not are
    ignored; `steps` maps further ones.
    """

    port: Annotated[int, Meta(ge=0, le=65535)] = 8080
    steps: dict[Text, Text] = field(default_factory=dict)
    read_points: dict[Text, Text] = field(default_factory=dict)
    company_prefixes: tuple[Prefix, ...] = ()
    tid_extension: Text | None = None

    def sends(self) -> Iterable[Sends]:
        places = ", ".join(self.read_points.values()) or "every read point"
        steps = ", ".join([*STEPS, *self.steps])
        yield Sends(places, ("rfid.read",), f"for each tag of an event at {steps}")
        if self.tid_extension:
            yield Sends(places, ("rfid.encode",), "for each tag of an event at encoding")

    def check(self, folder: Path) -> Iterator[Complaint]:
        yield from super().check(folder)
        for step, ours in self.steps.items():
            if ours not in (*STEPS, "encoding"):
                yield Complaint(f"steps.{step}", f"must become one of {', '.join(STEPS)} or encoding, not {ours}")

    async def run(self, outlet: Outlet) -> None:
        desk = _Desk(self, outlet)
        async with self.listening(outlet, desk.answer):
            while True:
                outlet.alive()
                await asyncio.sleep(10.0)


class _Desk:
    """Takes documents, and remembers which events it took."""

    def __init__(self, source: Epcis, outlet: Outlet) -> None:
        self._tid = source.tid_extension
        self._reading = Reading(source.steps, source.read_points, source.company_prefixes)
        self._outlet = outlet
        self._taken: OrderedDict[bytes, None] = OrderedDict()

    async def answer(self, request: web.Request, body: bytes) -> web.Response:
        try:
            events = read(body, self._tid)
            made = [(event, telemetry(event, self._outlet.site, self._reading)) for event in events]
        except EpcisError as error:
            self._outlet.refuse(str(error))
            problem = {"type": "epcisException:ValidationException", "title": str(error), "status": 400}
            return web.json_response(problem, status=400, content_type="application/problem+json")
        sent, refused = 0, []
        for captured, objects in made:
            if captured.key not in self._taken:
                reasons = await forward(objects, self._outlet)
                sent += len(objects) - len(reasons)
                refused += reasons
                self._remember(captured)
        ignored = sum(not objects for _, objects in made)
        told = {"events": len(made), "ignored": ignored, "sent": sent, "refused": refused[:20]}
        return web.json_response(told, status=400 if refused and not sent else 202)

    def _remember(self, captured: Captured) -> None:
        self._taken[captured.key] = None
        while len(self._taken) > KEPT:
            self._taken.popitem(last=False)

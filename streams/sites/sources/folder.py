"""Warehouse and transport systems that write files: DESADV (EDIFACT), CSV exports or JSON."""

import asyncio
import csv
import io
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, field

from streams.sites.formats import desadv
from streams.sites.formats.mapping import TYPES, MappingError, Recipe, Rule, build, flaws
from streams.sites.source import Complaint, Outlet, Period, Poll, Sends, Source, SourceError, forward, zone_flaws
from streams.sites.sources.epcis import Prefix
from streams.telemetry.envelope import Device, Telemetry, Text
from streams.telemetry.refusal import UNREADABLE

MOST_ROWS = 200_000
Taken = tuple[list[Telemetry], list[str]]
"""What a file says, and what in it can't be taken, each with its place."""


class Folder(Source, frozen=True, kw_only=True, tag="folder"):
    """Files in a folder. What was taken goes to its `done`; what was not, whole or in part, to its `refused`.

    A file counts as complete once it has not changed for `settle_s`; systems that write under another name and rename
    are safest.
    """

    path: Text
    format: Literal["desadv", "csv", "json"]
    pattern: Text = "*"
    device: Device = "wms"
    object: Text = "shipment.planned"
    fields: dict[str, str | Rule] = field(default_factory=dict)
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    timezone: Text = "UTC"
    company_prefixes: tuple[Prefix, ...] = ()
    window_h: Annotated[float, Meta(gt=0, le=168)] = 4.0
    poll_s: Poll = 2.0
    settle_s: Period = 2.0
    max_mb: Annotated[float, Meta(gt=0, le=256)] = 16.0

    def where(self) -> str:
        return f"{self.path}/{self.pattern}"

    def sends(self) -> Iterable[Sends]:
        yield Sends(self.device, (self.object,), f"for each {self._what()} in {self.path}")

    def check(self, folder: Path) -> Iterator[Complaint]:
        if not (folder / self.path).is_dir():
            yield Complaint("path", f"{folder / self.path} is no folder; create it, or name another")
        yield from zone_flaws(self.timezone)
        if self.format == "desadv":
            if self.object != "shipment.planned" or self.fields:
                yield Complaint("fields", "a DESADV needs neither object nor fields: it is a shipment.planned")
            return
        for name, text in flaws(self.object, self.fields):
            yield Complaint(name, text)

    async def run(self, outlet: Outlet) -> None:
        folder = outlet.folder / self.path
        for name in ("done", "refused"):
            (folder / name).mkdir(exist_ok=True)
        while True:
            for path in sorted(folder.glob(self.pattern)):
                if self._complete(path):
                    await self._take(path, outlet)
            outlet.alive()
            await asyncio.sleep(self.poll_s)

    def _what(self) -> str:
        return {"desadv": "message", "csv": "row", "json": "object"}[self.format]

    def _complete(self, path: Path) -> bool:
        try:
            return path.is_file() and time.time() - path.stat().st_mtime >= self.settle_s
        except FileNotFoundError:
            return False  # taken back by whoever wrote it

    async def _take(self, path: Path, outlet: Outlet) -> None:
        events, faults = await asyncio.to_thread(self._open, path, outlet.site)
        for fault in faults[:20]:
            outlet.refuse(f"{path.name}: {fault}")
        faults += await forward(events, outlet)
        await asyncio.to_thread(_put_away, path, faults)

    def _open(self, path: Path, site: str) -> Taken:
        about = path.stat()
        if about.st_size > self.max_mb * 1e6:
            return [], [f"it has more than {self.max_mb:g} MB: raise max_mb, or send it in parts"]
        return self.read(path.read_bytes(), site, datetime.fromtimestamp(round(about.st_mtime, 3), UTC))

    def read(self, body: bytes, site: str, written: datetime) -> Taken:
        """Read a file's bytes; nothing in them makes this raise."""
        zone = ZoneInfo(self.timezone)
        if self.format == "desadv":
            window = timedelta(hours=self.window_h)
            reading = desadv.Reading(site, self.device, zone, self.company_prefixes, window)
            try:
                return list(desadv.read(body, reading, written)), []
            except desadv.DesadvError as error:
                return [], [str(error)]
        recipe = Recipe(kind=TYPES[self.object], fields=self.fields, zone=zone)
        common = {"site": site, "device": self.device, "time": written}
        events: list[Telemetry] = []
        faults: list[str] = []
        try:
            for place, row in self._rows(body):
                try:
                    events.append(build(recipe, row, common))
                except MappingError as error:
                    faults.append(f"{place}: {error}")
        except SourceError as error:
            faults.append(str(error))
        return events, faults

    def _rows(self, body: bytes) -> Iterator[tuple[str, Any]]:
        if self.format == "json":
            yield from _objects(body)
            return
        try:
            text = body.decode(self.encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise SourceError(f"it is not {self.encoding}: byte {error.start}; set the source's encoding") from None
        delimiter = self.delimiter or max(";,\t|", key=text.partition("\n")[0].count)
        try:
            reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
            for number, row in enumerate(reader, 2):
                if number > MOST_ROWS:
                    raise SourceError(f"it has more than {MOST_ROWS:,} rows: send it in parts")
                yield f"row {number}", row
        except csv.Error as error:
            raise SourceError(f"no CSV that can be read: {error}") from None


def _objects(body: bytes) -> Iterator[tuple[str, Any]]:
    try:
        body.decode()
        found = msgspec.json.decode(body)
    except UNREADABLE as error:
        raise SourceError(f"no JSON: {error}") from None
    for number, one in enumerate(found if isinstance(found, list) else [found], 1):
        yield f"object {number}", one


def _put_away(path: Path, faults: list[str]) -> None:
    target = path.parent / ("refused" if faults else "done") / path.name
    if faults:
        target.with_name(f"{path.name}.why.txt").write_text("\n".join(faults) + "\n", "utf-8")
    path.replace(target)

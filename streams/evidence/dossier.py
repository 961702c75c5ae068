"""A dossier: an incident's file for police and insurer, every number of which is cited by a sealed record."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import to_builtins

from streams.evidence.cited import Cited
from streams.evidence.gather import Gathered, Told, gather, moment_of, registered
from streams.evidence.goods import Loading, Tag, loadings, rewritten, tags
from streams.evidence.sources import Source
from streams.evidence.track import Problem
from streams.incidents.model import moment
from streams.telemetry.control import Item
from streams.telemetry.evidence import PLATFORM

HIDDEN = frozenset(
    {"type", "site", "device", "time", "sequence", "id", "summary", "incident", "domain", "detector", "biz_step"}
)
"""Fields that a row of evidence tells in columns of their own, or need not."""


class Row(NamedTuple):
    """One piece of evidence; `id` is what the text cites it by."""

    id: str
    time: datetime
    who: str
    what: str
    numbers: list[tuple[str, str]]
    cited: Cited


class Good(NamedTuple):
    """One item that left; `item` is None for a tag that nobody has registered."""

    tag: Tag
    read: Row
    item: Told | None
    registered: Row | None

    @property
    def sure(self) -> str:
        """How sure it is that this very item left."""
        if self.tag.sharing > 1:
            return f"1 of {self.tag.sharing} chips with this label"
        return "chip read" if self.tag.read.said.tid else "label read"


class Dossier(NamedTuple):
    """Everything that the file tells."""

    gathered: Gathered
    signs: list[Row]
    revisions: list[Row]
    deeds: list[Row]
    gates: list[Row]
    loads: list[Row]
    labels: list[Row]
    reads: list[Row]
    items: list[Row]
    loadings: list[tuple[Loading, list[Row]]]
    goods: list[Good]
    problems: list[Problem]
    source: Source
    keys: list[str]

    @property
    def rows(self) -> list[Row]:
        """List all evidence."""
        parts = (self.signs, self.revisions, self.deeds, self.gates, self.loads, self.labels, self.reads, self.items)
        return [row for part in parts for row in part]

    @property
    def imeis(self) -> list[Good]:
        """List what operators can block, each IMEI once."""
        found = {good.item.said.imei: good for good in self.goods if good.item is not None and good.item.said.imei}
        return list(found.values())


def make(source: Source, name: str, keys: list[str]) -> Dossier:
    """Make an incident's dossier; raises `GatherError`, and what the source raises.

    Parameters
    ----------
    source
        Where the records come from.
    name
        The incident's id.
    keys
        Public keys that are trusted, hex.
    """
    found = gather(source, name)
    runs = loadings(found.goods, found.findings)
    taken = [run for run in runs if run.booked is False]
    # A label on several chips may be read with each of them; each chip leaves once.
    left = list({tag.tid or tag.epc: tag for run in reversed(taken) for tag in tags(run, found.goods)}.values())
    left.sort(key=lambda tag: tag.read.said.time)
    reads = _rows("T", [one for run in taken for one in run.reads])
    known = _registered(source, left)
    items = _rows("I", known)
    loads = _rows("L", [one for run in runs for one in run.loads])
    gates = _rows("V", _once(one for run in taken for one in run.passages))
    dossier = Dossier(
        found,
        _rows("F", found.findings),
        _rows("R", _turns(found.revisions)),
        _rows("A", found.deeds),
        gates,
        loads,
        _rows("E", rewritten(found.goods, found.findings)),
        reads,
        items,
        [(run, _of(loads, run.loads)) for run in runs],
        list(_goods(left, reads, known, items)),
        [],
        source,
        keys,
    )
    return dossier._replace(problems=_verified(source, found.incident.site, keys))


def _verified(source: Source, site: str, keys: list[str]) -> list[Problem]:
    copy = source.verify([chain for chain in (site, PLATFORM) if chain in source.chains()])
    copy.check_keys(keys)
    copy.check_heads([site])
    return copy.problems


def _turns(revisions: list[Told]) -> Iterator[Told]:
    """Pick the revisions that opened, escalated, paged or closed, and the last."""
    before: Any = None
    for one in revisions:
        now = one.said
        turned = before is None or (now.severity, now.pages, now.status) != (
            before.severity,
            before.pages,
            before.status,
        )
        if turned or one is revisions[-1]:
            yield one
        before = now


def _rows(letter: str, tolds: Iterable[Told]) -> list[Row]:
    return [_row(f"{letter}{number}", told) for number, told in enumerate(tolds, 1)]


def _row(name: str, told: Told) -> Row:
    said = told.said
    own = moment(told.cited.record.time / 1000) if isinstance(said, Item) else getattr(said, "updated", None)
    time = own or moment_of(said)
    who = str(getattr(said, "device", "") or getattr(said, "by", "") or getattr(said, "owner", "") or "platform")
    what = str(getattr(said, "summary", "") or getattr(said, "reason", "") or _kind(said))
    return Row(name, time, who, what, list(_numbers(said)), told.cited)


def _kind(said: Any) -> str:
    tag = str(said.__struct_config__.tag or type(said).__name__.lower())
    return tag.replace(".", " ")


def _numbers(said: Any) -> Iterator[tuple[str, str]]:
    """Tell a record's fields as they are, without what stands elsewhere in the row."""
    fields = to_builtins(said)
    if "timeline" in fields:
        names = ("revision", "severity", "status", "risk", "pages", "verdict")
        fields = {name: fields[name] for name in names} | {"signs": len(fields["timeline"])}
    evidence = fields.pop("evidence", {})
    told = {name: value for name, value in fields.items() if name not in HIDDEN} | evidence
    for name, value in told.items():
        if value is None or value == [] or value == "":
            continue
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        plain = ", ".join(map(str, text)) if isinstance(text, list) else str(text)
        yield name, plain.replace("urn:epc:id:", "")


def _registered(source: Source, left: list[Tag]) -> list[Told]:
    if not left:
        return []
    epcs = {tag.epc for tag in left} | {tag.written.said.previous_epc or "" for tag in left if tag.written}
    return registered(source, epcs, {tag.tid for tag in left if tag.tid})


def _goods(left: list[Tag], reads: list[Row], known: list[Told], items: list[Row]) -> Iterator[Good]:
    by_chip = {(told.said.tid or "").upper(): number for number, told in enumerate(known) if told.said.tid}
    by_epc = {told.said.epc: number for number, told in enumerate(known)}
    rows = {(row.cited.record, row.time): row for row in reads}
    for tag in left:
        number = by_chip.get(tag.tid) if tag.tid else None
        if number is None and tag.written is not None:
            number = by_epc.get(tag.written.said.previous_epc or "")
        if number is None and tag.written is None:
            number = by_epc.get(tag.epc)
        read = rows[tag.read.cited.record, tag.read.said.time]
        yield Good(tag, read, None if number is None else known[number], None if number is None else items[number])


def _once(tolds: Iterable[Told]) -> list[Told]:
    found = {(told.cited.record, told.said.time): told for told in tolds}
    return sorted(found.values(), key=lambda told: told.said.time)


def _of(rows: list[Row], tolds: list[Told]) -> list[Row]:
    wanted = {(told.cited.record, told.said.time) for told in tolds}
    return [row for row in rows if (row.cited.record, row.time) in wanted]

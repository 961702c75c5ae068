"""What happened, in plain words: sentences that each cite the evidence they stand on."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from streams.evidence.dossier import Dossier, Row
from streams.evidence.goods import Loading
from streams.incidents.model import Finding
from streams.telemetry.control import Action, Confirmation, Maintenance, Verdict
from streams.telemetry.shipment import ShipmentDeparted

DOMAINS = {"power": "Power", "alarm": "Alarm", "camera": "Cameras", "rfid": "Goods and labels", "shipment": "Shipments"}
VERDICTS = {
    "true_positive": "a real attack",
    "false_positive": "a false alarm",
    "benign": "harmless",
    "test": "a test",
}
MOST = 4
"""Pieces of evidence that a sentence names one by one; of more it names the first and the last."""


class Sentence(NamedTuple):
    """Some words, and the ids of what they stand on."""

    text: str
    cites: list[str]


class Paragraph(NamedTuple):
    """Sentences under a heading."""

    title: str
    sentences: list[Sentence]


def tell(dossier: Dossier) -> list[Paragraph]:
    """Tell the incident: signs by domain, goods, what was done, what is thought of it."""
    parts = [*_signs(dossier), Paragraph("Goods that left", list(_goods(dossier)))]
    parts.append(Paragraph("What was done", list(_deeds(dossier))))
    return [part for part in parts if part.sentences]


def local(dossier: Dossier, at: datetime, form: str = "%H:%M:%S") -> str:
    """Write a moment in the site's own time, or in UTC where that is not declared."""
    return f"{at.astimezone(dossier.gathered.zone or UTC):{form}}"


def _signs(dossier: Dossier) -> Iterator[Paragraph]:
    """Tell each domain by the surest sign of each of its surest detectors."""
    by_domain: dict[str, list[tuple[Row, Finding]]] = {}
    for row, told in zip(dossier.signs, dossier.gathered.findings, strict=True):
        by_domain.setdefault(told.said.domain, []).append((row, told.said))
    parts: list[tuple[datetime, Paragraph]] = []
    for domain, signs in by_domain.items():
        surest: dict[str, Row] = {}
        for row, finding in sorted(signs, key=lambda sign: -sign[1].score):
            surest.setdefault(finding.detector, row)
        chosen = sorted([*surest.values()][:MOST], key=lambda row: row.time)
        said = [Sentence(f"{local(dossier, row.time, '%d %b %H:%M:%S')}: {row.what}", [row.id]) for row in chosen]
        if more := len(signs) - len(chosen):
            words = _count(more, "more sign of this kind", "more signs of this kind")
            said.append(Sentence(f"{words} are among the evidence.", _few([row for row, _ in signs])))
        parts.append((chosen[0].time, Paragraph(DOMAINS[domain], said)))
    for _, part in sorted(parts, key=lambda timed: timed[0]):
        yield part


def loss(dossier: Dossier) -> str:
    """Say in one line what left."""
    taken = [run for run, _ in dossier.loadings if run.booked is False]
    if not taken:
        return "nothing, as far as is known"
    known = [good.item.said for good in dossier.goods if good.item]
    worth = sum(item.value or 0 for item in known)
    pallets = _count(sum(len(run.loads) for run in taken), "pallet")
    return (
        f"{pallets} in {_count(len(taken), 'loading')}; {_count(len(known), 'registered item')} worth € {worth:,.2f}, "
        f"{_count(len(dossier.imeis), 'IMEI')} to be blocked"
    )


def _goods(dossier: Dossier) -> Iterator[Sentence]:
    if dossier.labels:
        users = sorted({value for row in dossier.labels for name, value in row.numbers if name == "user"})
        by = f" by {', '.join(users)}" if users else ""
        span = _span(dossier, dossier.labels[0].time, dossier.labels[-1].time)
        yield Sentence(f"{len(dossier.labels)} labels were written {span}{by}.", _few(dossier.labels))
    taken = [(run, rows) for run, rows in dossier.loadings if run.booked is False]
    for run, rows in taken:
        yield _loading(dossier, run, rows)
    if not taken:
        yield Sentence("No loading without a right to was recorded.", [])
        return
    pallets = _count(sum(len(run.loads) for run, _ in taken), "pallet")
    labels = _count(len({good.tag.epc for good in dossier.goods}), "label")
    chips = _count(len(dossier.goods), "chip")
    yield Sentence(
        f"Altogether {pallets} in {_count(len(taken), 'loading')}, with {labels} read at the doors that "
        f"{chips} can have carried.",
        [*_few([row for _, rows in taken for row in rows]), *_few(dossier.reads)],
    )
    known = [good.item.said for good in dossier.goods if good.item]
    worth = sum(item.value or 0 for item in known)
    yield Sentence(
        f"Of these {len(known):,} are registered goods, worth € {worth:,.2f}, "
        f"with {_count(len(dossier.imeis), 'IMEI')} that operators can block.",
        _few(dossier.items),
    )


def _loading(dossier: Dossier, run: Loading, rows: list[Row]) -> Sentence:
    gates = [row for row in dossier.gates if any(row.cited is one.cited for one in run.passages)]
    ways = {value: row for row in gates for name, value in row.numbers if name == "direction"}
    lorry = f"Lorry {' or '.join(run.plates)}" if run.plates else "A lorry that the gate did not name"
    came = f" came in at {local(dossier, ways['in'].time)}" if "in" in ways else ""
    left = f" It left at {local(dossier, ways['out'].time)}." if "out" in ways else " Its leaving was not seen."
    over = f"{_count(len(run.loads), 'pallet')} and {_count(len({one.said.epc for one in run.reads}), 'label')}"
    span = _span(dossier, run.start, run.end)
    books = [one.said for one in run.passages if isinstance(one.said, ShipmentDeparted)]
    said = f" Its departure was entered with {books[0].pallets} pallets and {books[0].items:,} items." if books else ""
    text = f"{lorry}{came}; {over} went over dock {run.dock} {span}, not booked: {run.reason}.{said}{left}"
    return Sentence(text, [row.id for row in gates] + _few(rows))


def _deeds(dossier: Dossier) -> Iterator[Sentence]:
    before = 0
    for row in dossier.revisions:
        pages = int(dict(row.numbers).get("pages", 0))
        if pages > before:
            yield Sentence(f"{local(dossier, row.time)}: the platform paged the on-call person.", [row.id])
        before = pages
    for row, told in zip(dossier.deeds, dossier.gathered.deeds, strict=True):
        yield Sentence(f"{local(dossier, row.time)}: {_deed(told.said)}", [row.id])
    if not any(isinstance(told.said, Verdict) for told in dossier.gathered.deeds):
        yield Sentence("No verdict has been given yet.", [dossier.revisions[-1].id])


def _deed(said: object) -> str:
    match said:
        case Verdict():
            return f"{said.by} found it to be {VERDICTS[said.verdict]}{_note(said.note)}."
        case Action():
            to = f" to {said.to}" if said.to else ""
            words = {
                "acknowledge": "acknowledged it",
                "assign": f"assigned it{to}",
                "note": "noted",
                "release": "released",
            }
            return f"{said.by} {words[said.action]}{_note(said.note)}."
        case Confirmation():
            return (
                f"{said.by} told that the command was {'carried out' if said.outcome == 'done' else 'not carried out'}."
            )
        case Maintenance():
            return f"work was announced for {said.start:%H:%M}–{said.end:%H:%M} UTC{_note(said.reason)}."
        case _:
            command = getattr(said, "command", "").replace("_", " ")
            return f"the platform {'gave' if getattr(said, 'mode', '') == 'automatic' else 'advised'} {command}."


def _note(note: str | None) -> str:
    return f": “{note}”" if note else ""


def _span(dossier: Dossier, start: datetime, end: datetime) -> str:
    return f"from {local(dossier, start)} to {local(dossier, end)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _few(rows: Sequence[Row]) -> list[str]:
    """Name what a sentence stands on: a few one by one, of many in a row the first and the last."""
    if len(rows) <= MOST:
        return [row.id for row in rows]
    runs = []
    for _, run in groupby(enumerate(rows), key=lambda pair: int(pair[1].id[1:]) - pair[0]):
        ids = [row.id for _, row in run]
        runs.append(ids[0] if len(ids) == 1 else f"{ids[0]}–{ids[-1]}")
    return runs

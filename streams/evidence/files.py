"""The files of a dossier: HTML, PDF, the IMEI list, lines for the watch list, the cited records with their proofs."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import json
from msgspec.structs import replace

from streams.evidence.dossier import Dossier
from streams.evidence.link import link_hash
from streams.evidence.merkle import path
from streams.evidence.telling import local, loss, tell
from streams.incidents.model import Step
from streams.incidents.picture import draw
from streams.telemetry.control import Watch
from streams.telemetry.evidence import PLATFORM, Link

WATCHED = timedelta(days=90)
"""How long tags and plates are to be watched for."""
LULL = timedelta(hours=6)
WIDTH = 720.0
COLOURS = {"power": "#c27c0e", "alarm": "#8e3b9e", "camera": "#1f6feb", "rfid": "#2d7a3e", "shipment": "#0b7285"}
TITLES = {
    "signs": "F: what detectors found",
    "revisions": "R: how the platform judged it",
    "deeds": "A: what was done, by the platform and by people",
    "gates": "V: lorries at the gate",
    "loads": "L: pallets over the docks",
    "labels": "E: labels that were written",
    "reads": "T: labels read as they left",
    "items": "I: registered goods",
}
COLUMNS = (
    *("imei", "tid", "epc", "sku", "value_eur", "site", "left_utc", "dock", "vehicle", "certainty"),
    *("read_link", "read_leaf", "item_link", "item_leaf", "incident"),
)


class PdfError(Exception):
    """There is no weasyprint; the message says what to do."""


def html(dossier: Dossier, made: datetime, by: str) -> str:
    """Write the dossier as one page of HTML that needs nothing else."""
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    pages = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters |= {
        "utc": lambda at: f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "brief": lambda at: f"{at.astimezone(UTC):%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}",
        "day": lambda at: f"{at.astimezone(UTC):%Y-%m-%d}",
        "ms": lambda at: f"{at.astimezone(UTC):%H:%M:%S}.{at.microsecond // 1000:03d}",
        "local": lambda at: local(dossier, at, "%a %d %b %H:%M:%S"),
        "clock": lambda at: local(dossier, at),
        "short": lambda epc: epc.removeprefix("urn:epc:id:"),
    }
    found = dossier.gathered
    shown = _core(found.incident.timeline)
    times = [row.time for row in dossier.signs] or [found.incident.opened]
    form = "%A %d %B %Y, %H:%M"
    return pages.get_template("dossier.html").render(
        incident=found.incident,
        span=f"{local(dossier, min(times), form)} to {local(dossier, max(times), form)}, {_zone(dossier)}",
        zone=_zone(dossier),
        made=made,
        by=by,
        source=dossier.source.name,
        version=version("tocsin"),
        problems=dossier.problems,
        keys=dossier.keys,
        last=dossier.revisions[-1],
        story=tell(dossier),
        picture=draw(replace(found.incident, timeline=shown), WIDTH, found.zone),
        left_out=len(found.incident.timeline) - len(shown),
        colours=COLOURS,
        loadings=dossier.loadings,
        goods=dossier.goods,
        loss=loss(dossier),
        tables=[(title, getattr(dossier, name)) for name, title in TITLES.items()],
        links=[link for _, link in found.links],
        counts=found.counts,
        cited=[(link, link_hash(line)) for line, link in cited_links(dossier)],
        checkpoints=list(_checkpoints(dossier)),
    )


def pdf(page: str, attached: dict[str, bytes]) -> bytes:
    """Print the page, the lists attached; raises `PdfError` where weasyprint is missing."""
    try:
        from weasyprint import HTML, Attachment
    except (ImportError, OSError) as error:
        raise PdfError(
            "weasyprint, or a library of its, is missing: pip install 'tocsin[paper]', and on Debian apt-get install "
            "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
        ) from error
    files = [Attachment(string=data, name=name) for name, data in attached.items()]
    written: bytes = HTML(string=page).write_pdf(attachments=files)
    return written


def imeis(dossier: Dossier) -> str:
    """Write the IMEI list as CSV: what operators need comes first."""
    text = StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for good in dossier.imeis:
        item, row = good.item, good.registered
        if item is None or row is None:
            continue
        told = item.said
        table.writerow(
            {
                "imei": told.imei,
                "tid": good.tag.tid,
                "epc": good.tag.epc,
                "sku": told.sku,
                "value_eur": told.value,
                "site": dossier.gathered.incident.site,
                "left_utc": good.read.time.astimezone(UTC).isoformat(timespec="seconds"),
                "dock": good.tag.loading.dock,
                "vehicle": " or ".join(good.tag.loading.plates),
                "certainty": good.sure,
                "read_link": good.read.cited.link.number,
                "read_leaf": good.read.cited.leaf,
                "item_link": row.cited.link.number,
                "item_leaf": row.cited.leaf,
                "incident": dossier.gathered.incident.id,
            }
        )
    return text.getvalue()


def watches(dossier: Dossier) -> list[Watch]:
    """List the lorries and tags to look out for; a chip where it is known, for a label can be a copy."""
    incident = dossier.gathered.incident
    until = incident.updated + WATCHED
    reason = f"left {incident.site} with no right to, incident {incident.id}"
    taken = [run for run, _ in dossier.loadings if run.booked is False]
    plates = sorted({plate for run in taken for plate in run.plates})
    tags = {good.tag.tid or good.tag.epc: "tid" if good.tag.tid else "epc" for good in dossier.goods}
    told: list[Any] = [("plate", plate) for plate in plates] + [(what, value) for value, what in tags.items()]
    return [Watch(what=what, value=value, reason=reason, until=until) for what, value in told]


def evidence(dossier: Dossier) -> Iterator[bytes]:
    """Write each cited record with its bytes, hex, and the hashes that lead from it to its link's root."""
    trees: dict[tuple[str, int], list[bytes]] = {}
    for row in dossier.rows:
        link, leaf = row.cited.link, row.cited.leaf
        if (link.site, link.number) not in trees:
            trees[link.site, link.number] = dossier.source.hashes(link)
        tree = trees[link.site, link.number]
        yield json.encode(
            {
                "id": row.id,
                "site": link.site,
                "link": link.number,
                "leaf": leaf,
                "hash": row.cited.hash,
                "path": [one.hex() for one in path(tree, leaf)] if tree else None,
                "bytes": row.cited.record.leaf().hex(),
            }
        )


def cited_links(dossier: Dossier) -> list[tuple[bytes, Link]]:
    """List the links that hold what is cited, the site's before the platform's."""
    wanted = {(row.cited.link.site, row.cited.link.number) for row in dossier.rows}
    chains = [name for name in (dossier.gathered.incident.site, PLATFORM) if name in dossier.source.chains()]
    every = [pair for chain in chains for pair in dossier.source.links(chain)]
    return [(line, link) for line, link in every if (link.site, link.number) in wanted]


def _checkpoints(dossier: Dossier) -> Iterator[str]:
    for chain in (dossier.gathered.incident.site, PLATFORM):
        if chain in dossier.source.chains() and (links := dossier.source.links(chain)):
            line, link = links[-1]
            yield f"{chain}:{link.number}:{link_hash(line)}"


def _core(steps: list[Step]) -> list[Step]:
    """Leave out what came hours before the rest, or after: the pauses would be all that is seen."""
    runs: list[list[Step]] = []
    for step in sorted(steps, key=lambda step: step.time):
        if runs and step.time - runs[-1][-1].time <= LULL:
            runs[-1].append(step)
        else:
            runs.append([step])
    return max(runs, key=lambda run: sum(step.score for step in run), default=[])


def _zone(dossier: Dossier) -> str:
    zone = dossier.gathered.zone
    return zone.key if zone else "UTC (the site has declared no time zone)"

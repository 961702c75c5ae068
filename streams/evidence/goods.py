"""Which goods left with no right to: what went over the docks, in which lorry, on which pallets, with which labels.

What goes over one dock without a long pause is one loading. A loading is booked when an order that was planned covers
it in its window: by the order that it names, or by a pallet's number. One that names an order out of its window, or
that a detector objected to, is not booked, and whatever it took is on the list. The rest is unclear and shown as such.

A label that was rewritten says nothing of what is under it, so a tag is known by its chip: the one that the door read,
else the chips on which this label was written last. Several chips under one label are each on the list, and it says so.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from detectors.freight import plain
from streams.evidence.gather import Told
from streams.incidents.model import Finding
from streams.telemetry.rfid import RfidEncode, RfidRead
from streams.telemetry.shipment import ShipmentDeparted, ShipmentGate, ShipmentLoaded, ShipmentPlanned

PAUSE = timedelta(minutes=15)
"""Two pallets over a dock this far apart are not the same loading."""
SLACK = timedelta(hours=3)
"""How early or late before or after its window an order is still carried out."""
STAY = timedelta(hours=3)
"""How long before a loading its lorry may have come in, and after it gone out."""
OBJECTIONS = ("shipment.unentitled_load", "rfid.unentitled_pallet", "rfid.unbooked_pallet", "rfid.night_reads")
RELABELLING = ("rfid.relabelling", "rfid.copied_label", "rfid.reprint", "rfid.other_epc", "rfid.clone")
AROUND = timedelta(minutes=30)


class Loading(NamedTuple):
    """What went over one dock in one go."""

    dock: str
    loads: list[Told]
    reads: list[Told]
    orders: list[str]
    plates: list[str]
    """Lorries that it may have gone into."""
    passages: list[Told]
    """Their passages of the gate, and bookings of their departure."""
    booked: bool | None
    reason: str

    @property
    def start(self) -> datetime:
        """When the first thing went over the dock."""
        at: datetime = min(one.said.time for one in (*self.loads, *self.reads))
        return at

    @property
    def end(self) -> datetime:
        """When the last did."""
        at: datetime = max(one.said.time for one in (*self.loads, *self.reads))
        return at


class Tag(NamedTuple):
    """One chip that left, as far as it is known."""

    epc: str
    tid: str
    sscc: str
    read: Told
    loading: Loading
    sharing: int
    """Chips that carry the same label, of which one or more were read; 1 where it is certain."""
    written: Told | None


def loadings(goods: list[Told], findings: list[Told]) -> list[Loading]:
    """Put together what went over the docks."""
    over: dict[str, list[Told]] = {}
    for one in goods:
        if isinstance(one.said, ShipmentLoaded):
            over.setdefault(one.said.dock, []).append(one)
        elif isinstance(one.said, RfidRead) and one.said.biz_step in ("loading", "departing"):
            over.setdefault(one.said.read_point, []).append(one)
    found = [_loading(dock, part, goods, findings) for dock, many in over.items() for part in _parts(many)]
    return sorted(found, key=lambda loading: loading.start)


def tags(loading: Loading, goods: list[Told]) -> list[Tag]:
    """List the chips that a loading took, each once, by what its dock's reader saw."""
    found: dict[str, Tag] = {}
    for read in loading.reads:
        epc, sscc = read.said.epc, read.said.sscc or ""
        written = _chips(epc, read.said.time, goods)
        if read.said.tid:
            chips = {read.said.tid.upper(): written.get(read.said.tid.upper())}
        else:
            chips = dict(written) or {"": None}
        for tid, encode in chips.items():
            found.setdefault(tid or epc, Tag(epc, tid, sscc, read, loading, len(chips), encode))
    return list(found.values())


def rewritten(goods: list[Told], findings: list[Told]) -> list[Told]:
    """List the labels that were written from half an hour before to half an hour after detectors objected to it."""
    times = [one.said.time for one in findings if one.said.detector in RELABELLING]
    if not times:
        return []
    first, last = min(times) - AROUND, max(times) + AROUND
    return [one for one in goods if isinstance(one.said, RfidEncode) and first <= one.said.time <= last]


def _parts(many: list[Told]) -> list[list[Told]]:
    parts: list[list[Told]] = []
    for one in many:
        if parts and one.said.time - parts[-1][-1].said.time <= PAUSE:
            parts[-1].append(one)
        else:
            parts.append([one])
    return parts


def _loading(dock: str, part: list[Told], goods: list[Told], findings: list[Told]) -> Loading:
    loads = [one for one in part if isinstance(one.said, ShipmentLoaded)]
    reads = [one for one in part if isinstance(one.said, RfidRead)]
    start, end = part[0].said.time, part[-1].said.time
    plans = [one for one in goods if isinstance(one.said, ShipmentPlanned) and one.said.time <= end]
    orders = sorted({one.said.order for one in loads if one.said.order})
    ssccs = {one.said.sscc for one in part if one.said.sscc}
    plan = next((one for one in reversed(plans) if one.said.order in orders or ssccs & {*one.said.ssccs}), None)
    plates, passages = _lorries(loads, start, end, goods)
    objected = [one for one in findings if _objects(one.said, dock, start, end)]
    booked, reason = _judge(orders, plan, start, objected)
    return Loading(dock, loads, reads, orders, plates, passages, booked, reason)


def _judge(orders: list[str], plan: Told | None, start: datetime, objected: list[Told]) -> tuple[bool | None, str]:
    if plan is not None:
        window = plan.said.window_start, plan.said.window_end
        if window[0] - SLACK <= start <= window[1] + SLACK:
            return True, f"order {plan.said.order}, in its window"
        hours = max(window[0] - start, start - window[1]).total_seconds() / 3600
        return False, f"order {plan.said.order} was due {hours:.1f} h {'later' if start < window[0] else 'earlier'}"
    if objected:
        return False, f"no order covers it; {objected[0].said.detector} objected"
    return None, f"order {orders[0]} is not among the records" if orders else "no order was named"


def _objects(finding: Finding, dock: str, start: datetime, end: datetime) -> bool:
    near = start - timedelta(minutes=1) <= finding.time <= end + timedelta(minutes=1)
    return near and finding.detector in OBJECTIONS and dock in (*map(str, finding.evidence.values()), finding.device)


def _lorries(loads: list[Told], start: datetime, end: datetime, goods: list[Told]) -> tuple[list[str], list[Told]]:
    """Find the lorries that were there: named by the load, or let in by the gate and not let out before."""
    gates = [one for one in goods if isinstance(one.said, ShipmentGate | ShipmentDeparted)]
    near = [one for one in gates if start - STAY <= one.said.time <= end + STAY]
    named = sorted({one.said.plate for one in loads if one.said.plate})
    if named:
        return named, [one for one in near if plain(one.said.plate) in set(map(plain, named))]
    stays: dict[str, list[Told]] = {}
    for plate in dict.fromkeys(one.said.plate for one in near):
        own = [one for one in near if plain(one.said.plate) == plain(plate)]
        came = [one for one in own if _way(one) == "in" and one.said.time <= start]
        left = [one for one in own if _way(one) == "out" and one.said.time >= (came[-1].said.time if came else start)]
        if came and (not left or left[0].said.time >= end - timedelta(minutes=1)):
            stays[plate] = [came[-1], *(one for one in own if came[-1].said.time < one.said.time <= _gone(left, end))]
    return sorted(stays), [one for passages in stays.values() for one in passages]


def _gone(left: list[Told], end: datetime) -> datetime:
    gone: datetime = left[0].said.time if left else end + STAY
    return gone


def _way(one: Told) -> str:
    return str(getattr(one.said, "direction", ""))


def _chips(epc: str, at: datetime, goods: list[Told]) -> dict[str, Told]:
    """Find the chips that carry this label at that time because it was written on them, and the writing."""
    last: dict[str, Told] = {}
    for one in goods:
        if isinstance(one.said, RfidEncode) and one.said.time <= at:
            last[one.said.tid.upper()] = one
    return {tid: one for tid, one in last.items() if one.said.epc == epc}

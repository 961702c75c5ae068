"""The site's goods ledger: what was ordered, relabelled, read, loaded; the memory that reconciliation judges by.

Everything keyed by data is capped and forgets the oldest. Times are event times in Unix seconds.
"""

from itertools import islice
from typing import Any

from detectors.freight import SKEW_S, Loading, Order, Passing, Visit, cap, label, plain
from detectors.labels import Labels
from detectors.state import Part

MOST_ORDERS = 400
MOST_CLOSED = 1000
MOST_PLATES = 1500
MOST_POINTS = 200
MOST_INSIDE = 60
PASSING_S = 6 * 60.0
"""How long before its booking a pallet may have been read at the dock's door, s."""
REGISTERED_S = 90 * 86400.0
STALE_S = 300.0
FADE = 0.999
"""What is left of the largest load after each further lorry."""


class Goods(Part):
    """The ledger of one site; detectors read it before it takes the event they judge."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.pallets: dict[int, str] = {}
        self.closed: dict[int, float] = {}
        self.plates: dict[str, Visit] = {}
        self.docks: dict[str, Loading] = {}
        self.points: dict[str, list[Passing]] = {}
        self.labels = Labels()
        self.gates = 0
        self.tagged = 0
        self.lorries = 0
        self.largest = 0.0
        self.newest = 0.0

    def under_way(self) -> dict[str, int]:
        """Tell the pallets of all orders under way: how many are booked, went over a dock, and have departed."""
        orders = self.orders.values()
        return {
            "booked": sum(len(order.ssccs) for order in orders),
            "loaded": sum(order.loaded for order in orders),
            "departed": sum(order.loaded for order in orders if order.departed),
        }

    # -- taking in -------------------------------------------------------------------------------------------------

    def learn_one(self, kind: str, event: Any, at: float) -> None:
        """Take one rfid or shipment event at Unix seconds `at`."""
        self.newest = max(self.newest, at)
        if kind == "rfid.read":
            self._read(event, at)
        elif kind == "rfid.encode":
            self.labels.encode(event, at)
        elif kind == "shipment.planned":
            self._plan(event, at)
        elif kind == "shipment.loaded":
            self._load(event, at)
        elif kind == "shipment.gate":
            self._gate(event, at)
        elif kind == "shipment.departed":
            self._depart(event, at)

    def _read(self, event: Any, at: float) -> None:
        epc = label(event.epc)
        if not self.stale(at):
            self.labels.read(event, epc)
        if event.biz_step not in ("loading", "departing"):
            return
        passing = self.points.setdefault(event.read_point, [])
        sscc = event.sscc or ""
        if not passing or passing[-1].sscc != sscc or at - passing[-1].last > PASSING_S:
            passing.append(Passing(sscc, at))
            del passing[:-4]
            self.tagged += 1
            cap(self.points, MOST_POINTS)
        now = passing[-1]
        now.last = max(now.last, at)
        now.tags += 1
        now.renamed += self.labels.was_renamed(epc, at)
        now.rewritten += self.labels.was_rewritten(epc, at)

    def _plan(self, event: Any, at: float) -> None:
        order = self.orders.get(event.order)
        if order is None:
            self._close_old(at)
            order = self.orders[event.order] = Order(at)
            order.update(event, at)
            # One that is booked late has gone over a dock in part, or as a whole.
            order.loaded = sum(now.pallets for now in self.docks.values() if now.order == event.order)
            if len(self.orders) > MOST_ORDERS:
                self._close(next(iter(self.orders)))
        else:
            order.update(event, at)
        for sscc in order.ssccs:
            self.pallets[sscc] = event.order
        for plate in order.plates:
            self._visit(plate).registered = at
        cap(self.pallets, 8 * MOST_ORDERS)

    def _close_old(self, at: float) -> None:
        """Of the oldest orders, if they are over, keep only that they have left."""
        for name in [name for name in list(self.orders)[:8] if self.orders[name].passed(at)]:
            self._close(name)

    def _close(self, name: str) -> None:
        order = self.orders.pop(name)
        for sscc in order.ssccs:
            self.pallets.pop(sscc, None)
        self.closed.pop(label(name), None)
        self.closed[label(name)] = order.departed
        cap(self.closed, MOST_CLOSED)

    def _load(self, event: Any, at: float) -> None:
        loading, empty = self.loading(event, at), self.empty(event, at)
        if loading is None:
            self._finish(event.dock)
            loading = self.docks[event.dock] = Loading(at, "", "")
            cap(self.docks, MOST_POINTS)
        loading.last = max(loading.last, at)
        loading.order = event.order or loading.order
        loading.plate = plain(event.plate) if event.plate else loading.plate
        visit = self.plates.get(loading.plate)
        if visit is not None:
            visit.loaded = max(visit.loaded, at)
        loading.pallets += not empty
        loading.unordered += event.order is None and not empty
        order = self.meant(event, self.passed(event.dock, event.sscc, at))
        sscc = None if event.sscc is None else label(event.sscc)
        if order is not None:
            order.load(sscc, at)

    def _gate(self, event: Any, at: float) -> None:
        self.gates += 1
        visit = self._visit(plain(event.plate))
        if event.direction == "in":
            visit.entered = max(visit.entered, at)
            visit.visits += 1
        else:
            visit.left = max(visit.left, at)

    def _depart(self, event: Any, at: float) -> None:
        plate = plain(event.plate)
        visit = self.plates.get(plate)
        if visit is not None:
            visit.left = max(visit.left, at)
            visit.departed = max(visit.departed, at)
        over = [
            dock for dock, now in self.docks.items() if now.plate == plate or (now.order and now.order == event.order)
        ]
        order = self.orders.get(event.order if event.order is not None else self._aboard(plate, over, event.items, at))
        if order is not None:
            order.taken, order.departed = order.with_those_gone(event.items), at
        for dock in over:
            if self.docks[dock].last <= at:
                self._finish(dock)
                del self.docks[dock]

    def _aboard(self, plate: str, docks: list[str], items: int, at: float) -> str:
        """Name the order that a lorry took over these docks, or else the one that it was to fetch, if there is but one.

        The same lorry comes for the next order, too, some hours later.
        """
        names = {self.docks[dock].order for dock in docks}
        waiting = {name: order for name, order in self.orders.items() if plate in order.plates and not order.departed}
        names.update(name for name, order in waiting.items() if order.asks(items, at))
        return names.pop() if len(names) == 1 else ""

    def _finish(self, dock: str) -> None:
        """Learn how much one lorry takes."""
        if dock in self.docks and self.docks[dock].pallets:
            self.lorries += 1
            self.largest = max(float(self.docks[dock].pallets), self.largest * FADE)

    def _visit(self, plate: str) -> Visit:
        visit = self.plates.pop(plate, None) or Visit()
        self.plates[plate] = visit
        cap(self.plates, MOST_PLATES)
        return visit

    # -- asking ----------------------------------------------------------------------------------------------------

    def inside(self, plate: str, at: float, within: float = 12 * 3600.0) -> bool:
        """Whether the gate let this plate in within `within` seconds and has not seen it leave for half an hour."""
        visit = self.plates.get(plate)
        if visit is None or not visit.entered or at - visit.entered > within:
            return False
        return visit.left <= visit.entered or at - visit.left < 1800.0

    def departed(self, name: str) -> float:
        """When the order of this name left, Unix seconds; 0 for an order that has not left or is not known."""
        order = self.orders.get(name)
        return self.closed.get(label(name), 0.0) if order is None else order.departed

    def meant(self, event: Any, passing: Passing | None) -> Order | None:
        """Find the order that a load names, or else the one that its pallet, as the door's reader saw it, is of."""
        if event.order is not None:
            return self.orders.get(event.order)
        return self.order_of(event.sscc or (passing.sscc if passing is not None else None))

    def order_of(self, sscc: str | None) -> Order | None:
        """Return the order that a pallet belongs to."""
        return None if sscc is None else self.orders.get(self.pallets.get(label(sscc), ""))

    def due(self, at: float, within: float) -> bool:
        """Whether an order that has not left has its window within `within` seconds of `at`."""
        return any(
            not order.departed and order.start - within <= at <= order.end + within for order in self.orders.values()
        )

    def registered(self, plate: str, at: float) -> bool:
        """Whether an order of the last months names this plate."""
        visit = self.plates.get(plate)
        return visit is not None and visit.registered > 0.0 and at - visit.registered < REGISTERED_S

    def stale(self, at: float) -> bool:
        """Whether this is old news, filled in later, that must not overwrite what is known since."""
        return at < self.newest - STALE_S

    def loading(self, event: Any, at: float) -> Loading | None:
        """Return the loading under way that this pallet belongs to."""
        loading = self.docks.get(event.dock)
        return loading if loading is not None and loading.goes_on(event, at, self.empty(event, at)) else None

    def empty(self, event: Any, at: float) -> bool:
        """Whether a load is like empties that go back to their owner: no pallet, goods or order named, no tag read.

        Tags that were read before the last load over this dock were that one's.
        """
        if event.items or event.sscc is not None or event.order is not None:
            return False
        passing, before = self.passed(event.dock, None, at), self.docks.get(event.dock)
        return event.items == 0 or passing is None or (before is not None and passing.last <= before.last)

    def yard(self, at: float) -> list[str]:
        """List the plates of lorries that are inside, the latest first."""
        return [plate for plate in islice(reversed(self.plates), MOST_INSIDE) if self.inside(plate, at)]

    def passed(self, dock: str, sscc: str | None, at: float) -> Passing | None:
        """Return the pallet whose tags were read at this dock's door about `at`; None when none was.

        A door is known by the dock's name; where the two are named differently, a pallet is found by its SSCC.
        """
        doors = [self.points[dock]] if dock in self.points else list(self.points.values()) if sscc else []
        for passing in (passing for door in doors for passing in reversed(door)):
            if -SKEW_S <= at - passing.last <= PASSING_S and (sscc is None or passing.sscc in ("", sscc)):
                return passing
        return None

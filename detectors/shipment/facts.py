"""What can be wrong with a pallet over a dock or a departure: facts that are judged by how often they happen here.

Each function answers the facts that apply to an event, by name: a phrase when it holds, an empty string when not. A
fact that can't be told (no plate given, a site first heard of today) is left out and teaches nothing.
"""

from detectors.events import ShipmentDeparted, ShipmentLoaded
from detectors.freight import Order, differing, label, near, plain
from detectors.reckoning import LATE_S, Facts, of_time
from detectors.scene import Scene

HASTY_S = 3600.0
NEW_S = 86400.0
"""Orders booked before a site was first heard of are unknown here; for so long an unknown order says nothing, s."""


def of_loading(event: ShipmentLoaded, scene: Scene) -> Facts:
    """Tell the facts of one pallet going over a dock."""
    goods, at = scene.goods, scene.time
    order = goods.orders.get(event.order or "")
    passing = goods.passed(event.dock, event.sscc, at)
    sscc = event.sscc or (passing.sscc if passing is not None else "")
    facts = _when(order, scene)
    facts |= _right(event.order, sscc, order, scene)
    if event.plate:
        facts |= _lorry(plain(event.plate), order, scene)
    if order is not None and order.ssccs:
        counted = order.loaded + (event.sscc is None or label(event.sscc) not in order.pallets)
        facts |= _excess(counted, len(order.ssccs))
        if sscc:
            facts["foreign_pallet"] = "" if label(sscc) in order.ssccs else "the pallet belongs to none of its order"
    if goods.tagged > 30:
        facts["unread"] = "" if passing is not None else "no tag of the pallet was read at the door"
    if passing is not None and passing.tags:
        swapped = passing.rewritten >= 2 and 2 * passing.rewritten >= passing.tags
        facts["relabelled"] = "its goods were relabelled shortly before" if swapped else ""
    return facts


def of_departure(event: ShipmentDeparted, scene: Scene) -> Facts:
    """Tell the facts of a vehicle leaving with goods."""
    order = scene.goods.orders.get(event.order or "")
    facts = _when(order, scene)
    facts |= _right(event.order, "", order, scene)
    facts |= _lorry(plain(event.plate), order, scene)
    if order is not None and order.ssccs:
        facts |= _excess(event.pallets, len(order.ssccs))
        short = order.loaded > event.pallets
        facts["less_than_loaded"] = f"{order.loaded} pallets were loaded and {event.pallets} declared" if short else ""
    return facts


def _when(order: Order | None, scene: Scene) -> Facts:
    at, facts = scene.time, of_time(scene)
    if order is not None:
        off = max(order.start - at, at - order.end) / 3600.0
        facts["off_window"] = f"its window is {off:.1f} h away" if off > 1.0 else ""
        facts["far_off_window"] = f"its window is {off:.1f} h away" if off > 3.0 else ""
    return facts


def _right(name: str | None, sscc: str, order: Order | None, scene: Scene) -> Facts:
    if scene.age() < NEW_S:
        return {}
    goods = scene.goods
    booked = order is not None or goods.order_of(sscc) is not None
    facts: Facts = {"no_order": "no order covers it" if name is None and not booked else ""}
    if name is not None:
        left = goods.departed(name)
        again = bool(left) and scene.time - left > LATE_S
        facts["unknown_order"] = f"order {name} was never booked" if order is None and not left else ""
        facts["again"] = f"order {name} has already left" if again else ""
    if order is not None:
        hasty = 0.0 <= scene.time - order.known < HASTY_S
        facts["booked_late"] = "its order was booked only just before" if hasty else ""
    return facts


def _lorry(plate: str, order: Order | None, scene: Scene) -> Facts:
    goods, at = scene.goods, scene.time
    facts: Facts = {}
    if order is not None and order.plates:
        matches = near(plate, order.plates) is not None
        facts["other_plate"] = "" if matches else f"lorry {plate} is not registered for its order"
        changed = bool(order.changed) and 0.0 <= at - order.changed < 2 * 3600.0
        facts["new_plates"] = "its order was given another lorry shortly before" if changed else ""
    if goods.gates > 20:
        seen = goods.inside(plate, at) or any(
            differing(plate, other) <= 1 and goods.inside(other, at) for other in goods.plates
        )
        facts["unseen_lorry"] = "" if seen else f"the gate has not seen lorry {plate} come in"
    return facts


def _excess(pallets: int, planned: int) -> Facts:
    over = pallets - planned
    phrase = f"it is pallet {pallets} of {planned} planned"
    return {
        "excess": phrase if over > 0 else "",
        "far_excess": phrase if over > 1 and 2 * over >= planned else "",
        "twice": phrase if over > 2 and over >= planned else "",
    }

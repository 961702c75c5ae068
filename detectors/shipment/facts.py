"""What can be wrong with a pallet over a dock or a departure: facts that are judged by how often they happen here.

Each function answers the facts that apply to an event, by name: a phrase when it holds, an empty string when not. A
fact that can't be told (no plate given, a site first heard of today) is left out and teaches nothing.
"""

from collections.abc import Sequence

from detectors.elsewhere import clash
from detectors.events import ShipmentDeparted, ShipmentLoaded
from detectors.freight import Loading, Order, Passing, label, near, neighbours, plain
from detectors.reckoning import LATE_S, Facts, of_time
from detectors.scene import Scene

HASTY_S = 3600.0
JUST_S = 20 * 60.0
SURELY = 0.3
"""How much too soon a plate must be seen elsewhere to be another lorry's, beyond all doubt: see `elsewhere.Clash`."""
DUE_S = 2 * 3600.0
MANY = 4
"""Pallets in a row without an order that are no slip any more."""
LORRIES = 30
"""Lorries after which it is known how much one takes at the most."""
NEW_S = 86400.0
"""Orders booked before a site was first heard of are unknown here; for so long an unknown order says nothing, s."""


def of_loading(event: ShipmentLoaded, scene: Scene) -> Facts:
    """Tell the facts of one pallet going over a dock."""
    goods = scene.goods
    passing = goods.passed(event.dock, event.sscc, scene.time)
    order = goods.meant(event, passing)
    sscc = event.sscc or (passing.sscc if passing is not None else "")
    facts = _when(order, scene)
    empty, loading = goods.empty(event, scene.time), goods.loading(event, scene.time)
    facts |= _right(event.order, order, scene, empty)
    facts |= _lorry(plain(event.plate), order, scene) if event.plate else _yard(order, scene)
    if order is not None and not order.loaded:
        just = 0.0 <= scene.time - order.known < JUST_S
        facts["booked_just"] = "its order was booked only minutes before" if just else ""
    if order is not None and order.ssccs:
        counted = order.counted(None if event.sscc is None else label(event.sscc), scene.time)
        facts |= _excess(counted, len(order.ssccs))
        if sscc:
            facts["foreign_pallet"] = "" if label(sscc) in order.ssccs else "the pallet belongs to none of its order"
    elif event.order is None and scene.age() >= NEW_S:
        facts |= _unordered(loading, order is not None or empty, scene)
    if goods.lorries >= LORRIES and not facts.get("excess"):
        facts |= _record(loading, scene)
    return facts | _tags(passing, scene, empty)


def of_departure(event: ShipmentDeparted, scene: Scene) -> Facts:
    """Tell the facts of a vehicle leaving with goods."""
    order, plate = scene.goods.orders.get(event.order or ""), plain(event.plate)
    facts = _when(order, scene)
    facts |= _right(event.order, order, scene)
    facts |= _lorry(plate, order, scene)
    facts["no_seal"] = "" if event.seal is not None else "it carries no seal"
    if event.order is None and scene.age() >= NEW_S:
        known = scene.goods.registered(plate, scene.time)
        facts["unregistered"] = "" if known else f"no order of the last months names lorry {plate}"
    if order is not None and order.ssccs:
        facts |= _excess(event.pallets, len(order.ssccs))
        facts |= _loaded(event.pallets, order.loaded)
    if order is not None and order.items:
        items = order.with_those_gone(event.items)
        phrase = f"it takes {event.items} items of {order.items} ordered"
        phrase += f", of which {items - event.items} have left" if items > event.items else ""
        facts["more_items"] = phrase if items > 1.15 * order.items + 1 else ""
        facts["far_more_items"] = phrase if items > 1.5 * order.items + 3 else ""
    return facts


def _loaded(pallets: int, loaded: int) -> Facts:
    if not loaded:
        return {}
    phrase = f"{loaded} pallets were loaded and {pallets} declared"
    return {
        "less_than_loaded": phrase if loaded > pallets else "",
        "more_than_loaded": phrase if pallets > loaded else "",
        "far_more_than_loaded": phrase if pallets > loaded + 1 and 2 * pallets >= 3 * loaded else "",
    }


def _record(loading: Loading | None, scene: Scene) -> Facts:
    """Tell whether a lorry takes far more than any has before, though its order, if any, asks for it."""
    most = scene.goods.largest
    count = 1 + (loading.pallets if loading is not None else 0)
    phrase = f"it is pallet {count} of a lorry, and none took more than {most:.0f} before"
    return {"record": phrase if count > 1.25 * most + 2.0 else ""}


def _unordered(loading: Loading | None, meant: bool, scene: Scene) -> Facts:
    """Tell what is odd about a pallet that names no order: how many there are, and whether any can be meant."""
    goods, at = scene.goods, scene.time
    count = 1 + (loading.unordered if loading is not None else 0)
    many = count >= MANY and not meant
    facts: Facts = {"many_no_order": f"{count} pallets in a row have none" if many else ""}
    facts["nothing_due"] = "" if goods.due(at, DUE_S) else "no lorry is due"
    order = goods.orders.get(loading.order) if loading is not None else None
    if loading is not None and order is not None and order.ssccs and not meant:
        facts |= _excess(loading.pallets + 1, len(order.ssccs))
        del facts["twice"]  # It may be a second order of the same lorry, forgotten as a whole.
    return facts


def _tags(passing: Passing | None, scene: Scene, empty: bool) -> Facts:
    """Tell what the door's reader saw of the pallet; empties need not have tags."""
    facts: Facts = {}
    if scene.goods.tagged > 30 and not empty:
        facts["unread"] = "" if passing is not None else "no tag of the pallet was read at the door"
    if passing is not None and passing.tags:
        swapped = passing.rewritten >= 2 and 2 * passing.rewritten >= passing.tags
        facts["relabelled"] = "its goods were relabelled shortly before" if swapped else ""
        most = passing.renamed >= 3 and 2 * passing.renamed >= passing.tags
        facts["renamed"] = "its goods were given the labels of other products shortly before" if most else ""
    return facts


def _when(order: Order | None, scene: Scene) -> Facts:
    at, facts = scene.time, of_time(scene)
    if order is not None:
        off = max(order.start - at, at - order.end) / 3600.0
        facts["off_window"] = f"its window is {off:.1f} h away" if off > 1.0 else ""
        facts["far_off_window"] = f"its window is {off:.1f} h away" if off > 3.0 else ""
    return facts


def _right(name: str | None, order: Order | None, scene: Scene, empty: bool = False) -> Facts:
    if scene.age() < NEW_S:
        return {}
    goods = scene.goods
    missing = "no order covers it" if name is None and order is None else ""
    facts: Facts = {"no_order": missing if empty else "", "no_order_goods": "" if empty else missing}
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
    facts |= _twin([plate], scene)
    watched = scene.registry.watched("plate", plate, at) is not None
    facts["watched_lorry"] = f"lorry {plate} is on the watch list" if watched else ""
    if goods.gates > 20:
        seen = goods.inside(plate, at) or any(goods.inside(other, at) for other in neighbours(plate, goods.plates))
        facts["unseen_lorry"] = "" if seen else f"the gate has not seen lorry {plate} come in"
    return facts


def _yard(order: Order | None, scene: Scene) -> Facts:
    """Tell of a load that names no lorry whether its order's, or any in the yard, is somewhere else as well."""
    goods, at = scene.goods, scene.time
    if order is None or not order.plates:
        return _twin(goods.yard(at), scene)
    return _twin([plate for plate in order.plates if goods.inside(plate, at)], scene)


def _twin(plates: Sequence[str], scene: Scene) -> Facts:
    if scene.place is None or not plates:
        return {}
    for plate in plates:
        twin = clash(scene.time, scene.elsewhere.sightings(plate), scene.place)
        if twin is not None and twin.distance is not None and twin.excess >= SURELY:
            return {"twin_lorry": f"lorry {plate} is at {twin.other.site} as well"}
    return {"twin_lorry": ""}


def _excess(pallets: int, planned: int) -> Facts:
    over = pallets - planned
    phrase = f"it is pallet {pallets} of {planned} planned"
    return {
        "excess": phrase if over > 0 else "",
        "far_excess": phrase if over > 1 and 2 * over >= planned else "",
        "twice": phrase if over > 2 and over >= planned else "",
    }

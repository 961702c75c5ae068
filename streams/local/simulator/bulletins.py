"""What people tell the platform: profiles of most sites, some goods, announced works, a watch list."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from streams.local.simulator.calendar import Day, local, stamp
from streams.local.simulator.devices import Device
from streams.local.simulator.places import new_plate
from streams.local.simulator.site import Site

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def first(site: Site, day: Day) -> None:
    """Plan what a site declares on the first day: all, some or nothing."""
    rng = site.rng("profile")
    if rng.random() < 0.6:
        _tell(
            site,
            day.start,
            {name: it for name, it in _profile(site).items() if name == "timezone" or rng.random() < 0.75},
        )
    for carton in [zone[0] for zone in site.stock.zones.values() if zone][: rng.choice((0, 0, 2, 4))]:
        item = {"type": "item.registered", "epc": carton.epc, "tid": carton.tid, "value": round(site.habits.price, 2)}
        imei = str(rng.randrange(350 * 10**12, 360 * 10**12))
        sku = carton.epc.split(".")[-2]
        site.bulletins.append((day.start + 1, "control.items", carton.epc, item | {"imei": imei, "sku": sku}))
    if rng.random() < 0.2:
        plate = new_plate(rng, site.place.plate)
        until = stamp(day.start + 200 * 86400)
        watch = {"type": "watch", "what": "plate", "value": plate, "reason": "reported stolen", "until": until}
        site.bulletins.append((day.start + 2, "control.watchlist", plate, watch))
    _generator_tests(site, day, rng)


def declare(site: Site, when: float) -> None:
    """Let a site declare all there is of it, for what nobody could see otherwise."""
    _tell(site, when, _profile(site))


def _tell(site: Site, when: float, profile: dict[str, Any]) -> None:
    site.bulletins.append((when, "control.sites", site.id, {"type": "site.profile", "site": site.id, **profile}))


def announce(site: Site, when: float, start: float, end: float, domains: list[str], **more: Any) -> None:
    """Tell of work ahead, at a moment, for a span (all Unix seconds)."""
    key = f"mw-{site.id.lower()}-{round(start)}"
    body = {"type": "site.maintenance", "id": key, "site": site.id, "start": stamp(start), "end": stamp(end)}
    site.bulletins.append((when, "control.maintenance", key, body | {"domains": domains, "owner": "facility"} | more))


def _profile(site: Site) -> dict[str, Any]:
    place = site.place
    return {
        "timezone": place.timezone,
        "opening_hours": _hours(site),
        "location": {"latitude": place.latitude, "longitude": place.longitude},
        "devices": [_declared(device) for device in (*site.meters, *site.radios, *site.cameras) if device.interval],
        "feeds": [meter.feed for meter in site.meters],
    }


def _hours(site: Site) -> list[dict[str, Any]]:
    by_hours: dict[tuple[float, float], list[int]] = {}
    wrong = site.habits.misdeclared
    for weekday, (begin, end) in site.habits.hours.items():
        by_hours.setdefault((max(0.0, begin + wrong), end + wrong), []).append(weekday)
    return [{"days": days, "from": _clock(begin), "to": _clock(end)} for (begin, end), days in by_hours.items()]


def _clock(minutes: float) -> str:
    hours, rest = divmod(round(minutes) % 1440, 60)
    return f"{hours:02d}:{rest:02d}"


def _declared(device: Device) -> dict[str, Any]:
    return {"device": device.name, "domain": device.domain, "interval_s": device.interval}


def _generator_tests(site: Site, day: Day, rng: Random) -> None:
    """Announce the generator's test hours of some sites as a weekly recurrence."""
    if site.generator is None or rng.random() < 0.4:
        return
    habit = site.rng("tests")
    weekday, hour = habit.randint(1, 5), habit.uniform(7, 15)
    date = datetime.fromtimestamp(day.start, site.place.zone).date()
    date += timedelta(days=(weekday - date.isoweekday()) % 7)
    start = local(site.place.zone, date, hour * 60 - 20)
    rule = f"FREQ=WEEKLY;BYDAY={WEEKDAYS[weekday - 1]}"
    announce(site, day.start + 3, start, start + 4800, ["power"], reason="generator test", rrule=rule)

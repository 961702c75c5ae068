"""A stormy night: sags, short cuts, rain on the cameras, a line that flaps, branches before lenses."""

from random import Random

from streams.local.simulator import spells as on
from streams.local.simulator.calendar import Day
from streams.local.simulator.scenarios.base import Label, Scenario, Stage, anytime
from streams.local.simulator.site import Site


def play(site: Site, day: Day, start: float, rng: Random) -> Label:
    """Let everything outside suffer for some hours."""
    end = start + rng.uniform(3, 7) * 3600
    feeds = [meter.feed for meter in site.meters if meter.feed != "ups"]
    for _ in range(rng.randint(4, 15)):
        when = rng.uniform(start, end)
        level = site.place.mains * rng.uniform(0.5, 0.88)
        site.spells.add(on.SAG, when, when + rng.uniform(0.2, 5), rng.choice(feeds), level)
    for _ in range(rng.randint(1, 3)):
        when, lasting = rng.uniform(start, end), rng.choice((3, 20, 300, 2400))
        for feed in feeds:
            site.spells.add(on.FEED_DEAD, when, when + lasting, feed)
    for _ in range(rng.randint(1, 4)):
        when = rng.uniform(start, end)
        site.spells.add(on.WAN, when, when + rng.uniform(30, 1500))
    for _ in range(rng.randint(2, 8)):
        when = rng.uniform(start, end)
        site.spells.add(on.JAM, when, when + rng.uniform(1, 20), level=rng.uniform(5, 18))
    for camera in site.cameras:
        if camera.outdoor:
            when = rng.uniform(start, end)
            what = rng.choice((on.BLURRED, on.BLURRED, on.MOVED, on.LOST))
            site.spells.add(what, when, when + rng.uniform(120, 7200), camera.name)
    if rng.random() < 0.4:  # A shutter rattles.
        zone = rng.choice(site.radios).zone
        when = rng.uniform(start, end)
        site.signal(when, rng.choice(("BA", "TA")), zone)
        site.signal(when + rng.uniform(60, 900), "BR", zone)
    return Label(start, end + 3600, [Stage(start, "power", "storm")])


SCENARIO = Scenario(
    "storm",
    "sags, short cuts, a flapping line, cameras in the rain",
    "benign",
    False,
    anytime,
    play,
)

import pytest

from streams.telemetry.control import Forget, SiteProfile
from streams.worker.controls import SLACK, SUPERSEDED_KEPT, Controls

DAY = SUPERSEDED_KEPT


def filled(seconds: float) -> Controls:
    """Hold three sites' profiles, said again and again, so many seconds apart."""
    controls = Controls()
    for number in range(5 * SLACK):
        site = f"SITE-{number % 3}"
        controls.add("control.sites", number, SiteProfile(site=site), site.encode(), number * seconds)
    return controls


@pytest.mark.parametrize(("seconds", "most"), [(DAY / 100, SLACK + 300), (0.001, 5 * SLACK)])
def test_what_was_replaced_long_ago_takes_no_room(seconds: float, most: int) -> None:
    kept = filled(seconds).between({}, {"control.sites": 5 * SLACK})
    assert len(kept) <= most
    assert {record.site for record in kept if isinstance(record, SiteProfile)} == {"SITE-0", "SITE-1", "SITE-2"}


def test_a_cut_takes_what_lies_in_it() -> None:
    controls = filled(DAY)
    controls.add("control.sites", 5 * SLACK, Forget("control.sites", "SITE-0"), b"SITE-0", 5 * SLACK * DAY)
    last = controls.between({"control.sites": 5 * SLACK}, {"control.sites": 5 * SLACK + 1})
    assert last == [Forget("control.sites", "SITE-0")]

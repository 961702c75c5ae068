"""When announced work covers a device: once, each week, across a change of the clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from streams.incidents.maintenance import Window
from streams.incidents.model import Domain
from streams.telemetry.control import Maintenance

PARIS = ZoneInfo("Europe/Paris")


def window(rrule: str | None = None, domains: list[Domain] | None = None, devices: list[str] | None = None) -> Window:
    record = Maintenance(
        id="m-1",
        site="FR-93-DUGNY",
        start=datetime(2026, 3, 2, 22, tzinfo=PARIS),
        end=datetime(2026, 3, 3, 2, tzinfo=PARIS),
        domains=domains,
        devices=devices,
        rrule=rrule,
    )
    return Window(record, PARIS)


def at(month: int, day: int, hour: int, minute: int = 0) -> float:
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS).timestamp()


def test_once_is_once() -> None:
    once = window()
    assert once.covers("camera", "cam-1", at(3, 2, 22))
    assert once.covers("camera", "cam-1", at(3, 3, 1, 59))
    assert not once.covers("camera", "cam-1", at(3, 3, 2))
    assert not once.covers("camera", "cam-1", at(3, 9, 23))


@pytest.mark.parametrize(
    "rule",
    ["FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20260501T000000Z", "FREQ=WEEKLY;UNTIL=20260501", "RRULE:FREQ=WEEKLY;COUNT=9"],
)
def test_each_week_by_wall_clock_also_after_the_clocks_change(rule: str) -> None:
    weekly = window(rule)
    for day in (9, 16, 23, 30):
        assert weekly.covers("power", "m", at(3, day, 22, 1))
        assert weekly.covers("power", "m", at(3, day, 23, 59))
        assert not weekly.covers("power", "m", at(3, day, 21, 59))
    assert not weekly.covers("power", "m", at(3, 11, 23))


def test_it_ends_when_the_rule_ends_and_skips_what_is_excluded() -> None:
    assert not window("FREQ=WEEKLY;COUNT=2").covers("power", "m", at(3, 16, 23))
    skipped = window("RRULE:FREQ=WEEKLY\nEXDATE:20260309T210000Z")
    assert not skipped.covers("power", "m", at(3, 9, 23))
    assert skipped.covers("power", "m", at(3, 16, 23))


def test_only_the_named_domains_and_devices() -> None:
    named = window(domains=["camera"], devices=["cam-1"])
    assert named.covers("camera", "cam-1", at(3, 2, 23))
    assert not named.covers("camera", "cam-2", at(3, 2, 23))
    assert not named.covers("power", "cam-1", at(3, 2, 23))

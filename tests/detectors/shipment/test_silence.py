"""Docks and readers that fall silent in their working hours, and holidays and outages that are no silence."""

from collections.abc import Iterator

from detectors.base import Row
from detectors.shipment.silence import ShipmentSilence
from tests.detectors.story import scene, tell

HOUR = 3600.0


def days(span: range, docks: tuple[int, ...], armed: bool = False, line: bool = True) -> Iterator[Row]:
    for hour in (24 * day + hour for day in span for hour in range(24)):
        at, working = hour * HOUR, hour // 24 % 7 < 5
        if hour % 24 in (6, 20) and working and not armed:
            code = "OP" if hour % 24 == 6 else "CL"
            yield {"t": at, "type": "alarm.signal", "device": "panel-1", "code": code}
        if working and 7 <= hour % 24 < 18:
            for n in docks:
                yield {"t": at + 60.0 * (n + 1), "type": "shipment.loaded", "device": f"dock-{n}", "dock": f"D{n}"}
        if line:
            yield {"t": at + 3000.0, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
        yield {"tick": at + 3600.0}


def test_a_dock_that_is_used_every_hour_is_missed_within_a_working_day() -> None:
    signs = tell(ShipmentSilence(), [*days(range(12), (0, 1, 2)), *days(range(14, 15), (0, 1))])
    assert [sign.device for sign in signs] == ["dock-2"]


def test_all_docks_silent_while_people_are_at_work_are_one_sign_of_the_site() -> None:
    signs = tell(ShipmentSilence(), [*days(range(12), (0, 1)), *days(range(14, 15), ())])
    assert len(signs) == 1 and signs[0].key == "all" and signs[0].device == ""


def test_a_holiday_and_a_dead_line_are_no_silence() -> None:
    assert tell(ShipmentSilence(), [*days(range(11), (0, 1)), *days(range(14, 15), (), armed=True)]) == []
    where = scene()
    assert tell(ShipmentSilence(), [*days(range(11), (0, 1)), *days(range(14, 15), (), line=False)], where) == []


def test_weekends_and_a_new_device_are_no_silence() -> None:
    assert tell(ShipmentSilence(), days(range(28), (0, 1))) == []
    assert tell(ShipmentSilence(), [*days(range(12), (0, 1)), *days(range(14, 15), (0, 1, 5))]) == []

"""The rate of reads of a site, judged by quarters of an hour against all that it has shown."""

from collections.abc import Iterable

from detectors.base import Row, Sign
from detectors.rfid.read_rate import ReadRate
from tests.detectors.story import START, scene, tell

QUARTER = 900.0
DAY = 96


def quarter(n: int, reads: int, heard: bool = True, step: str = "picking") -> Iterable[Row]:
    """One quarter of an hour of reads, a heartbeat, and its tick."""
    at = n * QUARTER
    for k in range(reads):
        row: Row = {"t": at + 4.0 * k, "type": "rfid.read", "device": "rdr-a", "biz_step": step, "read_point": "A"}
        yield row | {"epc": f"urn:epc:id:sgtin:1.1.{k}"}
    if heard:
        yield {"t": at + 850.0, "type": "alarm.heartbeat", "device": "panel-ip", "path": "ip"}
    yield {"tick": at + QUARTER + 300.0}


def week(detector: ReadRate, days: int = 7) -> tuple[list[Sign], int]:
    """Days of work from 7 to 19 h; the signs, and the number of the next quarter."""
    where = scene()
    signs: list[Sign] = []
    for n in range(days * DAY):
        reads = 10 + n * 7 % 11 if 28 <= n % DAY < 76 else 0
        signs += tell(detector, quarter(n, reads), where)
    return signs, days * DAY


def test_a_rush_at_night_is_told_when_its_quarter_is_over() -> None:
    detector = ReadRate()
    quiet, n = week(detector)
    assert quiet == []
    [sign] = tell(detector, [row for k, reads in ((0, 0), (1, 0), (2, 60), (3, 0)) for row in quarter(n + k, reads)])
    assert sign.evidence["reads"] == 60 and sign.evidence["before"] == 0


def test_counting_the_stock_is_no_rush() -> None:
    detector = ReadRate()
    _, n = week(detector)
    assert tell(detector, quarter(n, 200, step="cycle_counting")) == []


def test_a_few_reads_are_no_rush() -> None:
    detector = ReadRate()
    _, n = week(detector)
    assert tell(detector, quarter(n, 5)) == []


def test_quarters_in_which_nothing_is_heard_are_not_taken_for_none_read() -> None:
    detector = ReadRate()
    _, n = week(detector)
    before = detector.novelty.count
    where = scene()
    for k in range(n + 32, n + 48):
        where.clock = where.heard = START + n * QUARTER
        tell(detector, [{"tick": k * QUARTER + QUARTER + 300.0}], where)
    assert detector.novelty.count <= before + 1
    assert tell(detector, [row for k in (0, 1, 2) for row in quarter(n + 48 + k, 15)]) == []


def test_a_site_without_reads_is_silent() -> None:
    detector = ReadRate()
    assert tell(detector, (row for n in range(200) for row in quarter(n, 0))) == []
    assert detector.novelty.count == 0

"""Risk from evidence: which combinations page, and which never do."""

import random

from detectors.base import Domain
from streams.incidents.fusion import CLOSE, COUNTS_AT, Clue, closeness, fuse

HOUR = 3600.0


def clue(domain: Domain, nats: float, detector: str = "", at: float = 0.0, **more: object) -> Clue:
    made = Clue(detector or f"{domain}.thing", domain, "d", "", "sight")
    made.weight, made.memory, made.onset, made.last, made.score = nats, 6 * HOUR, at, at, 1.0
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_one_domain_alone_never_pages() -> None:
    loud = [clue("camera", 9.0, f"camera.{n}") for n in range(20)]
    assert not fuse(loud, 0.0).pages


def test_two_strong_domains_page() -> None:
    judged = fuse([clue("power", 4.5), clue("alarm", 5.0)], 0.0)
    assert judged.pages and judged.touched == ("alarm", "power")


def test_a_definite_sign_of_goods_leaving_pages_alone() -> None:
    assert fuse([clue("shipment", 5.0, alone=True)], 0.0).pages
    assert not fuse([clue("shipment", 5.0, alone=True, score=0.7)], 0.0).pages
    everyday = clue("shipment", 2.5, alone=True)
    assert not fuse([everyday], 0.0).pages


def test_many_weak_signs_of_two_domains_do_not_page() -> None:
    weak = [clue(domain, 1.2, f"{domain}.{n}") for domain in ("camera", "rfid") for n in range(3)]
    assert not fuse(weak, 0.0).pages


def test_an_odd_hour_counts_once_whoever_notices_it() -> None:
    early = [clue("alarm", 4.5, hour=1.0), clue("power", 4.0, hour=1.0), clue("rfid", 4.0, hour=0.9)]
    assert not fuse(early, 0.0).pages
    assert fuse([*early, clue("camera", 5.0)], 0.0).pages
    assert fuse([clue("alarm", 5.0, hour=0.0), clue("power", 4.5, hour=1.0)], 0.0).pages


def test_two_domains_within_minutes_weigh_more_than_two_within_half_a_day() -> None:
    def nats(*hours: float) -> float:
        clues = [clue("power", 4.5), *(clue("alarm", 4.0, f"alarm.{n}", n * HOUR, last=0.0) for n in hours)]
        return fuse(clues, 0.0).nats

    assert nats(0.1) > nats(1.0) > nats(3.0) > nats(8.0)
    assert nats(0.1) - nats(8.0) == 2 * CLOSE
    assert nats(0.1, 8.0) - nats(8.0) > 2 * CLOSE
    assert closeness(0.0) == CLOSE and closeness(1e9) == -CLOSE


def test_one_early_shift_is_no_two_domains_in_haste() -> None:
    early = [clue("alarm", 4.5, hour=1.0), clue("rfid", 4.0, hour=0.9)]
    assert fuse(early, 0.0).nats == 4.5 + 0.4
    assert fuse([*early, clue("power", 4.0)], 0.0).nats == 4.5 + 0.4 + 4.0 + CLOSE


def test_how_soon_weak_signs_follow_says_nothing() -> None:
    weak = [clue("alarm", 0.9, f"alarm.{n}") for n in range(4)]
    assert fuse([clue("power", 4.5), *weak], 0.0).nats < fuse([clue("power", 4.5), clue("alarm", 1.6)], 0.0).nats


def test_evidence_fades() -> None:
    clues = [clue("power", 5.0), clue("alarm", 5.0)]
    assert fuse(clues, 0.0).pages
    assert not fuse(clues, 12 * HOUR).pages
    assert fuse(clues, 12 * HOUR).risk < fuse(clues, HOUR).risk


def test_what_grows_step_by_step_to_twice_what_was_left_has_come_anew() -> None:
    jammed, onsets = Clue("alarm.jamming", "alarm", "d-1", "radio", "alarm"), []
    jammed.memory, jammed.last = 6 * HOUR, 0.0
    for at, nats in ((0.0, 3.0), (6 * HOUR, 1.6), (6 * HOUR + 60, 2.8), (6 * HOUR + 90, 3.2), (6 * HOUR + 120, 4.0)):
        jammed.come(nats, 0.0, at)
        onsets.append(jammed.onset)
    assert onsets == [0.0, 0.0, 0.0, 6 * HOUR + 90, 6 * HOUR + 90]  # 1.5 nats were left of the first


def test_the_order_of_arrival_does_not_matter() -> None:
    domains: tuple[Domain, ...] = ("power", "alarm", "camera", "rfid", "shipment", "power", "camera")
    clues = [clue(domain, 0.3 * n + 1, f"{domain}.{n}", at=n * 60.0) for n, domain in enumerate(domains)]
    expected = fuse(clues, 600.0)
    for seed in range(20):
        random.Random(seed).shuffle(clues)
        assert fuse(clues, 600.0) == expected


def test_explained_findings_weigh_nothing() -> None:
    assert not fuse([clue("power", 5.0), clue("camera", 0.0), clue("alarm", 0.0)], 0.0).pages
    assert fuse([clue("camera", COUNTS_AT - 0.1)], 0.0).touched == ()

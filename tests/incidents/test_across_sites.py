"""What crosses sites: dark neighbourhoods, plates in two places, alarms that others hear of; and what does not."""

from typing import Any

import pytest

from streams.incidents.model import Finding, Incident, encode
from tests.incidents.estate import DUGNY, LYON, MITRY, ROISSY, START, Estate, Row, burgled, lorry, says, supply

HOUR = 3600.0
PARIS = (ROISSY, MITRY, DUGNY)
PLATE = "FA-123-KE"


def dark(*sites: str, ups: bool = True) -> list[Row]:
    """Two hours at these sites; the grid fails within a second at all of them, and their meters tell in turn."""
    offsets = {site: 40.0 * n for n, site in enumerate(sites)}
    return [row for site in sites for row in supply(site, 2 * HOUR, HOUR + 10, offsets[site], ups)]


def test_a_dark_neighbourhood_is_one_explained_incident_and_no_page() -> None:
    estate = Estate((*PARIS, LYON)).live([*dark(*PARIS), *supply(LYON, 2 * HOUR, 1e9)])
    [incident] = estate.incidents.values()
    assert (incident.severity, incident.pages) == ("info", 0)
    assert "neighbourhood" in incident.summary
    assert {finding.site for finding in estate.findings("power.neighbourhood")} == set(PARIS)
    assert estate.findings("power.on_battery")


def test_a_site_that_is_dark_alone_is_warned_of() -> None:
    estate = Estate((*PARIS, LYON)).live([*dark(MITRY), *(row for s in (ROISSY, LYON) for row in supply(s, 7200, 1e9))])
    assert estate.at(MITRY).severity == "warning"
    assert not estate.findings("power.neighbourhood")


def test_two_dark_sites_far_apart_are_no_neighbourhood() -> None:
    estate = Estate((MITRY, LYON)).live(dark(MITRY, LYON))
    assert not estate.findings("power.neighbourhood")
    assert {estate.at(site).severity for site in (MITRY, LYON)} == {"warning"}


def test_three_sites_that_nobody_knows_the_places_of_are_one_too() -> None:
    estate = Estate(PARIS, declared=False).live(dark(*PARIS))
    assert {finding.site for finding in estate.findings("power.neighbourhood")} == set(PARIS)
    assert {one.severity for one in estate.incidents.values()} == {"info"}


def test_of_sites_that_lose_their_grid_all_day_two_at_once_are_chance() -> None:
    def failing(*sites: str) -> list[Row]:
        blinks = [(DUGNY, 700.0 * n) for n in range(1, 5)]
        return [says(s, t + late, "power.status", "ups-1", status=[flag], input_voltage=volts)
                for s, t in [*blinks, *((site, HOUR) for site in sites)]
                for late, flag, volts in ((0, "OL", 230.0), (10, "OB", 1.0), (200, "OL", 230.0))]  # fmt: skip

    assert Estate((ROISSY, MITRY), declared=False).live(failing(ROISSY, MITRY)[-6:]).findings("power.neighbourhood")
    assert not Estate(PARIS, declared=False).live(failing(ROISSY, MITRY)).findings("power.neighbourhood")


def test_a_warning_from_before_the_neighbours_were_heard_is_eased() -> None:
    estate = Estate(PARIS).live(dark(*PARIS, ups=False))
    told = [one.body.severity for one in estate.out if hasattr(one.body, "severity") and one.body.site == MITRY]
    assert told[0] == "warning" and told[-1] == "info"
    assert "neighbourhood" in estate.at(MITRY).summary


def test_thieves_in_a_dark_neighbourhood_are_seen() -> None:
    estate = Estate(PARIS).live([*dark(*PARIS), *burgled(DUGNY, HOUR + 600)])
    paged = {one.site for one in estate.incidents.values() if one.pages}
    assert paged == {DUGNY}
    assert "power" not in estate.at(DUGNY).domains


def test_a_diversion_at_one_site_does_not_hide_another() -> None:
    rows = [*dark(ROISSY, MITRY), *burgled(ROISSY, HOUR + 300), *burgled(MITRY, HOUR + 310)]
    estate = Estate(PARIS).live(rows)
    assert estate.at(ROISSY).pages == estate.at(MITRY).pages == 1


def test_a_plate_in_two_places_is_named_at_both() -> None:
    estate = Estate((ROISSY, LYON)).live([lorry(ROISSY, 60, PLATE), lorry(LYON, 1200, "fa123ke")], 1800)
    found = estate.findings("shipment.two_sites")
    assert {finding.site for finding in found} == {ROISSY, LYON}
    assert found[0].site == LYON and found[0].evidence["km"] == pytest.approx(408, abs=5)
    assert len(found) == 2, "each is told once"
    assert not any(one.pages for one in estate.incidents.values())


@pytest.mark.parametrize(
    ("second", "more"),
    [
        ((LYON, 5 * HOUR, PLATE), {}),
        ((MITRY, 300, PLATE), {}),
        ((LYON, 1200, PLATE), {"likelihood": 0.6}),
        ((LYON, 1200, "FA-124-KE"), {}),
        ((LYON, 1200, "ABC"), {}),
    ],
    ids=["in time", "next door", "badly read", "another", "a scrap"],
)
def test_a_plate_that_may_well_have_come_is_nothing(second: tuple[str, float, str], more: Any) -> None:
    first = lorry(ROISSY, 60, "ABC" if second[2] == "ABC" else PLATE)
    estate = Estate((ROISSY, MITRY, LYON)).live([first, lorry(*second, **more)], 1800)
    assert not estate.findings("shipment.two_sites")


def test_a_plate_that_resembles_one_of_ours_was_misread() -> None:
    order = says(LYON, 5, "shipment.planned", "wms", order="SO-1", carrier="C", ssccs=[], items=1, value=1.0,
                 plates=["FA-12S-KE"], approved_by=["m"], window_start="2026-03-03T08:00:00Z",
                 window_end="2026-03-03T09:00:00Z")  # fmt: skip
    estate = Estate((ROISSY, LYON)).live([order, lorry(ROISSY, 60, "FA-125-KE"), lorry(LYON, 1200, "FA-125-KE")], 1800)
    assert {finding.site for finding in estate.findings("shipment.two_sites")} == {ROISSY}


def yards(gap: float) -> Estate:
    """Two yards that nobody knows the places of, and lorries that go from one to the other all day."""
    rows = [row for n in range(60) for row in _trip(n, gap)]
    return Estate((ROISSY, MITRY), declared=False).live(rows)


def _trip(n: int, gap: float) -> list[Row]:
    return [lorry(ROISSY, 400.0 * n, f"AB1{n:02}CD"), lorry(MITRY, 400.0 * n + gap, f"AB1{n:02}CD")]


def test_yards_next_door_are_learnt() -> None:
    scores = [finding.score for finding in yards(40.0).findings("shipment.two_sites") if finding.site == MITRY]
    assert scores[-1] < 0.02 < scores[0]
    assert not yards(200.0).findings("shipment.two_sites")


def test_the_lorry_of_an_incident_is_watched_for_elsewhere_until_a_verdict_says_otherwise() -> None:
    estate = Estate((ROISSY, MITRY), (LYON,))
    estate.live([lorry(ROISSY, 60, PLATE), lorry(LYON, 1000, PLATE), *burgled(LYON, 1400)], 1800)
    assert estate.at(LYON).severity == "critical"
    estate.live([lorry(MITRY, 3 * HOUR, PLATE), lorry(LYON, 3.1 * HOUR, PLATE)])
    [watched] = estate.findings("shipment.watched_plate")
    assert watched.site == MITRY and LYON in watched.summary
    assert estate.at(MITRY).pages == 0
    estate.judge(estate.at(LYON), "false_positive")
    estate.live([lorry(ROISSY, 9 * HOUR, PLATE)])
    assert len(estate.findings("shipment.watched_plate")) == 1


def test_the_same_attack_elsewhere_makes_one_here_a_little_more_credible() -> None:
    def risk(*sites: str) -> float:
        rows = [row for n, site in enumerate(sites) for row in burgled(site, 1200.0 + 1800 * n)]
        told = [step.body for step in Estate((ROISSY, MITRY, LYON)).live(rows).out]
        return max(body.risk for body in told if isinstance(body, Incident) and body.site == sites[-1])

    assert risk(MITRY) < risk(ROISSY, MITRY) < risk(LYON, ROISSY, MITRY) < 1.0


def test_a_verdict_teaches_the_site_and_a_little_all_others() -> None:
    def trust(*parts: tuple[str, ...]) -> dict[str, float]:
        estate = Estate(*parts).live(burgled(ROISSY, 1200), 1800)
        estate.judge(estate.at(ROISSY), "false_positive")
        estate.live(burgled(LYON, 1.5 * HOUR))
        shards = {site: shard for part, shard in estate.shards.items() for site in part}
        watches = {site: shards[site].watch(site) for site in (ROISSY, LYON)}
        return {site: watch.case.trust.of("camera.recorder_disks") for site, watch in watches.items() if watch}

    near, far = trust((ROISSY, MITRY, LYON)), trust((ROISSY, MITRY), (LYON,))
    assert near == far
    assert near[ROISSY] < near[LYON] < 1.0


def test_it_does_not_matter_which_worker_has_which_site() -> None:
    rows = [*dark(*PARIS), *burgled(DUGNY, HOUR + 5), lorry(ROISSY, 60, PLATE), lorry(LYON, 1200, PLATE)]
    rows += [lorry(DUGNY, HOUR, PLATE), lorry(ROISSY, 1.6 * HOUR, PLATE)]

    def told(*parts: tuple[str, ...]) -> list[tuple[float, bytes]]:
        return sorted((one.clock, encode(one.body)) for one in Estate(*parts).live(rows).out)

    together = told((*PARIS, LYON))
    assert told((ROISSY,), (MITRY,), (DUGNY,), (LYON,)) == told((LYON, DUGNY), (MITRY, ROISSY)) == together


def test_nothing_takes_effect_before_its_time() -> None:
    rows = [lorry(ROISSY, 60, PLATE), lorry(LYON, 62, PLATE), lorry(LYON, 80, PLATE)]
    found = [one for one in Estate((ROISSY, LYON)).live(rows, 400).out if isinstance(one.body, Finding)]
    assert min(one.clock for one in found) >= START + 60 + 10

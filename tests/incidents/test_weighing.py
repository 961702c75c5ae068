"""What a finding weighs, at a site that never had it and at one that has it every week."""

from math import isclose

from streams.incidents.weighing import BaseRate, ordinary, weight


def test_a_rare_finding_weighs_more_than_a_frequent_one() -> None:
    assert weight(1.0, 0.5, ordinary(0.01)) > weight(1.0, 0.5, ordinary(1.0)) > 0


def test_an_uncertain_finding_weighs_less_than_a_sure_one() -> None:
    assert weight(1.0, 0.5, 0.001) > weight(0.5, 0.5, 0.001) > weight(0.1, 0.5, 0.001) > 0


def test_what_ordinary_life_shows_as_often_weighs_nothing() -> None:
    assert weight(1.0, 0.3, 0.3) == 0.0


def test_a_new_site_starts_from_the_detectors_own_rate() -> None:
    assert isclose(BaseRate().probability(0.1, 0.25, 0.2, 500, 500), ordinary(0.1))


def test_what_happens_here_each_day_soon_weighs_little() -> None:
    base = BaseRate()
    for day in range(60):
        base.learn(day * 3, 1.0)
    assert weight(1.0, 0.5, base.probability(0.01, 0.25, 1.0, 180, 0)) < 2.0
    assert weight(1.0, 0.5, BaseRate().probability(0.01, 0.25, 1.0, 180, 180)) > 4.5


def test_a_burst_within_one_window_teaches_once() -> None:
    burst, single = BaseRate(), BaseRate()
    for _ in range(100):
        burst.learn(7, 1.0)
    single.learn(7, 1.0)
    assert burst.probability(0.01, 0.25, 1.0, 100, 0) == single.probability(0.01, 0.25, 1.0, 100, 0)


def test_quiet_months_make_a_finding_rarer() -> None:
    assert BaseRate().probability(0.1, 0.25, 1.0, 230, 0) < BaseRate().probability(0.1, 0.25, 1.0, 10, 0)


def test_weak_findings_of_every_day_leave_a_strong_one_its_weight() -> None:
    base = BaseRate()
    for day in range(60):
        base.learn(day * 3, 0.2)
    assert weight(0.2, 0.5, base.probability(0.01, 0.25, 0.2, 180, 0)) < 0.5
    assert weight(1.0, 0.5, base.probability(0.01, 0.25, 1.0, 180, 0)) > 4.0


def test_a_strong_finding_counts_as_a_weak_one_too_and_once_a_window() -> None:
    base = BaseRate()
    for score in (0.3, 0.9, 0.6, 0.9):
        base.learn(4, score)
    assert base.hits == [1.0, 1.0, 1.0]

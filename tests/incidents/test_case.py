"""A site's case: how findings become one incident, when it pages, when it closes."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.incidents.case import ANEW_AFTER_S, CLOSE_AFTER_S, Case
from streams.incidents.model import Command, Finding, Incident, moment
from streams.telemetry.control import Policy

NOW = 1_760_000_000.0
MINUTE, HOUR = 60.0, 3600.0


def kind(domain: str, **more: Any) -> Any:
    given = {
        "name": f"{domain}.thing",
        "domain": domain,
        "rate": 0.01,
        "strong": 0.25,
        "hit": 0.5,
        "stage": "sight",
        "sort": "definite",
        "alone": False,
        "timeless": False,
        "explains": (),
        "memory_s": 6 * HOUR,
        "explained_by": (),
    }
    return SimpleNamespace(**given | more)


class Story:
    """Plays findings to a case and keeps what it published."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy
        self.case = Case("FR-93-DUGNY")
        self.told: list[tuple[str, Any]] = []

    def finds(
        self,
        what: Any,
        at: float,
        score: float = 1.0,
        device: str = "d-1",
        explained: bool = False,
        staffed: float = 0.0,
    ) -> None:
        finding = Finding(
            id="x",
            site="FR-93-DUGNY",
            device="d-1",
            domain=what.domain,
            detector=what.name,
            time=moment(NOW + at),
            score=score,
            summary=f"{what.name} saw something.",
            evidence={},
        )
        self.case.weigh(what, finding, "", NOW + at, explained, staffed)
        self.told += self.case.decide(NOW + at, self.policy)

    def waits(self, until: float) -> None:
        self.told += self.case.decide(NOW + until, self.policy)

    @property
    def incidents(self) -> list[Incident]:
        return [body for _, body in self.told if isinstance(body, Incident)]

    @property
    def last(self) -> Incident:
        return self.incidents[-1]


@pytest.fixture
def story() -> Story:
    return Story()


def nats(what: Any, staffed: float) -> float:
    story = Story()
    story.finds(what, 0, staffed=staffed)
    [clue] = story.case.clues.values()
    return clue.at(NOW)


def test_what_comes_again_after_it_had_faded_has_a_new_onset() -> None:
    story, jammed = Story(), kind("alarm", memory_s=HOUR)
    onsets = []
    for at in (0.0, HOUR / 2, HOUR, 6 * HOUR):
        story.finds(jammed, at)
        onsets += [clue.onset - NOW for clue in story.case.clues.values()]
    assert onsets == [0.0, 0.0, 0.0, 6 * HOUR]


def test_people_at_work_make_light_of_what_they_cause_and_of_nothing_else() -> None:
    assert nats(kind("alarm"), 1.0) < nats(kind("alarm"), 0.0)
    assert nats(kind("rfid", timeless=True), 1.0) == nats(kind("rfid", timeless=True), 0.0)


def test_nothing_is_definite_by_itself_on_a_site_s_first_day(story: Story) -> None:
    leaves = kind("shipment", alone=True, rate=0.001)
    story.case.born = NOW
    story.finds(leaves, 20 * HOUR)
    assert story.last.pages == 0
    story.finds(leaves, 30 * HOUR, device="d-2")
    assert story.last.pages == 1


def test_one_domain_opens_but_does_not_page(story: Story) -> None:
    story.finds(kind("power"), 0)
    assert story.last.status == "open"
    assert story.last.severity in ("info", "warning")
    assert story.last.pages == 0


def test_a_second_domain_pages_at_once_and_advises_lockdown(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("alarm"), 5 * MINUTE)
    assert [event for event, _ in story.told] == ["opened", "escalated", "command"]
    assert story.last.severity == "critical" and story.last.pages == 1
    assert story.last.domains == ["alarm", "power"]
    assert [step.domain for step in story.last.timeline] == ["power", "alarm"]
    assert [body.command for _, body in story.told if isinstance(body, Command)] == ["lockdown"]


def test_goods_among_the_evidence_hold_the_shipment(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("rfid", stage="label"), MINUTE)
    assert [body.command for _, body in story.told if isinstance(body, Command)] == ["lockdown", "hold_shipment"]


def test_an_explained_finding_is_told_but_does_not_page(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("camera"), MINUTE, explained=True)
    assert story.last.severity != "critical"
    assert len(story.last.timeline) == 2


def test_an_explanation_counts_whether_it_comes_before_or_after() -> None:
    """A panel may say that it lost its mains before the meter is read that shows why."""
    told = []
    for order in (("power", "alarm"), ("alarm", "power")):
        story = Story()
        for n, domain in enumerate(order):
            story.finds(kind(domain, explained_by=("power.thing",) if domain == "alarm" else ()), n * 10.0)
        story.finds(kind("camera", explained_by=("power.thing",)), MINUTE, explained=True)
        told.append((story.last.pages, story.last.severity == "critical"))
    assert told == [(0, False), (0, False)]


def test_more_evidence_of_the_same_night_does_not_page_again(story: Story) -> None:
    for n, domain in enumerate(("power", "alarm", "camera", "rfid", "shipment")):
        story.finds(kind(domain), n * 30 * MINUTE)
    assert story.last.pages == 1 and story.last.revision == 5
    assert len({incident.id for incident in story.incidents}) == 1


def test_it_pages_again_for_new_evidence_that_would_page_by_itself(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("alarm"), MINUTE)
    story.finds(kind("camera"), ANEW_AFTER_S + HOUR)
    assert story.last.pages == 1
    story.finds(kind("rfid"), ANEW_AFTER_S + 2 * HOUR)
    assert story.last.pages == 2 and len({incident.id for incident in story.incidents}) == 1


def test_what_was_disturbed_and_is_noticed_later_does_not_page_again(story: Story) -> None:
    story.finds(kind("alarm"), 0)
    story.finds(kind("camera"), MINUTE)
    story.finds(kind("alarm"), ANEW_AFTER_S + HOUR, device="another")
    story.finds(kind("camera"), ANEW_AFTER_S + 2 * HOUR, device="another")
    assert story.last.pages == 1


def test_it_warns_again_for_new_evidence_that_would_warn_by_itself(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("power"), ANEW_AFTER_S + HOUR)
    assert (story.last.severity, story.last.warnings) == ("warning", 1)  # the same again is nothing new
    story.finds(kind("power", name="power.weak"), ANEW_AFTER_S + HOUR, score=0.02)
    assert story.last.warnings == 1
    story.finds(kind("power", name="power.other"), ANEW_AFTER_S + 2 * HOUR)
    assert (story.last.severity, story.last.warnings, story.last.pages) == ("warning", 2, 0)
    assert len({incident.id for incident in story.incidents}) == 1


def test_what_pages_has_not_warned(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("alarm"), MINUTE)
    assert [(told.severity, told.warnings) for told in story.incidents] == [("warning", 1), ("critical", 1)]
    story.finds(kind("power", name="power.other"), ANEW_AFTER_S + HOUR)
    assert story.last.warnings == 1


def test_it_closes_after_a_day_and_a_half_of_silence_and_the_next_names_it(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.waits(CLOSE_AFTER_S - 1)
    assert story.last.status == "open"
    story.waits(CLOSE_AFTER_S)
    first = story.last
    assert first.status == "closed" and first.closed == first.updated
    story.finds(kind("alarm"), CLOSE_AFTER_S + HOUR)
    assert story.last.id != first.id and story.last.related == first.id


def test_a_verdict_closes_it_and_teaches(story: Story) -> None:
    story.finds(kind("power"), 0)
    before = story.case.rates["power.thing"].hits[0]
    [(event, closed)], lesson = story.case.verdict(story.last.id, "false_positive", NOW + HOUR)
    assert lesson is not None and not lesson.true
    assert event == "closed" and isinstance(closed, Incident) and closed.verdict == "false_positive"
    assert story.case.rates["power.thing"].hits[0] > before


def test_a_verdict_on_another_incident_changes_nothing(story: Story) -> None:
    story.finds(kind("power"), 0)
    assert story.case.verdict("no-such-incident", "benign", NOW + HOUR) == ([], None)


def test_the_same_story_gives_the_same_ids_and_revisions() -> None:
    stories = [Story(), Story()]
    for story in stories:
        story.finds(kind("power"), 0)
        story.finds(kind("alarm"), MINUTE)
    assert stories[0].incidents == stories[1].incidents


def test_it_tells_the_steps_seen_and_those_still_to_come(story: Story) -> None:
    story.finds(kind("power", stage="supply"), 0)
    story.finds(kind("alarm", stage="alarm"), MINUTE)
    assert story.last.stages == ["supply", "alarm"]
    assert story.last.expected == ["sight", "label", "goods", "egress"]
    assert [step.stage for step in story.last.timeline] == ["supply", "alarm"]
    story.waits(CLOSE_AFTER_S + HOUR)
    assert story.last.expected == []


SEEN = ("power", "alarm", "camera")


def false_alarms(story: Story, nights: int, verdict: str | None, seen: tuple[str, ...] = SEEN) -> list[int]:
    """Pages of the same false alarm, a week apart each, as they are judged."""
    pages = []
    for night in range(nights):
        at = night * 7 * 24 * HOUR
        for n, domain in enumerate(seen):
            story.finds(kind(domain), at + n * MINUTE)
        pages.append(story.last.pages)
        if verdict:
            story.told += story.case.verdict(story.last.id, verdict, NOW + at + HOUR)[0]
        story.waits(at + CLOSE_AFTER_S + HOUR)
    return pages


def test_after_a_verdict_the_same_false_alarm_does_not_page_again() -> None:
    unjudged, judged = Story(), Story()
    # Base rates learn on their own, but slowly; a verdict is quicker.
    for one in (unjudged, judged):
        one.case.rates.clear()
    assert sum(false_alarms(judged, 4, "false_positive")) < sum(false_alarms(unjudged, 4, None))


def test_after_many_false_alarms_of_one_sort_a_theft_with_goods_still_pages() -> None:
    story = Story()
    false_alarms(story, 10, "false_positive", SEEN[:2])
    at = 100 * 24 * HOUR
    for n, domain in enumerate(("power", "alarm", "camera", "rfid")):
        story.finds(kind(domain), at + n * MINUTE)
    assert story.last.pages == 1


def test_a_true_positive_keeps_its_weight_and_a_test_teaches_nothing(story: Story) -> None:
    assert false_alarms(story, 3, "true_positive") == [1, 1, 1]
    taught = Story()
    assert false_alarms(taught, 2, "test") == [1, 1]
    assert taught.case.trust.weights == {}


def test_a_verdict_on_a_closed_incident_teaches_once(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("alarm"), MINUTE)
    name = story.last.id
    story.waits(CLOSE_AFTER_S + HOUR)
    changes, lesson = story.case.verdict(name, "false_positive", NOW + 40 * HOUR)
    assert changes == [] and lesson is not None
    after = dict(story.case.trust.weights)
    assert after["power.thing"] < 1.0
    story.case.verdict(name, "false_positive", NOW + 41 * HOUR)
    assert story.case.trust.weights == after

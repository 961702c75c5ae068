"""A site's case: how findings become one incident, when it pages, when it closes."""

from types import SimpleNamespace
from typing import Any

import pytest

from streams.incidents.case import CLOSE_AFTER_S, REPAGE_AFTER_S, Case
from streams.incidents.model import Command, Finding, Incident, moment

NOW = 1_760_000_000.0
MINUTE, HOUR = 60.0, 3600.0


def kind(domain: str, **more: Any) -> Any:
    given = {
        "name": f"{domain}.thing",
        "domain": domain,
        "rate": 0.01,
        "hit": 0.5,
        "stage": "sight",
        "sort": "definite",
        "alone": False,
        "memory_s": 6 * HOUR,
    }
    return SimpleNamespace(**given | more)


class Story:
    """Plays findings to a case and keeps what it published."""

    def __init__(self) -> None:
        self.case = Case("FR-93-DUGNY")
        self.told: list[tuple[str, Any]] = []

    def finds(
        self,
        what: Any,
        at: float,
        score: float = 1.0,
        device: str = "d-1",
        explained: bool = False,
        open_: bool = False,
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
        self.case.weigh(what, finding, "", NOW + at, explained, open_)
        self.told += self.case.decide(NOW + at)

    def waits(self, until: float) -> None:
        self.told += self.case.decide(NOW + until)

    @property
    def incidents(self) -> list[Incident]:
        return [body for _, body in self.told if isinstance(body, Incident)]

    @property
    def last(self) -> Incident:
        return self.incidents[-1]


@pytest.fixture
def story() -> Story:
    return Story()


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


def test_more_evidence_of_the_same_night_does_not_page_again(story: Story) -> None:
    for n, domain in enumerate(("power", "alarm", "camera", "rfid", "shipment")):
        story.finds(kind(domain), n * 30 * MINUTE)
    assert story.last.pages == 1 and story.last.revision == 5
    assert len({incident.id for incident in story.incidents}) == 1


def test_it_pages_again_for_new_evidence_that_would_page_by_itself(story: Story) -> None:
    story.finds(kind("power"), 0)
    story.finds(kind("alarm"), MINUTE)
    story.finds(kind("camera"), REPAGE_AFTER_S + HOUR)
    assert story.last.pages == 1
    story.finds(kind("rfid"), REPAGE_AFTER_S + 2 * HOUR)
    assert story.last.pages == 2 and len({incident.id for incident in story.incidents}) == 1


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
    before = story.case.rates["power.thing"].hits
    [(event, closed)] = story.case.verdict(story.last.id, "false_positive", NOW + HOUR)
    assert event == "closed" and isinstance(closed, Incident) and closed.verdict == "false_positive"
    assert story.case.rates["power.thing"].hits > before


def test_a_verdict_on_another_incident_changes_nothing(story: Story) -> None:
    story.finds(kind("power"), 0)
    assert story.case.verdict("no-such-incident", "benign", NOW + HOUR) == []


def test_the_same_story_gives_the_same_ids_and_revisions() -> None:
    stories = [Story(), Story()]
    for story in stories:
        story.finds(kind("power"), 0)
        story.finds(kind("alarm"), MINUTE)
    assert stories[0].incidents == stories[1].incidents

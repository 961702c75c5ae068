"""What people and actuators do about an incident, and what comes of it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from streams.incidents.case import ANEW_AFTER_S, CLOSE_AFTER_S
from streams.incidents.model import Command, Incident, moment
from streams.incidents.order import CONFIRM_S
from streams.incidents.shard import Shard
from streams.telemetry.control import Action, Confirmation, Control, Policy
from tests.incidents.estate import LYON, START, Estate, burgled, profile
from tests.incidents.test_case import HOUR, MINUTE, NOW, Story, kind


class Hands(Story):
    """A story that people take part in."""

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__(policy)
        self.count = 0

    def pages(self, at: float = 0.0, *domains: str) -> "Hands":
        for n, domain in enumerate(domains or ("power", "alarm")):
            self.finds(kind(domain), at + n * MINUTE)
        assert self.last.severity == "critical"
        return self

    def does(self, action: str, by: str = "adiallo", at: float = 2 * MINUTE, **more: Any) -> list[Any] | None:
        self.count += 1
        body = {"id": f"act-{self.count}", "site": "FR-93-DUGNY", "incident": self.last.id, "action": action, "by": by}
        return self.hears({"type": "incident.action", **body, **more}, at, Action)

    def confirms(self, command: str, outcome: str, at: float, **more: Any) -> list[Any] | None:
        self.count += 1
        body = {"id": f"act-{self.count}", "site": "FR-93-DUGNY", "command": command, "outcome": outcome, "by": "gate"}
        return self.hears({"type": "command.confirmed", **body, **more}, at, Confirmation)

    def hears(self, body: dict[str, Any], at: float, what: Any) -> list[Any] | None:
        record = msgspec.convert({**body, "time": datetime.fromtimestamp(NOW + at, UTC)}, what)
        told = self.case.hear(record, NOW + at)
        self.told += told or []
        return told

    @property
    def commands(self) -> list[Command]:
        return [body for _, body in self.told if isinstance(body, Command)]


def test_acknowledged_is_a_revision_and_stays_whatever_more_is_seen() -> None:
    story = Hands().pages()
    before = story.last
    story.does("acknowledge")
    assert (story.last.status, story.last.acknowledged_by) == ("acknowledged", "adiallo")
    assert story.last.revision == before.revision + 1
    story.finds(kind("camera"), HOUR)
    assert (story.last.status, story.last.pages) == ("acknowledged", 1)
    assert story.does("acknowledge", by="mlefevre", at=2 * HOUR) == []
    assert story.last.acknowledged_by == "adiallo"
    story.waits(CLOSE_AFTER_S + 2 * HOUR)
    assert (story.last.status, story.last.acknowledged_by) == ("closed", "adiallo")


def test_the_next_page_asks_for_an_answer_of_its_own() -> None:
    story = Hands().pages()
    story.does("acknowledge")
    story.pages(ANEW_AFTER_S + HOUR, "camera", "rfid")
    assert (story.last.pages, story.last.status, story.last.acknowledged_by) == (2, "open", None)


def test_a_warning_that_is_acknowledged_still_pages_when_it_comes_to_that() -> None:
    story = Hands()
    story.finds(kind("power"), 0)
    story.does("acknowledge")
    story.finds(kind("alarm"), HOUR)
    assert (story.last.pages, story.last.status) == (1, "open")


def test_it_is_assigned_and_noted() -> None:
    story = Hands().pages()
    story.does("assign", to="mlefevre", note="your district")
    story.does("note", note="lights on in hall B")
    assert story.last.status == "open" and story.last.assigned == "mlefevre"
    assert [(note.by, note.note) for note in story.last.notes] == [
        ("adiallo", "your district"),
        ("adiallo", "lights on in hall B"),
    ]
    story.does("assign", by="dupont")
    assert story.last.assigned == "dupont"
    assert story.does("assign", by="x", to="dupont") == []


def test_a_record_that_is_read_twice_changes_nothing() -> None:
    story = Hands().pages()
    story.does("note", note="once", id="act-x")
    assert story.does("note", note="once", id="act-x") == []
    assert len(story.last.notes) == 1


def test_what_is_about_no_incident_is_told_apart_and_harmless() -> None:
    story = Hands()
    story.finds(kind("power"), 0)
    assert story.does("acknowledge", incident="no-such") is None
    assert story.confirms("no-such-lockdown", "done", MINUTE) is None
    story.told += story.case.verdict(story.last.id, "benign", NOW + MINUTE)[0]
    assert story.does("note", note="too late") is None


def test_a_confirmation_stands_with_its_command_and_among_the_notes() -> None:
    story = Hands().pages()
    [command] = story.commands
    assert [told.outcome for told in story.last.commands] == [None]
    story.confirms(command.id, "failed", 2 * MINUTE, note="door 3 is held open")
    story.confirms(command.id, "done", 3 * MINUTE)
    [told] = story.last.commands
    assert (told.id, told.outcome, told.by) == (command.id, "done", "gate")
    assert [note.note for note in story.last.notes] == ["lockdown: failed. door 3 is held open", "lockdown: done."]


def test_it_takes_two_persons_to_release() -> None:
    story = Hands().pages()
    story.does("release", by="adiallo")
    assert story.does("release", by="adiallo") == []
    assert [one.command for one in story.commands] == ["lockdown"]
    story.does("release", by="mlefevre", note="all clear")
    assert [one.command for one in story.commands] == ["lockdown", "release"]
    assert story.commands[-1].reason == "FR-93-DUGNY: released by adiallo and mlefevre."
    assert [note.note for note in story.last.notes] == ["Asks for a release.", "Asks for a release. all clear"]
    assert story.does("release", by="dupont") == []
    story.finds(kind("rfid", stage="goods"), HOUR)
    assert [one.command for one in story.commands] == ["lockdown", "release"], "what was released stays so"


def test_a_page_after_the_release_locks_again_under_another_name() -> None:
    story = Hands().pages()
    for by in ("adiallo", "mlefevre"):
        story.does("release", by=by)
    story.pages(ANEW_AFTER_S + HOUR, "camera", "rfid")
    lock, release, again = story.commands
    assert [lock.command, release.command, again.command] == ["lockdown", "release", "lockdown"]
    assert again.id == f"{lock.id}-2"


def test_there_is_nothing_to_release_before_there_was_a_command() -> None:
    story = Hands()
    story.finds(kind("power"), 0)
    assert story.does("release") == [] and story.does("release", by="mlefevre") == []
    story.finds(kind("alarm"), MINUTE)
    assert [one.command for one in story.commands] == ["lockdown"]


SURE = Policy(automatic=["lockdown"], risk=0.3, domains=2)


def test_a_command_is_automatic_where_the_policy_says_so() -> None:
    for policy, mode in [
        (None, "advised"),
        (SURE, "automatic"),
        (replace(SURE, automatic=["hold_shipment"]), "advised"),
        (replace(SURE, risk=0.9999), "advised"),
        (replace(SURE, domains=3), "advised"),
    ]:
        [command] = Hands(policy).pages().commands
        assert (command.command, command.mode) == ("lockdown", mode), policy


def test_what_was_advised_is_given_again_once_it_is_sure_enough() -> None:
    story = Hands(replace(SURE, automatic=["lockdown", "hold_shipment"], domains=3)).pages()
    story.finds(kind("rfid", stage="goods"), HOUR)
    story.finds(kind("camera"), HOUR + MINUTE)
    assert [(one.command, one.mode) for one in story.commands] == [
        ("lockdown", "advised"),
        ("lockdown", "automatic"),
        ("hold_shipment", "automatic"),
    ]
    assert len({one.id for one in story.commands}) == 3


def test_an_automatic_command_that_nobody_confirms_is_overdue_after_half_a_minute() -> None:
    story = Hands(SURE).pages()
    given = MINUTE
    assert story.case.due() == NOW + given + CONFIRM_S
    story.waits(given + CONFIRM_S - 1)
    assert not story.last.commands[0].overdue
    story.waits(given + CONFIRM_S)
    assert story.last.commands[0].overdue and story.last.pages == 1
    before = story.last.revision
    story.waits(given + CONFIRM_S + 5)
    assert story.last.revision == before
    story.confirms(story.commands[0].id, "done", given + 40)
    assert (story.last.commands[0].outcome, story.last.commands[0].overdue) == ("done", False)


def test_one_that_is_confirmed_in_time_or_merely_advised_never_is() -> None:
    for story in (Hands(SURE).pages(), Hands().pages()):
        if story.commands[0].mode == "automatic":
            story.confirms(story.commands[0].id, "done", MINUTE + 3)
        story.waits(HOUR)
        assert not story.last.commands[0].overdue


def test_what_was_locked_is_released_after_the_verdict_too() -> None:
    story = Hands(SURE).pages()
    story.confirms(story.commands[0].id, "done", MINUTE + 3)
    story.told += story.case.verdict(story.last.id, "false_positive", NOW + 3 * MINUTE)[0]
    for by in ("adiallo", "mlefevre"):
        story.does("release", by=by, at=4 * MINUTE)
    assert (story.commands[-1].command, story.commands[-1].mode) == ("release", "automatic")
    assert (story.last.status, story.last.verdict) == ("closed", "false_positive")
    assert story.last.closed == moment(NOW + 3 * MINUTE)
    story.waits(5 * MINUTE)
    assert [order.overdue for order in story.last.commands] == [False, True]


def test_it_survives_a_restart_in_between() -> None:
    estate = Estate([LYON])
    [shard] = estate.shards.values()
    shard.advance(START, [], [replace(profile(LYON, True), policy=SURE)])
    estate.live(burgled(LYON, 1400), 1800)
    assert estate.at(LYON).severity == "critical"
    [lock] = estate.at(LYON).commands
    assert (lock.mode, lock.overdue) == ("automatic", True)
    name = estate.at(LYON).id

    def act(number: int, action: str, by: str) -> Action:
        body = {"id": f"a{number}", "site": LYON, "incident": name, "action": action, "by": by, "note": "n"}
        return msgspec.convert({**body, "time": "2026-03-03T04:00:00Z"}, Action)

    shard.advance(START + 1801.0, [], [act(1, "acknowledge", "a"), act(2, "release", "a")])
    other = Shard(shard.registry)
    other.thaw(LYON, shard.freeze(LYON))
    assert other.freeze(LYON) == shard.freeze(LYON)
    controls: list[Control] = [act(2, "release", "a"), act(3, "release", "b"), act(9, "note", "b")]
    out = other.advance(START + 1802.0, [], controls)
    assert out == shard.advance(START + 1802.0, [], controls)
    assert other.stats.actions == {"idle": 1, "taken": 2}
    told = [one.body for one in out if isinstance(one.body, Incident)]
    assert told[-1].status == "acknowledged" and [note.by for note in told[-1].notes] == ["a", "a", "b", "b"]
    assert [one.body.command for one in out if isinstance(one.body, Command)] == ["release"]
    late = other.advance(START + 1840.0, [], [])
    assert [(one.clock - START, one.body.commands[-1].overdue) for one in late if isinstance(one.body, Incident)] == [
        (1832.0, True)
    ]

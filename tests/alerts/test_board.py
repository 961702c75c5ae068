"""Which alerts stand for which incidents."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from streams.alerts.alert import ALERTNAME, UNCONFIRMED, identity
from streams.alerts.board import ENDED_KEPT, Board
from streams.alerts.flood import Flood
from streams.incidents.model import Incident, Note
from tests.alerts.story import START, STEP, closed, critical, incident, ordered

NOW = START.timestamp() + 600


def fresh() -> Board:
    return Board("http://grafana:3000/", "http://books/runbooks", "http://console/", Flood(3, 600.0), Flood(10, 600.0))


def live() -> Board:
    board = fresh()
    board.go_live(NOW)
    return board


def standing(board: Board) -> list[dict[str, str]]:
    return [dict(labels) for labels, alert in board.alerts.items() if alert.ended is None]


def test_labels_are_identity_and_nothing_else() -> None:
    board = live()
    board.put(incident(), NOW)
    assert standing(board) == [
        {
            "alertname": "SiteIncident",
            "severity": "warning",
            "region": "FR",
            "site": "FR-93-DUGNY",
            "incident_id": "i-1",
        }
    ]


def test_a_warning_that_rests_on_silence_alone_says_so_until_more_is_seen() -> None:
    board = live()
    silence = replace(STEP, domain="alarm", detector="alarm.line_lost")
    board.put(incident(timeline=[silence]), NOW)
    assert [labels["evidence"] for labels in standing(board)] == ["silence"]
    board.put(incident(revision=2, timeline=[silence, STEP]), NOW + 5)
    assert [labels.get("evidence") for labels in standing(board)] == [None]
    board.put(critical(revision=3, timeline=[silence]), NOW + 9)
    assert [labels.get("evidence") for labels in standing(board)] == [None]


def test_annotations_tell_what_happened_and_where_to_look() -> None:
    board = live()
    board.put(critical(), NOW)
    (alert,) = board.alerts.values()
    assert alert.annotations["summary"] == "FR-93-DUGNY: Power is cut at a closed site."
    assert "Risk 97%; seen by power and camera." in alert.annotations["description"]
    assert "cam-7: Camera cam-7 is blind." in alert.annotations["description"]
    assert alert.annotations["runbook_url"] == "http://books/runbooks/SiteIncident"
    assert alert.annotations["console_url"] == "http://console/incidents/i-1"
    assert alert.annotations["dashboard_url"].startswith("http://grafana:3000/d/tocsin-incident?var-site=FR-93-DUGNY")


def test_a_revision_counts_once_and_an_older_one_not_at_all() -> None:
    board = live()
    assert board.put(critical(revision=2), NOW)
    assert not board.put(critical(revision=2), NOW)
    assert not board.put(incident(revision=1), NOW)
    assert standing(board)[0]["severity"] == "critical"


def test_info_asks_nobody_to_come() -> None:
    board = live()
    board.put(incident(severity="info"), NOW)
    assert board.alerts == {}
    assert list(board.incidents) == ["i-1"]


def test_escalation_ends_the_warning_and_raises_the_critical() -> None:
    board = live()
    board.put(incident(), NOW)
    board.put(critical(), NOW + 5)
    severities = {dict(labels)["severity"]: alert.ended for labels, alert in board.alerts.items()}
    assert severities == {"warning": NOW + 5, "critical": None}


def test_more_evidence_changes_the_alert_but_not_its_identity() -> None:
    board = live()
    board.put(critical(revision=2), NOW)
    (before,) = board.alerts.values()
    board.put(critical(revision=3, risk=0.99), NOW + 5)
    (after,) = board.alerts.values()
    assert (after.labels, after.known) == (before.labels, before.known)
    assert after.version > before.version
    assert "99%" in after.annotations["description"]


def test_a_second_page_is_another_alert() -> None:
    board = live()
    board.put(critical(revision=2), NOW)
    board.put(critical(revision=3, pages=2), NOW + 5)
    assert [labels.get("page") for labels in standing(board)] == ["2"]
    assert "page" not in dict(identity(critical()) or ())


def test_a_further_warning_is_another_alert() -> None:
    board = live()
    board.put(critical(severity="warning", pages=0, paged=[], warnings=1), NOW)
    assert [labels.get("warning") for labels in standing(board)] == [None]
    board.put(critical(revision=3, severity="warning", pages=0, paged=[], warnings=2), NOW + 5)
    assert [labels.get("warning") for labels in standing(board)] == ["2"]


def test_acknowledging_leaves_the_alert_standing_and_says_who() -> None:
    board = live()
    board.put(critical(revision=2), NOW)
    (before,) = board.alerts
    note = Note(time=START, by="adiallo", note="guard is on his way")
    hands = {"acknowledged_by": "adiallo", "assigned": "mlefevre", "notes": [note]}
    board.put(critical(revision=3, status="acknowledged", **hands), NOW + 5)
    ((labels, alert),) = board.alerts.items()
    assert labels == before, "another alert would page again"
    assert alert.annotations["acknowledged"] == "adiallo"
    words = "Acknowledged by adiallo. Assigned to mlefevre. adiallo: guard is on his way"
    assert words in alert.annotations["description"].splitlines()


@pytest.mark.parametrize(
    ("given", "alerts"),
    [
        (critical(commands=[ordered()]), 1),
        (critical(commands=[ordered(outcome="failed", overdue=False)]), 1),
        (critical(commands=[ordered(overdue=False)]), 0),
        (critical(commands=[ordered(outcome="done", overdue=False)]), 0),
        (critical(commands=[ordered(mode="advised", outcome="failed")]), 0),
        (closed(commands=[ordered()]), 0),
        (closed(commands=[ordered(command="release")]), 1),
    ],
)
def test_a_command_that_is_not_carried_out_is_an_alert_of_its_own(given: Incident, alerts: int) -> None:
    board = live()
    board.put(given, NOW)
    assert sum(labels["alertname"] == UNCONFIRMED for labels in standing(board)) == alerts
    assert sum(labels["alertname"] == ALERTNAME for labels in standing(board)) == (given.status != "closed")
    board.remove("i-1", NOW + 1)
    assert standing(board) == []


def test_closing_ends_the_alert_which_is_kept_for_a_while() -> None:
    board = live()
    board.put(critical(), NOW)
    board.put(closed(), NOW + 5)
    assert standing(board) == []
    assert not board.put(critical(revision=2), NOW + 6)
    board.prune(NOW + 5 + ENDED_KEPT)
    assert len(board.alerts) == 1
    board.prune(NOW + 6 + ENDED_KEPT)
    assert board.alerts == {}


def test_what_ended_in_the_past_is_not_told() -> None:
    board = fresh()
    for revision in (incident(), critical(), closed()):
        board.put(revision, NOW)
    board.put(incident("i-2"), NOW)
    board.go_live(NOW)
    assert [dict(labels)["incident_id"] for labels in board.alerts] == ["i-2"]


def test_a_deleted_incident_ends() -> None:
    board = live()
    board.put(critical(), NOW)
    board.remove("i-1", NOW + 1)
    assert standing(board) == []
    assert board.incidents == {}


def test_an_incident_from_a_clock_ahead_of_ours_starts_now() -> None:
    board = live()
    board.put(critical(opened=START + timedelta(days=1)), NOW)
    (alert,) = board.alerts.values()
    assert alert.starts == NOW


def test_a_long_timeline_is_told_from_both_ends() -> None:
    board = live()
    first = critical()
    board.put(critical(timeline=first.timeline * 50), NOW)
    (alert,) = board.alerts.values()
    lines = alert.annotations["description"].splitlines()
    assert len(lines) == 1 + 4 + 1 + 12
    assert lines[5] == "… 84 more …"


def test_in_a_flood_the_first_pages_stand_alone_and_the_others_are_held_and_told_by_a_digest() -> None:
    board = live()
    for number in range(50):
        board.put(critical(f"i-{number}", site=f"FR-{number % 10}", risk=0.9 + number / 1000), NOW)
    board.tend(NOW + 1)
    held = [labels for labels in standing(board) if labels.get("flood")]
    assert len(held) == 47
    assert len(standing(board)) == 51
    (digest,) = told(board)
    assert digest["summary"] == (
        "FR: 47 more critical incidents at 10 sites, told together. The riskiest is FR-9 (95%)."
    )
    assert digest["description"].splitlines()[0] == "95% FR-9: Power is cut at a closed site."
    assert len(digest["description"].splitlines()) == 10
    assert digest["runbook_url"] == "http://books/runbooks/IncidentFlood"
    assert digest["dashboard_url"] == "http://grafana:3000/d/tocsin-fleet"


def test_each_region_has_a_digest_which_is_new_only_where_there_is_more_to_tell() -> None:
    board = live()
    for number in range(9):
        board.put(critical(f"i-{number}", site=f"{'FR' if number % 2 else 'DE'}-{number}"), NOW)
    board.tend(NOW)
    before = {labels["region"]: labels["edition"] for labels in digests(board)}
    board.put(critical("i-10", site="DE-10"), NOW + 30)
    board.tend(NOW + 31)
    assert {labels["region"]: labels["edition"] for labels in digests(board)} == before
    board.tend(NOW + 101)
    after = {labels["region"]: labels["edition"] for labels in digests(board)}
    assert after["FR"] == before["FR"]
    assert after["DE"] != before["DE"]


def test_a_held_page_that_nobody_saw_to_goes_out_after_the_flood() -> None:
    board = live()
    incidents = [critical(f"i-{number}", site=f"FR-{number}") for number in range(8)]
    for one in incidents:
        board.put(one, NOW)
    for one in incidents[3:6]:
        board.put(replace(one, revision=3, status="acknowledged"), NOW + 60)
    board.tend(NOW + 601)
    assert digests(board) == []
    held = {labels["incident_id"] for labels in standing(board) if labels.get("flood")}
    assert held == {"i-3", "i-4", "i-5"}
    assert len(standing(board)) == 8


def test_commands_that_are_not_carried_out_are_pages_like_others() -> None:
    board = live()
    for number in range(3):
        board.put(critical(f"i-{number}", site=f"FR-{number}"), NOW)
    for number in range(3):
        board.put(critical(f"i-{number}", 3, site=f"FR-{number}", commands=[ordered(id=f"c-{number}")]), NOW + 30)
    board.tend(NOW + 30)
    held = {labels["command"] for labels in standing(board) if labels.get("flood")}
    assert held == {"c-0", "c-1", "c-2"}
    (digest,) = told(board)
    assert digest["summary"].startswith("FR: 3 commands not carried out at 3 sites, told together.")
    seen = [critical("i-0", 4, site="FR-0", status="acknowledged", commands=[ordered(id="c-0")])]
    seen += [critical("i-1", 4, site="FR-1", commands=[ordered(id="c-1", outcome="done", overdue=False)])]
    for one in seen:
        board.put(one, NOW + 60)
    board.tend(NOW + 631)
    alone = {labels["command"] for labels in standing(board) if "command" in labels and not labels.get("flood")}
    assert alone == {"c-0", "c-2"}, "who acknowledged the incident has not shut the doors"
    assert not digests(board)


def test_a_release_that_is_not_carried_out_waits_in_a_flood_though_its_incident_is_closed() -> None:
    board = live()
    for number in range(4):
        order = ordered(id=f"c-{number}", command="release")
        board.put(closed(f"i-{number}", site=f"FR-{number}", commands=[order]), NOW)
    board.tend(NOW)
    assert [labels["command"] for labels in standing(board) if labels.get("flood")] == ["c-3"]
    board.tend(NOW + 601)
    assert not [labels for labels in standing(board) if labels.get("flood")]


def test_warnings_beyond_a_few_are_told_as_one_list_and_are_told_apart_after_a_restart() -> None:
    board = live()
    past = [incident(f"i-{number:02}", opened=START + timedelta(seconds=number)) for number in range(30)]
    for one in past:
        board.put(one, NOW)
    held = {labels["incident_id"] for labels in standing(board) if labels.get("flood")}
    assert held == {f"i-{number:02}" for number in range(10, 30)}
    restarted = fresh()
    for one in reversed(past):
        restarted.put(one, NOW)
    restarted.go_live(NOW)
    same = [{tuple(labels.items()) for labels in standing(one)} for one in (board, restarted)]
    assert same[0] == same[1]
    board.put(critical("i-20"), NOW + 1)
    (paged,) = [labels for labels in standing(board) if labels["severity"] == "critical"]
    assert "flood" not in paged
    board.tend(NOW + 700)
    board.put(incident("i-15", 2), NOW + 700)
    assert len([labels for labels in standing(board) if labels.get("flood")]) == 19, "it is not told twice"
    board.put(incident("i-40"), NOW + 701)
    assert "flood" not in next(labels for labels in standing(board) if labels["incident_id"] == "i-40")


def test_closing_the_held_ones_ends_the_flood() -> None:
    board = live()
    for number in range(8):
        board.put(critical(f"i-{number}"), NOW)
    board.tend(NOW)
    for number in range(8):
        board.put(closed(f"i-{number}"), NOW + 5)
    board.tend(NOW + 5)
    assert standing(board) == []


def test_who_restarts_tells_the_same_apart() -> None:
    incidents = [
        critical(f"i-{number}", site=f"FR-{number}", paged=[START + timedelta(seconds=number)]) for number in range(8)
    ]
    incidents += [critical(f"old-{n}", paged=[START - timedelta(hours=n)], updated=START) for n in range(1, 9)]
    running = live()
    for one in reversed(incidents[8:]):
        running.put(one, NOW - 3600 * int(one.id[4:]))
    for one in incidents[:8]:
        running.put(one, NOW)
    restarted = fresh()
    for one in reversed(incidents):
        restarted.put(one, NOW)
    restarted.go_live(NOW)
    running.tend(NOW)
    alone = {labels.get("incident_id") for labels in standing(restarted) if not labels.get("flood")} - {None}
    assert alone == {f"old-{n}" for n in range(1, 9)} | {"i-0", "i-1", "i-2"}
    same = [sorted(str(labels | {"edition": ""}) for labels in standing(board)) for board in (restarted, running)]
    assert same[0] == same[1]


def digests(board: Board) -> list[dict[str, str]]:
    return [labels for labels in standing(board) if labels["alertname"] == "IncidentFlood"]


def told(board: Board) -> list[dict[str, str]]:
    return [
        alert.annotations
        for labels, alert in board.alerts.items()
        if alert.ended is None and dict(labels)["alertname"] == "IncidentFlood"
    ]

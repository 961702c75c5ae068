"""Which alerts stand for which incidents."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from streams.alerts.alert import ALERTNAME, UNCONFIRMED, identity
from streams.alerts.board import ENDED_KEPT
from streams.incidents.model import Incident, Note
from tests.alerts.story import NOW, START, STEP, closed, critical, fresh, incident, live, ordered, standing


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
    taken = critical(revision=3, status="acknowledged", acknowledged_by="adiallo", assigned="mlefevre", notes=[note])
    board.put(taken, NOW + 5)
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

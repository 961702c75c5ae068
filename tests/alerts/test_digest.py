"""A flood of incidents: a few stand alone, the others are held and told by a digest."""

from datetime import timedelta

from msgspec.structs import replace

from streams.alerts.board import Board
from tests.alerts.story import NOW, START, closed, critical, fresh, incident, live, ordered, standing


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

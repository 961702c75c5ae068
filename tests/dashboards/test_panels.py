"""The dashboards' definitions, and their queries in a real Prometheus."""

import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboards.catalogue import dashboards, queries
from dashboards.colours import DOMAINS, GREY, RED, SEVERITIES
from dashboards.panels import SOURCE
from streams import metrics, metrics_server
from streams.local.monitoring import Monitoring

BOARDS = dashboards()
PANELS = [(board["title"], panel) for board in BOARDS for panel in board["panels"]]
OUTSIDE = {"up", "ALERTS", "process_resident_memory_bytes", "process_cpu_seconds_total", "tocsin_build_info"}
GRAFANAS = {"__rate_interval", "__interval", "__url_time_range", "__field", "__data"}
KINDS = {"annolist", "bargauge", "geomap", "stat", "state-timeline", "text", "timeseries"}
"""Those that Grafana 9.4 has and 12 still has, where `graph`, `singlestat` and `table-old` are gone."""
IDS = [f"{title}: {panel['title']}" for title, panel in PANELS]


def test_the_dashboards_are_all_there_and_are_json() -> None:
    assert [board["title"] for board in BOARDS] == ["Fleet", "Site", "Incident", "Detectors", "Platform"]
    assert json.loads(json.dumps(BOARDS)) == BOARDS


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: str(board["title"]))
def test_a_dashboard_can_be_found_and_left_again(board: dict[str, Any]) -> None:
    assert re.fullmatch(r"tocsin-[a-z]{3,30}", board["uid"])
    assert board["description"]
    assert board["schemaVersion"] <= 38  # that of Grafana 9.4
    assert board["links"][0]["tags"] == ["tocsin"]
    assert not [made for made in board["links"] + board["annotations"]["list"] if "placement" in made], "out of sight"
    assert board["annotations"]["list"][0]["target"]["tags"][0] == "tocsin"
    assert board["tags"] == ["tocsin"]
    titles = [panel["title"] for panel in board["panels"]]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("title", "panel"), PANELS, ids=IDS)
def test_a_panel_explains_itself(title: str, panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 20
    assert panel["type"] in KINDS
    if panel["type"] in ("text", "annolist"):
        return
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
    assert panel["targets"]
    if panel["type"] == "stat":
        unknown = panel["fieldConfig"]["defaults"]["mappings"][-1]["options"]
        assert (unknown["match"], unknown["result"]["color"]) == ("null+nan", GREY)
    assert all(target["datasource"] == SOURCE.to_json() for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: str(board["title"]))
def test_panels_do_not_overlap_and_fit(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert len(taken) == 24 * (max(y for _, y in taken) + 1), "there are holes"


@pytest.mark.parametrize(("title", "panel"), PANELS, ids=IDS)
def test_a_domain_and_a_severity_have_the_same_colour_everywhere(title: str, panel: dict[str, Any]) -> None:
    legends = [target["legendFormat"] for target in panel.get("targets", ())] if panel["type"] == "timeseries" else []
    for legend, hues in (("{{domain}}", DOMAINS), ("{{severity}}", SEVERITIES)):
        if legend in legends:
            given = {
                override["matcher"]["options"]: override["properties"][0]["value"]["fixedColor"]
                for override in panel["fieldConfig"]["overrides"]
            }
            assert given == hues


def test_the_map_tells_places_in_degrees_and_not_in_the_unit_of_the_risk() -> None:
    (world,) = [panel for _, panel in PANELS if panel["type"] == "geomap"]
    overrides = world["fieldConfig"]["overrides"]
    units = {override["matcher"]["options"]: override["properties"][0]["value"] for override in overrides}
    assert units == {"latitude": "degree", "longitude": "degree"}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: str(board["title"]))
def test_variables_that_are_used_are_defined_and_links_lead_somewhere(board: dict[str, Any]) -> None:
    text = json.dumps({name: value for name, value in board.items() if name != "templating"})
    used = set(re.findall(r"\$\{?(\w+)", text)) - GRAFANAS
    assert used == {variable["name"] for variable in board["templating"]["list"]}
    assert set(re.findall(r"/d/(tocsin-\w+)", text)) <= {other["uid"] for other in BOARDS}


def test_queries_ask_for_metrics_that_exist_and_every_metric_of_the_platform_is_asked_for() -> None:
    ours = {name: metric for metric in metrics.ALL for name in metrics.exposed(metric)}
    asked: set[str] = set()
    for query in queries(site="A-1"):
        bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|by \([^)]*\)", "", query.expr)
        names = set(re.findall(r"\b(?:tocsin|process)_\w+|\bup\b|\bALERTS\b", bare))
        assert names, query
        assert names <= set(ours) | OUTSIDE, query
        asked |= names
    shown = {id(ours[name]) for name in asked if name in ours}
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (elsewhere,) = re.findall(r"^Not for the dashboards.*?\n\n", readme + "\n\n", re.M | re.S)
    named = {name for name in ours if name in re.findall(r"`(\w+)`", elsewhere)}
    for metric in metrics.ALL:
        assert (id(metric) in shown) != bool(metrics.exposed(metric) & named), metrics.exposed(metric)


def test_every_query_answers_in_a_real_prometheus_and_no_number_is_calm_where_nobody_answers() -> None:
    metrics.SITE_RISK.labels("A-1").set(0.9)
    metrics.SITE_DEVICES.labels("A-1").set(9)
    for domain in metrics.DOMAINS:
        metrics.SITE_EVIDENCE.labels("A-1", domain).set(2)
        metrics.COVERAGE.labels("A-1", domain).set(0.9)
        metrics.FINDINGS.labels(domain, "some").inc()
        metrics.SITE_SILENT.labels("A-1", domain).set(1)
    metrics.FINDING_SCORE.labels("some").observe(0.8)
    metrics.SITE_GOODS.labels("A-1", "booked").set(4)
    metrics.SITE_PLACE.labels("A-1", "48.9500", "2.4200").set(1)
    metrics.DETECTOR_VERDICTS.labels("some", "false_positive").inc()
    metrics.JUDGED_RISK.labels("no").observe(0.6)
    metrics.DEAD_LETTERS.labels("type").inc()
    metrics.COMMANDS.labels("lockdown").inc()
    metrics.CLOCK.set(time.time())
    metrics.SLICE_SECONDS.observe(0.02)
    metrics.INCIDENTS_READ.labels("new").inc()
    metrics.PAGE_DELAY.observe(40)
    metrics.SINK_UP.labels("alertmanager x").set(1)
    metrics.SINK_PENDING.labels("alertmanager x").set(0)
    metrics.NOTIFICATIONS.labels("alertmanager x", "delivered").inc()
    metrics.NOTIFY_DELAY.labels("alertmanager x").observe(0.1)
    worker, notifier = metrics_server.serve([metrics.WORKER]), metrics_server.serve([metrics.NOTIFIER, metrics.LEDGER])
    workers, notifiers = ([server.url.removeprefix("http://")] for server in (worker, notifier))
    try:
        with (
            Monitoring("http://127.0.0.1:9/", workers=workers, notifiers=notifiers) as monitoring,
            httpx.Client(base_url=monitoring.prometheus.url, timeout=20) as prometheus,
        ):
            empty = {(query.panel, query.expr) for query in queries("30s", site="A-1")}
            deadline = time.monotonic() + 45
            while empty and time.monotonic() < deadline:
                metrics.SLICE_SECONDS.observe(0.02)
                metrics.FINDINGS.labels("power", "some").inc()
                metrics.NOTIFY_DELAY.labels("alertmanager x").observe(0.1)
                metrics.PAGE_DELAY.observe(40)
                metrics.FINDING_SCORE.labels("some").observe(0.8)
                empty = {(panel, expr) for panel, expr in empty if not _answer(prometheus, expr)}
                time.sleep(0.5)
            assert empty == set()
            assert _calm(prometheus, time.time() - 3600) == []
    finally:
        worker.close()
        notifier.close()
        metrics.SITE_RISK.remove("A-1")


def _calm(prometheus: httpx.Client, unheard: float) -> list[str]:
    """Name the numbers that look as if all were well at a time of which Prometheus knows nothing."""
    numbers = {(title, panel["title"]): panel for title, panel in PANELS if panel["type"] in ("stat", "bargauge")}
    calm = []
    for query in queries("30s", site="A-1"):
        panel = numbers.get((query.dashboard, query.panel))
        if panel is None:
            continue
        for series in _answer(prometheus, query.expr, time=unheard):
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            reached = [step["color"] for step in steps if (step["value"] or 0) <= float(series["value"][1])]
            calm += [query.panel] if reached[-1] != RED else []
    return calm


def _answer(prometheus: httpx.Client, expr: str, **more: float) -> list[Any]:
    answer = prometheus.get("/api/v1/query", params={"query": expr, **more})
    assert answer.status_code == 200, f"{expr}: {answer.text}"
    result: list[Any] = answer.json()["data"]["result"]
    return result

"""What every process shows on its port."""

import subprocess

import httpx

from streams import metrics, metrics_server


def test_the_page_is_what_prometheus_wants() -> None:
    server = metrics_server.serve([metrics.WORKER, metrics.NOTIFIER])
    try:
        page = httpx.get(f"{server.url}/metrics")
    finally:
        server.close()
    checked = subprocess.run(["promtool", "check", "metrics"], input=page.content, capture_output=True, timeout=30)
    assert checked.returncode == 0, checked.stderr
    assert b"_created" not in page.content


def test_a_role_shows_its_own_metrics_only() -> None:
    server = metrics_server.serve([metrics.NOTIFIER])
    try:
        page = httpx.get(f"{server.url}/metrics").text
    finally:
        server.close()
    assert "tocsin_open_incidents" in page
    assert "tocsin_build_info" in page
    assert "tocsin_lag_records" not in page


def test_names_have_our_prefix_and_labels_are_few() -> None:
    for metric in metrics.ALL:
        (family,) = metric.describe()
        assert family.name.startswith("tocsin_")
        assert family.documentation


def test_alive_is_not_yet_ready() -> None:
    reasons: list[str | None] = ["reading the past", None]
    server = metrics_server.serve([metrics.WORKER], ready=lambda: reasons.pop(0), documents={"/about": "Größe"})
    try:
        assert server.host == "127.0.0.1"
        assert httpx.get(f"{server.url}/healthz").text == "alive\n"
        waiting = httpx.get(f"{server.url}/readyz")
        assert (waiting.status_code, waiting.text) == (503, "reading the past\n")
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        assert httpx.get(f"{server.url}/about").text == "Größe"
        assert httpx.get(f"{server.url}/elsewhere").status_code == 404
    finally:
        server.close()

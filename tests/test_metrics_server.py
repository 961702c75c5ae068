"""What every process shows: to everybody on the loopback, with a token beyond it."""

import base64

import httpx
import pytest

from streams import metrics, metrics_server
from streams.settings import Settings, SettingsError


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer wrong", 401),
        ("Basic !!", 401),
        (basic("wrong"), 401),
        ("Bearer hush-hush", 200),
        ("bearer hush-hush", 200),
        (basic("hush-hush"), 200),
    ],
)
def test_a_token_is_asked_for(authorization: str | None, status: int) -> None:
    server = metrics_server.serve([metrics.GATE], token="hush-hush", documents={"/runbooks/x.md": "what to do"})
    headers = {"Authorization": authorization} if authorization is not None else {}
    try:
        for path in ("/metrics", "/readyz", "/runbooks/x.md", "/nothing"):
            answer = httpx.get(f"{server.url}{path}", headers=headers)
            assert answer.status_code == (404 if path == "/nothing" and status == 200 else status)
            assert ("WWW-Authenticate" in answer.headers) == (status == 401)
            assert status == 200 or "tocsin_gate" not in answer.text
        assert httpx.get(f"{server.url}/healthz").status_code == 200, "that it lives is no secret"
    finally:
        server.close()


def test_nothing_is_shown_to_others_without_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(SettingsError, match="can be reached by others: set TOCSIN_METRICS_TOKEN_FILE"):
            Settings.from_env({"TOCSIN_METRICS_HOST": host})
        assert "hush" not in repr(Settings.from_env({"TOCSIN_METRICS_HOST": host, "TOCSIN_METRICS_TOKEN": "hush"}))

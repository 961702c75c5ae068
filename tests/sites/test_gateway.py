"""The whole gateway as a process: from a panel's frame and a line of NDJSON to Kafka, and a clean end."""

import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from msgspec import json

from streams.sites.formats.dc09 import build, open_envelope

from .desk import free_port
from .log import Place


def write(folder: Path, place: Place, panel: int, metrics: int) -> Path:
    (folder / "site.toml").write_text(f"""\
site = "{place.site}"
heartbeat_s = 1
metrics_port = {metrics}

[kafka]
brokers = "{place.brokers}"
topic = "{place.topic}"

[[source]]
type = "dc09"
name = "panel"
port = {panel}
[[source.account]]
id = "1234"
device = "panel-1"

[[source]]
type = "stdin"
""")
    return folder / "site.toml"


def ready(metrics: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{metrics}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def test_equipment_reaches_kafka(place: Place, tmp_path: Path) -> None:
    panel, metrics = free_port(), free_port()
    command = [sys.executable, "-m", "streams", "gateway", str(write(tmp_path, place, panel, metrics))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 120
        while not ready(metrics):
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert process.stdin is not None
        process.stdin.write(json.encode(place.reading("meter-a")) + b"\nnonsense\n")
        process.stdin.flush()
        frame = build("ADM-CID", 7, "L0#1234", "#1234|1131 01 003", at=datetime.now(UTC))
        with socket.create_connection(("127.0.0.1", panel), timeout=30) as line:
            line.sendall(frame)
            assert open_envelope(line.recv(4096)).token == "ACK"
        wanted = {"meter-a", "panel-1", "gateway", "gateway-panel", "gateway-stdin"}
        devices: set[str] = set()
        while not wanted <= devices:
            assert time.monotonic() < deadline + 60, devices
            devices = {one["device"] for one in place.read(len(wanted), seconds=5)}
        with urlopen(f"http://127.0.0.1:{metrics}/metrics", timeout=5) as answer:
            shown = answer.read().decode()
        assert 'tocsin_source_refused_total{source="stdin"} 1.0' in shown
        assert 'tocsin_source_up{source="panel"} 1.0' in shown
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0
        assert b"stdin: refused: line 2" in said
        assert b"Traceback" not in said
    finally:
        process.kill()
        process.wait()

"""`tocsin worker` as a process: what it refuses to start with."""

from pathlib import Path

from streams import metrics, metrics_server
from tests.processes import launched


def test_a_port_that_is_taken_is_named(road: tuple[str, int], tmp_path: Path) -> None:
    log, other = tmp_path / "log", metrics_server.serve([metrics.WORKER])
    try:
        with launched(log, "worker", "--brokers", road[0], "--metrics-port", str(other.port)) as process:
            assert process.wait(60) == 1
    finally:
        other.close()
    told = log.read_text()
    assert f"127.0.0.1:{other.port} is taken" in told and "set TOCSIN_METRICS_PORT, or 0 for any" in told
    assert "Traceback" not in told

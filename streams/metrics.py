"""Every metric of every process, and the small HTTP server that shows them.

A process serves the registry of its role, so that no gauge of the other role stands there at zero. Units are base
units, counters end in `_total`; `site` labels only what concerns a handful of sites, and no tag, plate or incident is
ever a label.
"""

import base64
import hmac
import platform
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from threading import Thread
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    exposition,
)

DOMAINS = ("power", "alarm", "camera", "rfid", "shipment")
SEVERITIES = ("info", "warning", "critical")


WORKER = CollectorRegistry()
NOTIFIER = CollectorRegistry()
SITE = CollectorRegistry()
GATE = CollectorRegistry()
LEDGER = CollectorRegistry()
CONSOLE = CollectorRegistry()
PROCESS = CollectorRegistry()
"""What every process shows: its version, memory and CPU time."""

ProcessCollector(registry=PROCESS)
BUILD = Info("tocsin_build", "Version of the platform and of Python", registry=PROCESS)
BUILD.info({"version": version("tocsin"), "python": platform.python_version()})

EVENTS = Counter("tocsin_events", "Valid telemetry objects taken in", ["domain"], registry=WORKER)
DEAD_LETTERS = Counter(
    "tocsin_dead_letters", "Refused objects, by a short code of the reason", ["reason"], registry=WORKER
)
DUPLICATES = Counter("tocsin_duplicates", "Objects seen before and dropped", registry=WORKER)
LATE_EVENTS = Counter("tocsin_late_events", "Objects that came too late to be put in order", registry=WORKER)
FINDINGS = Counter("tocsin_findings", "Things that detectors saw", ["domain", "detector"], registry=WORKER)
INCIDENT_CHANGES = Counter("tocsin_incident_changes", "Published incident revisions", ["severity"], registry=WORKER)
COMMANDS = Counter("tocsin_commands", "Published commands to sites", ["command"], registry=WORKER)
LAG = Gauge("tocsin_lag_records", "Records in Kafka that this worker has yet to read", ["domain"], registry=WORKER)
SLICE_SECONDS = Histogram(
    "tocsin_slice_seconds",
    "Time to decide one slice of a partition, from the tick read back to everything published",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=WORKER,
)
CHECKPOINT_AGE = Gauge(
    "tocsin_checkpoint_age_seconds", "Age of the oldest checkpoint among the partitions", registry=WORKER
)
CLOCK = Gauge("tocsin_clock_seconds", "Unix time up to which the slowest partition has decided", registry=WORKER)
STATES_REFUSED = Counter(
    "tocsin_states_refused", "Snapshots that could not be read; their sites start cold", registry=WORKER
)
DEVICES_FORGOTTEN = Counter(
    "tocsin_devices_forgotten", "Devices forgotten for lack of room, least recently heard first", registry=WORKER
)
TAGS_FORGOTTEN = Counter("tocsin_tags_forgotten", "Tags forgotten for lack of room, oldest first", registry=WORKER)
ACTIONS = Counter(
    "tocsin_actions", "What people and actuators did about incidents, by what came of it", ["outcome"], registry=WORKER
)
PARTITIONS = Gauge("tocsin_partitions", "Partitions that this worker owns", registry=WORKER)
SITES = Gauge("tocsin_sites", "Sites known to this worker", registry=WORKER)
SILENT_SITES = Gauge("tocsin_silent_sites", "Sites of which no device speaks any more", registry=WORKER)
DEVICES = Gauge("tocsin_devices", "Devices known to this worker", ["domain"], registry=WORKER)
SILENT_DEVICES = Gauge(
    "tocsin_silent_devices", "Devices that should have spoken and did not", ["domain"], registry=WORKER
)
SITE_DEVICES = Gauge("tocsin_site_devices", "Devices of a site heard within ten minutes", ["site"], registry=WORKER)
COVERAGE = Gauge(
    "tocsin_site_coverage",
    "Share of a site's known devices that are live, 0 to 1: its blindness budget",
    ["site", "domain"],
    registry=WORKER,
)

OPEN_INCIDENTS = Gauge("tocsin_open_incidents", "Incidents that are not closed", ["severity"], registry=NOTIFIER)
SITE_RISK = Gauge("tocsin_site_risk", "Highest risk among a site's open incidents, 0 to 1", ["site"], registry=NOTIFIER)
SITE_EVIDENCE = Gauge(
    "tocsin_site_evidence", "Timeline entries of a site's open incidents", ["site", "domain"], registry=NOTIFIER
)
INCIDENTS_READ = Counter("tocsin_incidents_read", "Incident revisions read from Kafka", ["outcome"], registry=NOTIFIER)
PAGES = Counter("tocsin_pages", "Pages that incidents asked for since this process started", registry=NOTIFIER)
VERDICTS = Counter(
    "tocsin_verdicts", "Verdicts given on incidents since this process started", ["verdict"], registry=NOTIFIER
)
PAGE_DELAY = Histogram(
    "tocsin_page_delay_seconds",
    "From the first sign of an incident to its first page",
    buckets=(1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400),
    registry=NOTIFIER,
)
NOTIFICATIONS = Counter(
    "tocsin_notifications", "Alerts and annotations, by what became of them", ["sink", "outcome"], registry=NOTIFIER
)
NOTIFY_DELAY = Histogram(
    "tocsin_notify_delay_seconds",
    "From an alert's being known here to its being accepted by a sink",
    ["sink"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
    registry=NOTIFIER,
)
SINK_UP = Gauge(
    "tocsin_sink_up", "1 when the last attempt to reach the sink succeeded, else 0", ["sink"], registry=NOTIFIER
)
SINK_PENDING = Gauge(
    "tocsin_sink_pending", "Alerts or incidents that the sink has yet to accept", ["sink"], registry=NOTIFIER
)

SOURCE_UP = Gauge("tocsin_source_up", "1 while the gateway's source works, else 0", ["source"], registry=SITE)
SOURCE_EVENTS = Counter("tocsin_source_events", "Objects that a source of the gateway sent", ["source"], registry=SITE)
SOURCE_REFUSED = Counter(
    "tocsin_source_refused", "Messages of equipment that nobody could take", ["source"], registry=SITE
)
SOURCE_RESTARTS = Counter(
    "tocsin_source_restarts", "Times that a source died and was started again", ["source"], registry=SITE
)

PUBLISHED = Counter("tocsin_published", "Objects of a publisher that Kafka has acknowledged", ["site"], registry=SITE)
PUBLISH_REFUSED = Counter(
    "tocsin_publish_refused", "Objects that a publisher refused, by a short code", ["site", "reason"], registry=SITE
)
SPOOL_OBJECTS = Gauge(
    "tocsin_spool_objects", "Objects of a publisher that Kafka does not have", ["site"], registry=SITE
)
SPOOL_BYTES = Gauge("tocsin_spool_bytes", "Bytes of objects in a publisher's spool", ["site"], registry=SITE)
SPOOL_LOST = Gauge(
    "tocsin_spool_lost_objects",
    "Objects that a publisher's spool has ever given up, being full",
    ["site"],
    registry=SITE,
)

GATED = Counter("tocsin_gate_objects", "Objects read by the gate, by what became of them", ["outcome"], registry=GATE)
GATE_LAG = Gauge("tocsin_gate_lag_records", "Records of sites that this gate has yet to read", registry=GATE)
GATE_SITES = Gauge("tocsin_gate_sites", "Sites whose topics this gate reads", registry=GATE)

SEALED_LINKS = Counter("tocsin_sealed_links", "Links that the ledger has sealed", registry=LEDGER)
SEALED_RECORDS = Counter("tocsin_sealed_records", "Records that the ledger has sealed", registry=LEDGER)
SEAL_AGE = Gauge(
    "tocsin_unsealed_age_seconds", "How long the longest waiting record has been read and not sealed", registry=LEDGER
)
LEDGER_LAG = Gauge("tocsin_ledger_lag_records", "Records in Kafka that the ledger has yet to read", registry=LEDGER)
CONSOLE_REQUESTS = Counter("tocsin_console_requests", "Answers of the console, by status", ["status"], registry=CONSOLE)
CONSOLE_LOGINS = Counter(
    "tocsin_console_logins", "Logins at the console, by what became of them", ["outcome"], registry=CONSOLE
)
CONSOLE_ACTIONS = Counter("tocsin_console_actions", "What people did in the console", ["action"], registry=CONSOLE)
CONSOLE_UNREADABLE = Counter(
    "tocsin_console_unreadable", "Records that the console could not read and left out", registry=CONSOLE
)

ALL: tuple[Counter | Gauge | Histogram, ...] = (
    *(EVENTS, DEAD_LETTERS, DUPLICATES, LATE_EVENTS, FINDINGS, INCIDENT_CHANGES, COMMANDS, LAG, SLICE_SECONDS),
    *(CHECKPOINT_AGE, CLOCK, STATES_REFUSED, DEVICES_FORGOTTEN, TAGS_FORGOTTEN, ACTIONS, PARTITIONS),
    *(SITES, SILENT_SITES, DEVICES, SILENT_DEVICES, SITE_DEVICES, COVERAGE),
    *(OPEN_INCIDENTS, SITE_RISK, SITE_EVIDENCE, INCIDENTS_READ, PAGES, VERDICTS, PAGE_DELAY),
    *(NOTIFICATIONS, NOTIFY_DELAY, SINK_UP, SINK_PENDING),
    *(SOURCE_UP, SOURCE_EVENTS, SOURCE_REFUSED, SOURCE_RESTARTS),
    *(PUBLISHED, PUBLISH_REFUSED, SPOOL_OBJECTS, SPOOL_BYTES, SPOOL_LOST),
    *(GATED, GATE_LAG, GATE_SITES),
    *(SEALED_LINKS, SEALED_RECORDS, SEAL_AGE, LEDGER_LAG),
    *(CONSOLE_REQUESTS, CONSOLE_LOGINS, CONSOLE_ACTIONS, CONSOLE_UNREADABLE),
)


def exposed(metric: Counter | Gauge | Histogram) -> set[str]:
    """Name the series under which Prometheus knows a metric."""
    (family,) = metric.describe()
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
    return {f"{family.name}{suffix}" for suffix in suffixes}


def _start_at_zero() -> None:
    """Show each known label from the start: a rate needs a first value, and a missing series looks like a fault."""
    for domain in DOMAINS:
        for metric in (EVENTS, LAG, DEVICES, SILENT_DEVICES):
            metric.labels(domain)
    for severity in SEVERITIES:
        INCIDENT_CHANGES.labels(severity)
        OPEN_INCIDENTS.labels(severity)
    for outcome in ("taken", "idle", "unknown"):
        ACTIONS.labels(outcome)
    for verdict in ("true_positive", "false_positive", "benign", "test"):
        VERDICTS.labels(verdict)
    for outcome in ("accepted", "refused", "throttled"):
        CONSOLE_LOGINS.labels(outcome)


_start_at_zero()


class Server:
    """An HTTP server in a thread of its own; `close` ends it."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
        self._thread.start()
        self.host = str(server.server_address[0])
        self.port = int(server.server_address[1])

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        return f"http://{self.host}:{self.port}"

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def knows(token: str, authorization: str) -> bool:
    """Whether an `Authorization` header holds the token: `Bearer TOKEN`, or `Basic` with it as the password."""
    scheme, _, given = authorization.strip().partition(" ")
    said = given.encode(errors="replace")
    if scheme.lower() == "basic":
        try:
            said = base64.b64decode(said, validate=True).partition(b":")[2]
        except ValueError:
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(said, token.encode())


def serve(
    registries: Iterable[CollectorRegistry],
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[], str | None] = lambda: None,
    documents: Mapping[str, str] | None = None,
    token: str = "",
) -> Server:
    """Answer `/metrics`, `/healthz` (the process lives), `/readyz` (it does its work) and plain-text documents.

    `ready` returns None, or the reason why not in words. With a `token`, all but `/healthz` ask for it: as a bearer's
    token, or as the password of any user, so that a browser can give it too. Port 0 takes a free one, which
    `Server.port` tells. Raises `OSError` when the address is taken.
    """
    disable_created_metrics()
    shown = (PROCESS, *registries)
    texts = dict(documents or {})

    def answer(path: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            page = b"".join(exposition.generate_latest(registry) for registry in shown)
            return 200, exposition.CONTENT_TYPE_LATEST, page
        if path == "/healthz":
            return 200, "text/plain; charset=utf-8", b"alive\n"
        if path == "/readyz":
            reason = ready()
            return (200 if reason is None else 503), "text/plain; charset=utf-8", f"{reason or 'ready'}\n".encode()
        if path in texts:
            return 200, "text/plain; charset=utf-8", texts[path].encode()
        return 404, "text/plain; charset=utf-8", b"only /metrics, /healthz and /readyz\n"

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:  # http.server calls it by this name
            path = self.path.partition("?")[0]
            known = not token or path == "/healthz" or knows(token, self.headers.get("Authorization", ""))
            status, kind, body = answer(path) if known else (401, "text/plain; charset=utf-8", b"a token is needed\n")
            self.send_response(status)
            if not known:
                self.send_header("WWW-Authenticate", 'Basic realm="tocsin"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any, **kwargs: Any) -> None:
            """Say nothing: a scrape every few seconds is not news."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return Server(server)

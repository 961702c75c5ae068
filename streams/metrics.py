"""Every metric of every process.

A process serves the registry of its role, so that no gauge of the other role stands there at zero. Units are base
units, counters end in `_total`; `site` labels only what concerns a handful of sites, and no tag, plate or incident is
ever a label.
"""

import platform
from importlib.metadata import version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
)

DOMAINS = ("power", "alarm", "camera", "rfid", "shipment")
SEVERITIES = ("info", "warning", "critical")


WORKER = CollectorRegistry()
NOTIFIER = CollectorRegistry()
SITE = CollectorRegistry()
GATE = CollectorRegistry()
LEDGER = CollectorRegistry()
CONSOLE = CollectorRegistry()
ACTUATOR = CollectorRegistry()
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
FINDING_SCORE = Histogram(
    "tocsin_finding_score",
    "Scores of findings, 0 to 1",
    ["detector"],
    buckets=(0.25, 0.5, 0.75, 0.9, 1),
    registry=WORKER,
)
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
WARMING_SITES = Gauge(
    "tocsin_warming_sites", "Sites so new that learnt and silent detectors do not weigh in full yet", registry=WORKER
)
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
SITE_SILENT = Gauge(
    "tocsin_site_silent_devices",
    "A site's devices that should have spoken and did not",
    ["site", "domain"],
    registry=WORKER,
)
SITE_GOODS = Gauge(
    "tocsin_site_order_pallets",
    "Pallets of a site's orders under way: booked, loaded, departed",
    ["site", "step"],
    registry=WORKER,
)
SITE_PLACE = Gauge(
    "tocsin_site_place",
    "1 for a site whose place is declared, in degrees",
    ["site", "latitude", "longitude"],
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
DETECTOR_VERDICTS = Counter(
    "tocsin_detector_verdicts",
    "Verdicts on incidents in whose timeline a detector stands, since this process started",
    ["detector", "verdict"],
    registry=NOTIFIER,
)
JUDGED_RISK = Histogram(
    "tocsin_judged_risk",
    "Risk of incidents when people judged them, by whether it was an attack",
    ["attack"],
    buckets=(0.1, 0.3, 0.5, 0.7, 0.9, 1),
    registry=NOTIFIER,
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
CARRIED_OUT = Counter(
    "tocsin_carried_out", "Commands that an actuator saw to, by what became of them", ["outcome"], registry=ACTUATOR
)

ALL: tuple[Counter | Gauge | Histogram, ...] = (
    *(EVENTS, DEAD_LETTERS, DUPLICATES, LATE_EVENTS, FINDINGS, FINDING_SCORE, INCIDENT_CHANGES, COMMANDS, LAG),
    *(SLICE_SECONDS, CHECKPOINT_AGE, CLOCK, STATES_REFUSED, DEVICES_FORGOTTEN, TAGS_FORGOTTEN, ACTIONS, PARTITIONS),
    *(SITES, SILENT_SITES, WARMING_SITES, DEVICES, SILENT_DEVICES, SITE_DEVICES, COVERAGE),
    *(SITE_SILENT, SITE_GOODS, SITE_PLACE),
    *(OPEN_INCIDENTS, SITE_RISK, SITE_EVIDENCE, INCIDENTS_READ, PAGES, VERDICTS),
    *(DETECTOR_VERDICTS, JUDGED_RISK, PAGE_DELAY),
    *(NOTIFICATIONS, NOTIFY_DELAY, SINK_UP, SINK_PENDING),
    *(SOURCE_UP, SOURCE_EVENTS, SOURCE_REFUSED, SOURCE_RESTARTS),
    *(PUBLISHED, PUBLISH_REFUSED, SPOOL_OBJECTS, SPOOL_BYTES, SPOOL_LOST),
    *(GATED, GATE_LAG, GATE_SITES),
    *(SEALED_LINKS, SEALED_RECORDS, SEAL_AGE, LEDGER_LAG),
    *(CONSOLE_REQUESTS, CONSOLE_LOGINS, CONSOLE_ACTIONS, CONSOLE_UNREADABLE),
    CARRIED_OUT,
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
    for command in ("lockdown", "release", "hold_shipment"):
        COMMANDS.labels(command)
    for verdict in ("true_positive", "false_positive", "benign", "test"):
        VERDICTS.labels(verdict)
    for outcome in ("accepted", "refused", "throttled"):
        CONSOLE_LOGINS.labels(outcome)
    for outcome in ("done", "failed"):
        CARRIED_OUT.labels(outcome)
    for attack in ("yes", "no"):
        JUDGED_RISK.labels(attack)


_start_at_zero()

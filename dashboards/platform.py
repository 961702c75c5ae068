"""Platform: whether we ourselves work."""

from grafana_foundation_sdk.models.dashboard import ValueMap, ValueMappingResult

from dashboards.build import Json, dashboard
from dashboards.colours import DOMAINS, GREEN, ORANGE, RED, YELLOW, steps
from dashboards.expressions import or_none, within
from dashboards.panels import Panels, Query, graph, stat

DOWN = ValueMap({"0": ValueMappingResult(text="none", color=RED)})
OURS = 'job=~"tocsin-.*"'


def platform() -> Json:
    """Build the dashboard."""
    return dashboard(
        "tocsin-platform",
        "Platform",
        "Whether we ourselves work: telemetry in, decisions in time, people told.",
        [*_now(), *_taken_in(), *_let_in(), *_decided(), *_told(), *_sealed(), *_judged(), *_processes()],
    )


def _now() -> Panels:
    return [
        stat(
            "Workers",
            "Workers that answer. None: nothing is detected.",
            Query('sum(up{job="tocsin-worker"}) or vector(0)'),
            thresholds=steps((1, GREEN), base=RED),
            mappings=[DOWN],
            width=8,
        ),
        stat(
            "Partitions owned",
            "Partitions that workers hold, to be compared with the number of partitions.",
            Query("sum(tocsin_partitions)"),
            width=8,
        ),
        stat(
            "Records waiting",
            "Records in Kafka that are yet to be read.",
            Query("sum(tocsin_lag_records)"),
            thresholds=steps((5000, YELLOW), (50000, RED)),
            width=8,
        ),
        stat(
            "Behind",
            "How far the slowest partition's decisions are behind the present.",
            Query("clamp_min(time() - min(tocsin_clock_seconds > 0), 0)"),
            unit="s",
            thresholds=steps((15, YELLOW), (120, RED)),
            width=8,
        ),
        stat(
            "Checkpoint age",
            "Age of the oldest checkpoint, up to a minute under load: what a restart would have to read again.",
            Query("max(tocsin_checkpoint_age_seconds)"),
            unit="s",
            thresholds=steps((90, YELLOW), (120, RED)),
            width=8,
        ),
        stat(
            "Alerts firing",
            "Rules about the platform itself that fire now, without the Watchdog.",
            Query(
                'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or 0 * count(ALERTS{alertname="Watchdog"})'
            ),
            thresholds=steps((1, ORANGE)),
            width=8,
        ),
    ]


def _taken_in() -> Panels:
    return [
        graph(
            "Objects taken in",
            "Valid telemetry objects per second, by domain.",
            Query("sum by (domain) (rate(tocsin_events_total[$__rate_interval]))", "{{domain}}"),
            unit="cps",
            stacked=True,
            hues=DOMAINS,
        ),
        graph(
            "Records waiting by domain",
            "Records in Kafka that are yet to be read. A slope down is catching up.",
            Query("sum by (domain) (tocsin_lag_records)", "{{domain}}"),
            thresholds=steps((50000, RED)),
            hues=DOMAINS,
        ),
        graph(
            "Refused objects",
            "Dead letters per second, by reason. The topic dead-letters says which producer and field.",
            Query("sum by (reason) (rate(tocsin_dead_letters_total[$__rate_interval]))", "{{reason}}"),
            unit="cps",
            width=8,
        ),
        graph(
            "Duplicates and late objects",
            "Objects per second that had been seen before, or came too late to be put in order.",
            Query("sum(rate(tocsin_duplicates_total[$__rate_interval]))", "duplicates"),
            Query("sum(rate(tocsin_late_events_total[$__rate_interval]))", "late"),
            unit="cps",
            width=8,
        ),
        graph(
            "Memory given up",
            "Snapshots that could not be read (cold starts); devices and tags forgotten for lack of room, hourly.",
            Query("sum(increase(tocsin_states_refused_total[1h]))", "snapshots refused"),
            Query("sum(increase(tocsin_devices_forgotten_total[1h]))", "devices forgotten"),
            Query("sum(increase(tocsin_tags_forgotten_total[1h]))", "tags forgotten"),
            width=8,
        ),
    ]


def _let_in() -> Panels:
    """Build what the gate shows; without one everything is at zero."""
    return [
        graph(
            "Gate",
            "Objects per second that the gate read from sites' own topics, by what became of them.",
            Query(
                or_none("sum by (outcome) (rate(tocsin_gate_objects_total[$__rate_interval]))", "outcome"),
                "{{outcome}}",
            ),
            unit="cps",
        ),
        graph(
            "Waiting at the gate",
            "Records of sites that are yet to be let in.",
            Query("sum(tocsin_gate_lag_records) or vector(0)", "records"),
            thresholds=steps((50000, RED)),
            width=6,
        ),
        graph(
            "Sites at the gate",
            "Sites whose topics the gates read; one less means that one can no longer be heard.",
            Query("sum(tocsin_gate_sites) or vector(0)", "sites"),
            width=6,
        ),
    ]


def _decided() -> Panels:
    slices = "sum by (le) (rate(tocsin_slice_seconds_bucket[$__rate_interval]))"
    return [
        graph(
            "Time to decide a slice",
            "From the tick read back to everything published: median and 99th percentile.",
            Query(f"histogram_quantile(0.5, {slices})", "median"),
            Query(f"histogram_quantile(0.99, {slices})", "99 %"),
            unit="s",
            thresholds=steps((1, RED)),
        ),
        graph(
            "Checkpoint age by worker",
            "Age of each worker's oldest checkpoint; a saw-tooth of ten seconds, up to a minute under load, is right.",
            Query("max by (instance) (tocsin_checkpoint_age_seconds)", "{{instance}}"),
            unit="s",
            thresholds=steps((120, RED)),
        ),
    ]


def _told() -> Panels:
    delay = "sum by (le, sink) (rate(tocsin_notify_delay_seconds_bucket[1h]))"
    return [
        graph(
            "Sinks up",
            "1 when the last attempt to reach an Alertmanager or Grafana succeeded.",
            Query("min by (sink) (tocsin_sink_up)", "{{sink}}"),
            width=8,
            most=1,
        ),
        graph(
            "Notifications",
            "Alerts and annotations per minute, by sink and what became of them.",
            Query(
                "60 * sum by (sink, outcome) (rate(tocsin_notifications_total[$__rate_interval]))",
                "{{sink}} {{outcome}}",
            ),
            width=8,
        ),
        graph(
            "Time to tell",
            "95 % of an hour's alerts and annotations were accepted within this time of being known.",
            Query(f"histogram_quantile(0.95, {delay})", "{{sink}}"),
            unit="s",
            thresholds=steps((10, RED)),
            width=8,
        ),
        graph(
            "Incidents read",
            "Revisions that the notifier read per minute; `repeated` ones are harmless, `unreadable` ones are not.",
            Query("60 * sum by (outcome) (rate(tocsin_incidents_read_total[$__rate_interval]))", "{{outcome}}"),
        ),
        graph(
            "Waiting to be told",
            "Alerts and annotations that a sink has yet to accept.",
            Query("sum by (sink) (tocsin_sink_pending)", "{{sink}}"),
        ),
    ]


def _sealed() -> Panels:
    return [
        graph(
            "Sealed",
            "Records and links that the ledger seals per minute: what proves later that nothing was changed.",
            Query("60 * sum(rate(tocsin_sealed_records_total[$__rate_interval])) or vector(0)", "records"),
            Query("60 * sum(rate(tocsin_sealed_links_total[$__rate_interval])) or vector(0)", "links"),
        ),
        graph(
            "Waiting to be sealed",
            "How long the longest waiting record is read and not sealed: a saw-tooth of some five minutes is right.",
            Query("max(tocsin_unsealed_age_seconds) or vector(0)", "longest waiting"),
            unit="s",
            thresholds=steps((900, RED)),
            width=6,
        ),
        graph(
            "Records the ledger has yet to read",
            "Records in Kafka that the ledger has yet to read. A slope down is catching up.",
            Query("sum(tocsin_ledger_lag_records) or vector(0)", "records"),
            thresholds=steps((50000, RED)),
            width=6,
        ),
    ]


def _judged() -> Panels:
    """Build what the console shows; without one everything is at zero."""
    return [
        graph(
            "Console",
            "Answers per minute, by status: 401 and 403 are people without the right, 500 is our fault.",
            Query(
                or_none("60 * sum by (status) (rate(tocsin_console_requests_total[$__rate_interval]))", "status"),
                "{{status}}",
            ),
            width=8,
        ),
        graph(
            "Logins and deeds",
            "Within the hour before: logins by what became of them, and deeds. Many refused logins: somebody guesses.",
            Query(or_none(within("tocsin_console_logins_total", "1h", "outcome"), "outcome"), "logins: {{outcome}}"),
            Query(or_none(within("tocsin_console_actions_total", "1h", "action"), "action"), "deeds: {{action}}"),
            width=8,
        ),
        graph(
            "Records the console left out",
            "Records of the hour before that it could not read: somebody else writes there, or versions differ.",
            Query(f"{within('tocsin_console_unreadable_total', '1h')} or vector(0)", "records"),
            width=8,
        ),
    ]


def _processes() -> Panels:
    return [
        graph(
            "Memory",
            "Resident memory of each process.",
            Query(f"process_resident_memory_bytes{{{OURS}}}", "{{job}} {{instance}}"),
            unit="bytes",
        ),
        graph(
            "Processor",
            "Share of one processor core that each process uses.",
            Query(f"rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval])", "{{job}} {{instance}}"),
            unit="percentunit",
            thresholds=steps((0.9, YELLOW)),
        ),
        graph(
            "Versions",
            "Processes by version of the platform and of Python; more than one line during an update only.",
            Query("count by (version, python) (tocsin_build_info)", "{{version}} on Python {{python}}"),
            width=24,
            height=6,
        ),
    ]

"""What the worker shows of itself on `/metrics`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import inf
from time import monotonic
from typing import Any

from streams import metrics
from streams.incidents.census import Census
from streams.incidents.model import Command, Finding, Incident, Output
from streams.incidents.stats import Stats
from streams.telemetry.decode import Arrival
from streams.telemetry.refusal import Refusal
from streams.worker.clock import TELEMETRY
from streams.worker.runner import Runner

BY_SITE = (metrics.SITE_DEVICES, metrics.COVERAGE, metrics.SITE_SILENT, metrics.SITE_GOODS, metrics.SITE_PLACE)
CENSUS_S = 10.0
"""Seconds between two counts of the devices, which take a look at each of them."""


def read(domain: str, arrivals: list[Arrival], refused: Iterable[Refusal]) -> None:
    """Count what a batch brought."""
    metrics.EVENTS.labels(domain).inc(len(arrivals))
    for refusal in refused:
        metrics.DEAD_LETTERS.labels(refusal.code).inc()


def decided(outputs: list[Output], seconds: float) -> None:
    """Count what a slice led to, and how long it took."""
    metrics.SLICE_SECONDS.observe(seconds)
    for _, _, body in outputs:
        if isinstance(body, Finding):
            metrics.FINDINGS.labels(body.domain, body.detector).inc()
            metrics.FINDING_SCORE.labels(body.detector).observe(body.score)
        elif isinstance(body, Incident):
            metrics.INCIDENT_CHANGES.labels(body.severity).inc()
        elif isinstance(body, Command):
            metrics.COMMANDS.labels(body.command).inc()


class Gauges:
    """What is so now, over all lanes of the process."""

    def __init__(self, runners: Mapping[int, Runner]) -> None:
        self._runners = runners
        self._told: dict[Runner, Counter[Any]] = {}
        self._counted = -inf

    def refresh(self) -> None:
        """Bring the gauges up to date; once a second is enough."""
        runners = list(self._runners.values())
        metrics.PARTITIONS.set(len(runners))
        metrics.SITES.set(sum(len(list(runner.core.sites())) for runner in runners))
        metrics.CHECKPOINT_AGE.set(max((monotonic() - runner.saved for runner in runners), default=0.0))
        clock = min((runner.lane.time for runner in runners), default=-inf)
        if clock > -inf:
            metrics.CLOCK.set(clock)
        for topic in TELEMETRY:
            strands = [runner.lane.strands[topic] for runner in runners]
            waiting = sum(max((strand.highwater or 0) - strand.position, 0) + strand.records for strand in strands)
            metrics.LAG.labels(topic.removeprefix("telemetry.")).set(waiting)
        if monotonic() >= self._counted + CENSUS_S:
            self._counted = monotonic()
            self._census([runner.core.census() for runner in runners])
        self._count(runners)

    @staticmethod
    def _census(counts: list[Census]) -> None:
        metrics.SILENT_SITES.set(sum(one.silent_sites for one in counts))
        metrics.WARMING_SITES.set(sum(one.warming for one in counts))
        for domain in metrics.DOMAINS:
            metrics.DEVICES.labels(domain).set(sum(one.devices[domain] for one in counts))
            metrics.SILENT_DEVICES.labels(domain).set(sum(one.silent[domain] for one in counts))
        # Sites that moved to another worker are shown there.
        for gauge in (
            metrics.SITE_DEVICES,
            metrics.COVERAGE,
            metrics.SITE_SILENT,
            metrics.SITE_GOODS,
            metrics.SITE_PLACE,
        ):
            gauge.clear()
        for one in counts:
            for site, heard in one.heard.items():
                metrics.SITE_DEVICES.labels(site).inc(heard)  # of all partitions: another partitioner may part a site
            for (site, domain), (live, known) in one.coverage.items():
                metrics.COVERAGE.labels(site, domain).set(live / known)
                metrics.SITE_SILENT.labels(site, domain).set(known - live)
            for (site, step), pallets in one.goods.items():
                metrics.SITE_GOODS.labels(site, step).set(pallets)
            for site, (latitude, longitude) in one.places.items():
                metrics.SITE_PLACE.labels(site, f"{latitude:.4f}", f"{longitude:.4f}").set(1)

    def _count(self, runners: list[Runner]) -> None:
        told = self._told
        self._told = {runner: _counted(runner.core.stats) for runner in runners}
        for runner, now in self._told.items():
            for counter, number in (now - told.get(runner, Counter())).items():
                counter.inc(number)


def _counted(stats: Stats) -> Counter[Any]:
    """Say how far each counter has come."""
    now = Counter({metrics.DUPLICATES: stats.duplicates, metrics.LATE_EVENTS: stats.late})
    now.update({metrics.DEVICES_FORGOTTEN: stats.forgotten, metrics.TAGS_FORGOTTEN: stats.tags})
    now.update({metrics.ACTIONS.labels(outcome): number for outcome, number in stats.actions.items()})
    return now

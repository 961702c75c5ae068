"""Shows the board as Prometheus gauges."""

import asyncio
from collections import Counter
from collections.abc import Callable

from streams import metrics
from streams.alerts.board import Board
from streams.alerts.sink import Sink

LINGER = 900.0
"""Seconds for which a site without open incidents still shows zero, so that a graph ends at zero and not in the air."""


class Gauges(Sink):
    """Open incidents by severity; risk and evidence of the sites that have any."""

    def __init__(self, board: Board, now: Callable[[], float]) -> None:
        super().__init__("prometheus")
        self._board = board
        self._now = now
        self._shown: dict[str, float] = {}

    async def bring(self) -> None:
        """Set every gauge; at most ten times a second, however fast incidents change."""
        incidents = list(self._board.incidents.values())
        severities: Counter[str] = Counter(incident.severity for incident in incidents)
        for severity in metrics.SEVERITIES:
            metrics.OPEN_INCIDENTS.labels(severity).set(severities[severity])
        risks: dict[str, float] = {}
        evidence: Counter[tuple[str, str]] = Counter()
        for incident in incidents:
            risks[incident.site] = max(risks.get(incident.site, 0.0), incident.risk)
            evidence.update((incident.site, step.domain) for step in incident.timeline)
        self._shown.update(dict.fromkeys(risks, self._now()))
        for site in list(self._shown):
            self._show(site, risks.get(site, 0.0), evidence)
        await asyncio.sleep(0.1)

    def _show(self, site: str, risk: float, evidence: Counter[tuple[str, str]]) -> None:
        if self._now() - self._shown[site] > LINGER:
            del self._shown[site]
            metrics.SITE_RISK.remove(site)
            for domain in metrics.DOMAINS:
                metrics.SITE_EVIDENCE.remove(site, domain)
            return
        metrics.SITE_RISK.labels(site).set(risk)
        for domain in metrics.DOMAINS:
            metrics.SITE_EVIDENCE.labels(site, domain).set(evidence[site, domain])

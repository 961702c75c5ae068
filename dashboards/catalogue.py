"""All dashboards, and every query in them."""

import re
from typing import NamedTuple

from dashboards.build import Json
from dashboards.detectors import detectors
from dashboards.fleet import fleet
from dashboards.incident import incident
from dashboards.platform import platform
from dashboards.site import site


class PanelQuery(NamedTuple):
    """One expression, by the titles of its dashboard and panel."""

    dashboard: str
    panel: str
    expr: str


def dashboards() -> list[Json]:
    """Build every dashboard, in the order in which people meet them."""
    return [fleet(), site(), incident(), detectors(), platform()]


def queries(interval: str = "1m", **variables: str) -> list[PanelQuery]:
    """List every panel's expressions with Grafana's variables filled in, ready for Prometheus.

    `interval` stands for `$__rate_interval` and `$__interval`; a variable that is not given matches everything where it
    is matched, and `site` must be given for the panels of one site to answer.
    """
    values = {"__rate_interval": interval, "__interval": interval, "domain": ".*", "site": "", **variables}
    return [
        PanelQuery(board["title"], panel["title"], re.sub(r"\$(\w+)", lambda name: values[name[1]], target["expr"]))
        for board in dashboards()
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]

"""A dashboard out of panels, variables and links, as Grafana's JSON.

The schema is that of Grafana 9.3, which every later one migrates when it loads it.
"""

from collections.abc import Sequence

from dashboards.colours import RED, Json
from dashboards.panels import OWN, SOURCE

SCHEMA = 37
WIDTH = 24


def variable(name: str, label: str, expr: str, *, multi: bool = False) -> Json:
    """Offer a choice that Prometheus fills, e.g. `label_values(metric, label)`: one of them, or many."""
    everything = {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}} if multi else {}
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": expr, "refId": "StandardVariableQuery"},
        "definition": expr,
        "refresh": 2,
        "sort": 1,
        "multi": multi,
        "includeAll": multi,
        "hide": 0,
        "options": [],
        "regex": "",
        "skipUrlSync": False,
        **everything,
    }


def textbox(name: str, label: str) -> Json:
    """Offer a choice that is typed, or set by a link."""
    return {
        "type": "textbox",
        "name": name,
        "label": label,
        "query": "",
        "current": {"text": "", "value": ""},
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    }


def link(title: str, url: str) -> Json:
    """Link from a panel's values to elsewhere."""
    return {"title": title, "url": url, "targetBlank": False}


def annotations(*tags: str) -> Json:
    """Draw what is written into Grafana under all these tags across every graph."""
    return {
        "name": "Incidents",
        "datasource": OWN,
        "enable": True,
        "hide": False,
        "iconColor": RED,
        "target": {"limit": 100, "matchAny": False, "tags": list(tags), "type": "tags"},
    }


def dashboard(
    uid: str,
    title: str,
    description: str,
    panels: Sequence[Json],
    *,
    variables: Sequence[Json] = (),
    marked: Sequence[str] = ("tocsin",),
    since: str = "now-6h",
) -> Json:
    """Put panels into rows from left to right in their order, and link to the other dashboards."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["tocsin"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": since, "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(variables)},
        "annotations": {"list": [annotations(*marked)]},
        "links": [_others()],
        "panels": _placed(panels),
    }


def _others() -> Json:
    return {
        "type": "dashboards",
        "title": "Tocsin",
        "tags": ["tocsin"],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _placed(panels: Sequence[Json]) -> list[Json]:
    placed: list[Json] = []
    x = y = row = 0
    for number, panel in enumerate(panels, start=1):
        size = panel["gridPos"]
        if x + size["w"] > WIDTH:
            x, y, row = 0, y + row, 0
        placed.append({**panel, "id": number, "gridPos": {**size, "x": x, "y": y}})
        x, row = x + size["w"], max(row, size["h"])
    return placed

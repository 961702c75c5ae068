"""The kinds of panel that show where and when at a glance: lanes over time, and the map."""

from collections.abc import Sequence

from dashboards.colours import GREY, Json, steps
from dashboards.panels import Query, panel, targets


def lanes(
    title: str,
    description: str,
    query: Query,
    *limits: tuple[float, str],
    width: int = 24,
    height: int = 8,
    unit: str = "short",
) -> Json:
    """Draw one lane a series over time, coloured from the first limit on."""
    return panel(
        "state-timeline",
        title,
        description,
        (width, height),
        unit,
        thresholds=steps(*limits, base=GREY),
        defaults={"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 80, "lineWidth": 0}},
        targets=targets([query]),
        options={
            "mergeValues": True,
            "showValue": "never",
            "rowHeight": 0.9,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
    )


def world(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    thresholds: Json,
    width: int = 12,
    height: int = 10,
    links: Sequence[Json] = (),
) -> Json:
    """Show a map of what has the labels `site`, `latitude` and `longitude`, coloured by its thresholds.

    Its streets come from a server on the internet; where that can't be reached, the countries' borders, which Grafana
    has itself, still tell where one is.
    """
    numbers = [{"targetField": name, "destinationType": "number"} for name in ("latitude", "longitude")]
    marker = {
        "type": "markers",
        "name": "Sites",
        "tooltip": True,
        "location": {"mode": "coords", "latitude": "latitude", "longitude": "longitude"},
        "config": {
            "showLegend": False,
            "style": {
                "color": {"field": "Value", "fixed": "dark-green"},
                "size": {"field": "Value", "fixed": 8, "min": 6, "max": 16},
                "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
                "opacity": 0.8,
            },
        },
    }
    borders = {
        "type": "geojson",
        "name": "Borders",
        "tooltip": False,
        "config": {
            "src": "public/maps/countries.geojson",
            "rules": [],
            "style": {"color": {"fixed": GREY}, "opacity": 0.1, "lineWidth": 1},
        },
    }
    return panel(
        "geomap",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"color": {"mode": "thresholds"}, "min": 0, "max": 1, "links": list(links), "decimals": 0},
        targets=targets([query._replace(instant=True)], table=True),
        transformations=[{"id": "convertFieldType", "options": {"conversions": numbers, "fields": {}}}],
        options={
            "view": {
                "id": "fit",
                "allLayers": False,
                "layer": marker["name"],
                "lat": 0,
                "lon": 0,
                "zoom": 5,
                "padding": 10,
            },
            "basemap": {"type": "default", "name": "Map", "config": {}},
            "layers": [borders, marker],
            "controls": {"showZoom": True, "mouseWheelZoom": False, "showAttribution": True, "showScale": False},
            "tooltip": {"mode": "details"},
        },
    )

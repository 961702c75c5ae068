"""The kinds of panel that show where and when at a glance: lanes over time, and the map."""

from dashboards.panels import Json, Query, panel, targets


def lanes(
    title: str,
    description: str,
    query: Query,
    *,
    thresholds: Json,
    width: int = 24,
    height: int = 7,
    unit: str = "short",
) -> Json:
    """Draw one lane a series over time, coloured by its thresholds."""
    return panel(
        "state-timeline",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False}},
        targets=targets([query]),
        options={
            "mergeValues": True,
            "showValue": "auto",
            "alignValue": "left",
            "rowHeight": 0.9,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
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
    height: int = 14,
    links: list[Json] | None = None,
) -> Json:
    """Show a map of what has the labels `site`, `latitude` and `longitude`, coloured by its thresholds."""
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
    return panel(
        "geomap",
        title,
        description,
        (width, height),
        unit,
        thresholds=thresholds,
        defaults={"color": {"mode": "thresholds"}, "min": 0, "max": 1, "links": links or []},
        targets=targets([query._replace(instant=True)], table=True),
        transformations=[{"id": "convertFieldType", "options": {"conversions": numbers, "fields": {}}}],
        options={
            "view": {"id": "fit", "allLayers": True, "lat": 0, "lon": 0, "zoom": 5, "padding": 10},
            "basemap": {"type": "default", "name": "Map", "config": {}},
            "layers": [marker],
            "controls": {"showZoom": True, "mouseWheelZoom": False, "showAttribution": True, "showScale": False},
            "tooltip": {"mode": "details"},
        },
    )

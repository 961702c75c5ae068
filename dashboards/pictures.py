"""The kinds of panel that show where and when at a glance: lanes over time, and the map."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.common import FrameGeometrySource, MapLayerOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.geomap import ControlsOptions, MapViewConfig, TooltipOptions
from grafana_foundation_sdk.builders.geomap import Panel as Geomap
from grafana_foundation_sdk.builders.statetimeline import Panel as StateTimeline
from grafana_foundation_sdk.models.common import (
    FrameGeometrySourceMode,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.geomap import MapCenterID, TooltipMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.colours import GREY, steps
from dashboards.panels import LEGEND, Query, measured

PLACE = ("latitude", "longitude")


def lanes(
    title: str,
    description: str,
    query: Query,
    *limits: tuple[float, str],
    width: int = 24,
    height: int = 8,
    unit: str = "short",
) -> StateTimeline:
    """Draw one lane a series over time, coloured from the first limit on."""
    panel = measured(
        StateTimeline(),
        title,
        description,
        query,
        size=(width, height),
        unit=unit,
        thresholds=steps(*limits, base=GREY),
    )
    panel.color_scheme(FieldColor()).fill_opacity(80).line_width(0).show_value(VisibilityMode.NEVER).legend(LEGEND)
    return panel.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.NONE)).disable_pagination()


def world(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    thresholds: ThresholdsConfig,
    width: int = 12,
    height: int = 10,
    links: Sequence[DashboardLink] = (),
) -> Geomap:
    """Show a map of what has the labels `site`, `latitude` and `longitude`, coloured by its thresholds.

    Its streets come from a server on the internet; where that can't be reached, the countries' borders, which Grafana
    has itself, still tell where one is.
    """
    asked = query.instant().format(PromQueryFormat.TABLE)
    numbers = [{"targetField": name, "destinationType": "number"} for name in PLACE]
    panel = measured(Geomap(), title, description, asked, size=(width, height), unit=unit, thresholds=thresholds)
    panel.color_scheme(FieldColor()).min(0).max(1).decimals(0).data_links(list(links))
    panel.with_transformation(DataTransformerConfig("convertFieldType", options={"conversions": numbers, "fields": {}}))
    for name in PLACE:  # else they would be told in the unit of the values
        panel.override_by_name(name, [DynamicConfigValue("unit", "degree"), DynamicConfigValue("decimals", 4)])
    panel.view(MapViewConfig().id(MapCenterID.FIT).all_layers(False).layer("Sites").zoom(5).padding(10))
    panel.basemap(MapLayerOptions().type("default").name("Map").config({}))
    panel.layers([_borders(), _sites()])
    panel.controls(ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_attribution(True).show_scale(False))
    return panel.tooltip(TooltipOptions().mode(TooltipMode.DETAILS))


def _borders() -> MapLayerOptions:
    config = {
        "src": "public/maps/countries.geojson",
        "rules": [],
        "style": {"color": {"fixed": GREY}, "opacity": 0.1, "lineWidth": 1},
    }
    return MapLayerOptions().type("geojson").name("Borders").tooltip(False).config(config)


def _sites() -> MapLayerOptions:
    style = {
        "color": {"field": "Value", "fixed": "dark-green"},
        "size": {"field": "Value", "fixed": 8, "min": 6, "max": 16},
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
        "opacity": 0.8,
    }
    latitude, longitude = PLACE
    place = FrameGeometrySource().mode(FrameGeometrySourceMode.COORDS).latitude(latitude).longitude(longitude)
    marker = MapLayerOptions().type("markers").name("Sites").tooltip(True).location(place)
    return marker.config({"showLegend": False, "style": style})

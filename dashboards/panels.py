"""The kinds of panel: plain functions over the builders of `grafana-foundation-sdk`.

The builders write panels for Grafana 12. What they add to what is asked of them is a default of 9.4 too or a name that
it passes over; where it would be neither, 9.4's own default is asked for. Their dashboards of version 1, which they
advise against, are the only ones that 9.4 reads.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders.annotationslist import Panel as AnnotationsList
from grafana_foundation_sdk.builders.bargauge import Panel as BarGauge
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink, FieldColor, ThresholdsConfig
from grafana_foundation_sdk.builders.geomap import Panel as Geomap
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.statetimeline import Panel as StateTimeline
from grafana_foundation_sdk.builders.text import Panel as Text
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    DataSourceRef,
    GraphDrawStyle,
    GraphGradientMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import Panel, ValueMapping
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from dashboards.colours import PLAIN, UNKNOWN, fixed, stepped

Measured = TypeVar("Measured", BarGauge, Geomap, Stat, StateTimeline, TimeSeries)

Panels = list[Builder[Panel]]

SOURCE = DataSourceRef("prometheus", "tocsin-prometheus")
OWN = DataSourceRef("grafana", "-- Grafana --")
NOW = ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)
LEGEND = VizLegendOptions().show_legend(True)


class Query(Dataquery):
    """A PromQL expression and how its series are called; `step` asks for one value in so much time at most (`5m`)."""

    def __init__(self, expr: str, legend: str = "__auto", step: str = "") -> None:
        super().__init__()
        self.expr(expr).legend_format(legend).range().datasource(SOURCE)
        self.format(PromQueryFormat.TIME_SERIES).editor_mode(QueryEditorMode.CODE)
        if step:
            self.interval(step)


def measured(
    panel: Measured,
    title: str,
    description: str,
    *queries: Query,
    size: tuple[int, int],
    unit: str,
    thresholds: ThresholdsConfig,
) -> Measured:
    """Say what a panel of numbers is about, how large it is, what it asks Prometheus, and what its values mean."""
    for number, query in enumerate(queries):
        panel.with_target(query.ref_id(chr(ord("A") + number)))
    panel.title(title).description(description).span(size[0]).height(size[1])
    return panel.datasource(SOURCE).unit(unit).thresholds(thresholds)


def stat(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    thresholds: ThresholdsConfig = PLAIN,
    width: int = 6,
    height: int = 3,
    mappings: Sequence[ValueMapping] = (),
) -> Stat:
    """Show one number, coloured by its thresholds; grey where nobody tells it."""
    panel = measured(Stat(), title, description, query, size=(width, height), unit=unit, thresholds=thresholds)
    panel.mappings([*mappings, UNKNOWN]).reduce_options(NOW)
    if stepped(thresholds):
        panel.color_mode(BigValueColorMode.BACKGROUND)
    return panel if unit == "s" else panel.decimals(0)


def graph(
    title: str,
    description: str,
    *queries: Query,
    unit: str = "short",
    thresholds: ThresholdsConfig = PLAIN,
    width: int = 12,
    height: int = 8,
    style: str = "line",
    stacked: bool = False,
    graded: bool = False,
    most: float | None = None,
    hues: Mapping[str, str] | None = None,
    listed: bool = False,
) -> TimeSeries:
    """Draw lines over time; thresholds beyond the first colour are drawn as lines.

    `style` is `line`, or `bars` for what happens now and then; `graded` colours one line by its thresholds, `hues`
    many by their names; `listed` names many series at the right, the highest first.
    """
    panel = measured(TimeSeries(), title, description, *queries, size=(width, height), unit=unit, thresholds=thresholds)
    areas = stacked or style == "bars"  # without an outline: that of a zero would lie on what is below it
    panel.draw_style(GraphDrawStyle(style)).line_width(0 if areas else 2).fill_opacity(70 if areas else 0)
    panel.show_points(VisibilityMode.NEVER).span_nulls(False).min(0)
    panel.stacking(StackingConfig().mode(StackingMode.NORMAL if stacked else StackingMode.NONE).group("A"))
    limits = GraphThresholdsStyleMode.DASHED if stepped(thresholds) else GraphThresholdsStyleMode.OFF
    panel.thresholds_style(GraphThresholdsStyleConfig().mode(limits))
    panel.tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    if graded:
        panel.gradient_mode(GraphGradientMode.SCHEME).color_scheme(FieldColor())
    if most is not None:
        panel.max(most)
    for name, hue in (hues or {}).items():
        panel.override_by_name(name, fixed(hue))
    if not listed:
        return panel.legend(LEGEND)
    names = VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.TABLE).placement(LegendPlacement.RIGHT)
    return panel.legend(names.calcs(["max"]).sort_by("Max").sort_desc(True))


def bars(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    thresholds: ThresholdsConfig = PLAIN,
    width: int = 12,
    height: int = 8,
    most: float | None = None,
    links: Sequence[DashboardLink] = (),
) -> BarGauge:
    """Draw one horizontal bar a series, as it is now."""
    panel = measured(
        BarGauge(), title, description, query.instant(), size=(width, height), unit=unit, thresholds=thresholds
    )
    panel.mappings([UNKNOWN]).data_links(list(links)).reduce_options(NOW).min(0)
    panel.display_mode(BarGaugeDisplayMode.BASIC).orientation(VizOrientation.HORIZONTAL)
    panel.min_viz_width(0).min_viz_height(10)  # the defaults of 9.4; 12 does not ask where it sizes by itself
    if most is not None:
        panel.max(most)
    return panel if unit == "s" else panel.decimals(0)


def happenings(
    title: str, description: str, tags: Sequence[str], *, width: int = 12, height: int = 10
) -> AnnotationsList:
    """List what was annotated under all these tags; the tags themselves would take half of the panel."""
    panel = AnnotationsList().title(title).description(description).span(width).height(height).datasource(OWN)
    panel.tags(list(tags)).limit(50).show_tags(False).show_user(False)
    return panel.navigate_to_panel(False).navigate_before("1h").navigate_after("1h")


def text(title: str, description: str, markdown: str, *, width: int = 24, height: int = 3) -> Text:
    """Show words, in Markdown."""
    return Text().title(title).description(description).span(width).height(height).content(markdown)

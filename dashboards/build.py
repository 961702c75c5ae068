"""A dashboard out of panels, variables and links, as Grafana's JSON."""

import json
from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    QueryVariable,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.models.dashboard import (
    AnnotationTarget,
    DashboardCursorSync,
    DashboardLinkType,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.colours import RED
from dashboards.panels import OWN, SOURCE, Panels

Json = dict[str, Any]

SCHEMA = 37
"""That of Grafana 9.3, which every later one migrates when it loads it; the SDK would write 42."""


def variable(name: str, label: str, expr: str, *, multi: bool = False) -> QueryVariable:
    """Offer a choice that Prometheus fills, e.g. `label_values(metric, label)`: one of them, or many."""
    choice = QueryVariable(name).label(label).datasource(SOURCE).multi(multi).include_all(multi)
    choice.query({"query": expr, "refId": "StandardVariableQuery"}).definition(expr)
    choice.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return choice.all_value(".*").current(VariableOption(text=["All"], value=["$__all"])) if multi else choice


def textbox(name: str, label: str) -> TextBoxVariable:
    """Offer a choice that is typed, or set by a link."""
    return TextBoxVariable(name).label(label).default_value("").current(VariableOption())


def link(title: str, url: str) -> DashboardLink:
    """Link from a panel's values to elsewhere."""
    return DashboardLink(title).url(url)


def annotations(*tags: str) -> AnnotationQuery:
    """Draw what is written into Grafana under all these tags across every graph."""
    marked = AnnotationQuery().name("Incidents").datasource(OWN).icon_color(RED)
    target = AnnotationTarget(limit=100, tags=list(tags), type_val="tags")
    marked.build().target = UnknownDataquery(target.to_json())  # for the SDK it is no query of any data source
    return marked


def dashboard(
    uid: str,
    title: str,
    description: str,
    panels: Panels,
    *,
    variables: Sequence[Builder[VariableModel]] = (),
    marked: Sequence[str] = ("tocsin",),
    since: str = "now-6h",
) -> Json:
    """Put panels into rows from left to right in their order, and link to the other dashboards."""
    board = Dashboard(title).uid(uid).description(description).tags(["tocsin"]).readonly()
    board.tooltip(DashboardCursorSync.CROSSHAIR).refresh("5s").time(since, "now").timezone("browser")
    board.variables(list(variables)).annotation(annotations(*marked)).link(_others())
    for number, panel in enumerate(panels, start=1):
        panel.build().id_val = number
        board.with_panel(panel)
    board.build().schema_version = SCHEMA
    plain: Json = json.loads(json.dumps(board.build(), cls=JSONEncoder), object_hook=_in_sight)
    return plain


def _others() -> DashboardLink:
    others = DashboardLink("Tocsin").type(DashboardLinkType.DASHBOARDS).tags(["tocsin"])
    return others.include_vars(True).keep_time(True).icon("external link").url("")


def _in_sight(made: Json) -> Json:
    """Leave links and annotations where people see them: the SDK moves them all into a menu of later Grafanas."""
    return {name: value for name, value in made.items() if (name, value) != ("placement", "inControlsMenu")}

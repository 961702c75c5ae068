"""Incident: where a page's link leads."""

from dashboards.build import Json, dashboard, textbox, variable
from dashboards.colours import DOMAINS, RED, YELLOW, steps
from dashboards.expressions import QUIET
from dashboards.fleet import RISK
from dashboards.panels import Query, graph, happenings, stat, text

WORDS = """Incident ${incident} at **${site}** · [its site](/d/tocsin-site?var-site=${site}&${__url_time_range}) ·
[all sites](/d/tocsin-fleet?${__url_time_range}) · [what found it](/d/tocsin-detectors?${__url_time_range}) ·
the page tells the timeline; what it means and whom to call stands in its runbook, *SiteIncident*."""


def incident() -> Json:
    """Build the dashboard."""
    return dashboard(
        "tocsin-incident",
        "Incident",
        "One incident: how it grew, and whether people were told in time.",
        [
            text("About", "Which incident this is, and where to read on.", WORDS),
            stat(
                "Risk now",
                "Probability that this is an attack.",
                Query(f'max(tocsin_site_risk{{site="$site"}}) or {QUIET}'),
                unit="percentunit",
                thresholds=RISK,
            ),
            stat(
                "Domains",
                "Domains with evidence. Two independent ones page.",
                Query(f'count(sum by (domain) (tocsin_site_evidence{{site="$site"}}) > 0) or {QUIET}'),
                thresholds=steps((1, YELLOW), (2, RED)),
            ),
            *[
                stat(
                    "RFID" if domain == "rfid" else domain.capitalize(),
                    f"Timeline entries of {domain} in the site's open incidents.",
                    Query(f'sum(tocsin_site_evidence{{site="$site", domain="{domain}"}}) or {QUIET}'),
                    thresholds=steps((1, YELLOW), (5, RED)),
                    width=6 if domain in ("power", "alarm") else 8,
                )
                for domain in ("power", "alarm", "camera", "rfid")
            ],
            stat(
                "Shipment",
                "Timeline entries of shipment in the site's open incidents: goods on the move leave little time.",
                Query(f'sum(tocsin_site_evidence{{site="$site", domain="shipment"}}) or {QUIET}'),
                thresholds=steps((1, RED)),
                width=8,
            ),
            happenings(
                "Timeline", "What happened to this incident, newest first.", ["tocsin", "incident:$incident"], height=12
            ),
            graph(
                "Evidence by domain",
                "Timeline entries of the site's open incidents. The second colour is what makes it page.",
                Query('sum by (domain) (tocsin_site_evidence{site="$site"})', "{{domain}}"),
                height=12,
                stacked=True,
                hues=DOMAINS,
            ),
            graph(
                "Risk",
                "Probability of an attack at this site.",
                Query('max(tocsin_site_risk{site="$site"})', "risk"),
                unit="percentunit",
                thresholds=RISK,
                graded=True,
                most=1,
            ),
            stat(
                "Time to Alertmanager",
                "95 % of the alerts of the last hour were accepted by Alertmanager within this time of being known.",
                Query(
                    "histogram_quantile(0.95, sum by (le)"
                    ' (rate(tocsin_notify_delay_seconds_bucket{sink=~"alertmanager.*"}[1h])))'
                ),
                unit="s",
                thresholds=steps((5, YELLOW), (10, RED)),
                width=6,
                height=8,
            ),
            stat(
                "Waiting to be told",
                "Alerts and annotations that a sink has yet to accept. Above zero for long: look at Platform.",
                Query("sum(tocsin_sink_pending)"),
                thresholds=steps((1, YELLOW), (50, RED)),
                width=6,
                height=8,
            ),
        ],
        variables=[
            variable("site", "Site", "label_values(tocsin_site_risk, site)"),
            textbox("incident", "Incident"),
        ],
        marked=("tocsin", "incident:$incident"),
    )

"""Site: one warehouse, its five domains on one time axis."""

from dashboards.build import Json, dashboard, variable
from dashboards.colours import BLUE, DOMAINS, GREEN, ORANGE, RED, YELLOW, steps
from dashboards.expressions import QUIET
from dashboards.fleet import RISK
from dashboards.panels import Query, bars, graph, happenings, stat
from dashboards.pictures import lanes


def site() -> Json:
    """Build the dashboard."""
    return dashboard(
        "tocsin-site",
        "Site",
        "One site: how sure we are that something is wrong, and which domains say so.",
        [
            stat(
                "Devices",
                "How many of the site's devices spoke within the last ten minutes.",
                Query('sum(tocsin_site_devices{site="$site"})'),
                thresholds=steps((1, BLUE), base=RED),
                width=4,
            ),
            stat(
                "Risk",
                "Highest probability of an attack among the site's open incidents.",
                Query(f'max(tocsin_site_risk{{site="$site"}}) or {QUIET}'),
                unit="percentunit",
                thresholds=RISK,
                width=5,
            ),
            stat(
                "Domains",
                "How many of the five domains the open incidents have evidence of. Two independent ones page.",
                Query(f'count(sum by (domain) (tocsin_site_evidence{{site="$site"}}) > 0) or {QUIET}'),
                thresholds=steps((1, YELLOW), (2, RED)),
                width=5,
            ),
            stat(
                "Evidence",
                "Entries in the timelines of the site's open incidents.",
                Query(f'sum(tocsin_site_evidence{{site="$site"}}) or {QUIET}'),
                thresholds=steps((1, YELLOW), (10, ORANGE)),
                width=5,
            ),
            stat(
                "Rank",
                "How many sites are at least as risky as this one; 1 is the riskiest; without an incident it has none.",
                Query(
                    'count(max by (site) (tocsin_site_risk) >= on() group_left() max(tocsin_site_risk{site="$site"}))'
                ),
                width=5,
            ),
            lanes(
                "The five domains",
                "One lane a domain: when it had evidence of the open incidents, and how many timeline entries by then.",
                Query('sum by (domain) (tocsin_site_evidence{site="$site"})', "{{domain}}"),
                *((1, YELLOW), (5, ORANGE), (20, RED)),
            ),
            graph(
                "Evidence by domain",
                "Timeline entries of the open incidents: the five domains on one axis, as they spoke.",
                Query('sum by (domain) (tocsin_site_evidence{site="$site"})', "{{domain}}"),
                width=16,
                height=10,
                stacked=True,
                hues=DOMAINS,
            ),
            happenings("What happened here", "This site's incidents, newest first.", ["tocsin", "site:$site"], width=8),
            graph(
                "Risk over time",
                "Probability of an attack, as evidence came and faded.",
                Query('max(tocsin_site_risk{site="$site"})', "risk"),
                unit="percentunit",
                thresholds=RISK,
                graded=True,
                most=1,
            ),
            graph(
                "Blindness budget",
                "Share of the site's known devices that are live, by domain: what could be seen if it happened now.",
                Query('max by (domain) (tocsin_site_coverage{site="$site"})', "{{domain}}"),
                unit="percentunit",
                most=1,
                hues=DOMAINS,
            ),
            graph(
                "Heard and silent",
                "Devices heard within ten minutes, and those that should have spoken and did not.",
                Query('sum(tocsin_site_devices{site="$site"})', "heard"),
                Query('sum(tocsin_site_silent_devices{site="$site"})', "silent"),
                width=8,
                hues={"heard": GREEN, "silent": RED},
            ),
            bars(
                "Silent devices by domain",
                "Devices that should have spoken and did not, right now.",
                Query('max by (domain) (tocsin_site_silent_devices{site="$site"})', "{{domain}}"),
                thresholds=steps((1, YELLOW), (5, RED)),
                width=8,
            ),
            graph(
                "Goods",
                "Pallets of the orders under way. More loaded than booked, or loads that grow without a booking: ask.",
                Query('max by (step) (tocsin_site_order_pallets{site="$site"})', "{{step}}"),
                width=8,
            ),
        ],
        variables=[variable("site", "Site", "label_values(tocsin_site_devices, site)")],
        marked=("tocsin", "site:$site"),
    )

"""Fleet: every site at a glance; what hangs on the wall."""

from dashboards.build import Json, dashboard, link
from dashboards.colours import DOMAINS, GREEN, ORANGE, RED, SEVERITIES, YELLOW, steps
from dashboards.expressions import UNSEEN, counted, within
from dashboards.panels import Panels, Query, bars, graph, happenings, stat
from dashboards.pictures import world

SITE = link("Open the site", "/d/tocsin-site?var-site=${__field.labels.site}&${__url_time_range}")
RISK = steps((0.3, YELLOW), (0.6, ORANGE), (0.9, RED))
LIVE = steps((0.5, YELLOW), (0.9, GREEN), base=RED)

PLACES = "max by (site, latitude, longitude) (tocsin_site_place)"


def fleet() -> Json:
    """Build the dashboard."""
    return dashboard(
        "tocsin-fleet",
        "Fleet",
        "Every site at a glance: what is open, where, and who has gone blind.",
        [
            stat(
                "Critical incidents",
                "Open incidents that page. Anything above zero has somebody on the way.",
                Query('sum(tocsin_open_incidents{severity="critical"})'),
                thresholds=steps((1, RED)),
            ),
            stat(
                "Warnings",
                "Open incidents that somebody should look at in this shift.",
                Query('sum(tocsin_open_incidents{severity="warning"})'),
                thresholds=steps((1, YELLOW), (10, ORANGE)),
            ),
            stat(
                "Pages, 12 h",
                "How often the on-call person was called in the last twelve hours.",
                Query(within("tocsin_pages_total", "12h")),
                thresholds=steps((1, YELLOW), (5, RED)),
            ),
            stat("Sites", "Sites known, declared or learnt.", Query("sum(tocsin_sites)")),
            stat(
                "Silent sites",
                "Sites of which not one device speaks.",
                Query("sum(tocsin_silent_sites)"),
                thresholds=steps((1, RED)),
            ),
            stat(
                "Silent devices",
                "Share of all known devices that should have spoken and did not.",
                Query("sum(tocsin_silent_devices) / clamp_min(sum(tocsin_devices), 1)"),
                unit="percentunit",
                thresholds=steps((0.02, YELLOW), (0.1, RED)),
            ),
            *_shift(),
            world(
                "Map of sites",
                "Every site whose place is declared, coloured by risk; one without an open incident is at zero.",
                Query(f"sort(max by (site) (tocsin_site_risk) * on (site) group_right () {PLACES} or {PLACES} * 0)"),
                unit="percentunit",
                thresholds=RISK,
                links=[link("Open the site", "/d/tocsin-site?var-site=${__data.fields.site}&${__url_time_range}")],
            ),
            bars(
                "Sites by risk",
                "Probability that a site's open incident is an attack. A site without one is not listed.",
                Query("sort_desc(topk(10, max by (site) (tocsin_site_risk)))", "{{site}}"),
                unit="percentunit",
                thresholds=RISK,
                most=1,
                height=10,
                links=[SITE],
            ),
            bars(
                "Blindest sites",
                "Mean share of live devices over a site's domains, the least first: below one half a site is blind.",
                Query("sort(bottomk(10, avg by (site) (max by (site, domain) (tocsin_site_coverage))))", "{{site}}"),
                unit="percentunit",
                thresholds=LIVE,
                most=1,
                height=9,
                links=[SITE],
            ),
            happenings("Incidents", "What opened, escalated and closed, newest first.", ["tocsin"], height=9),
            graph(
                "Open incidents",
                "Incidents that are not closed, by severity.",
                Query("sum by (severity) (tocsin_open_incidents)", "{{severity}}"),
                stacked=True,
                hues=SEVERITIES,
            ),
            graph(
                "Findings",
                "What detectors saw, by domain; one bar for five minutes or more. The noise, and what rises above it.",
                Query(counted("tocsin_findings_total", "domain"), "{{domain}}", step="5m"),
                style="bars",
                stacked=True,
                hues=DOMAINS,
            ),
            graph(
                "Silent devices by domain",
                "Devices that should have spoken and did not. A step has one cause; a slope is batteries.",
                Query("sum by (domain) (tocsin_silent_devices)", "{{domain}}"),
                hues=DOMAINS,
            ),
            graph(
                "Telemetry",
                "Valid objects taken in per second, by domain.",
                Query("sum by (domain) (rate(tocsin_events_total[$__rate_interval]))", "{{domain}}"),
                unit="cps",
                stacked=True,
                hues=DOMAINS,
            ),
        ],
    )


def _shift() -> Panels:
    """Build a row about the last twelve hours, the figures of `tocsin report`."""
    delay = "sum by (le) (increase(tocsin_page_delay_seconds_bucket[12h]))"
    return [
        stat(
            "Time to page, 12 h",
            "Median time from an incident's first sign to its page, of the last twelve hours.",
            Query(f"histogram_quantile(0.5, {delay})"),
            unit="s",
            thresholds=steps((600, YELLOW), (3600, RED)),
        ),
        stat(
            "Verdicts, 12 h",
            "Incidents that people judged in the last twelve hours.",
            Query(within("tocsin_verdicts_total", "12h")),
        ),
        stat(
            "Judged false, 12 h",
            "Incidents of the last twelve hours' verdicts that were no attack.",
            Query(within('tocsin_verdicts_total{verdict=~"false_positive|benign"}', "12h")),
            thresholds=steps((1, YELLOW), (5, RED)),
        ),
        stat(
            "Coverage",
            "Share of all known devices that are live right now: the fleet's blindness budget.",
            Query("1 - sum(tocsin_silent_devices) / clamp_min(sum(tocsin_devices), 1)"),
            unit="percentunit",
            thresholds=steps((0.9, YELLOW), (0.98, GREEN), base=RED),
        ),
        stat(
            "Findings, 12 h",
            "Things that detectors saw in the last twelve hours.",
            Query(f"{within('tocsin_findings_total', '12h')} or {UNSEEN}"),
        ),
        stat(
            "Dead letters, 12 h",
            "Objects that were refused in the last twelve hours; by reason on Platform.",
            Query(f"{within('tocsin_dead_letters_total', '12h')} or {UNSEEN}"),
            thresholds=steps((1, YELLOW)),
        ),
    ]

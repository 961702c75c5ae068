"""Detectors: who finds what, and how often people agree."""

from dashboards.build import Json, dashboard, variable
from dashboards.colours import RED, SEVERITIES, YELLOW, steps
from dashboards.expressions import QUIET, UNSEEN, counted, or_none, within
from dashboards.panels import Panels, Query, bars, graph, stat

FOUND = 'tocsin_findings_total{domain=~"$domain"}'


def detectors() -> Json:
    """Build the dashboard."""
    return dashboard(
        "tocsin-detectors",
        "Detectors",
        "Who finds what, how much of it counts, and how often people agree.",
        [
            stat(
                "Findings, 24 h",
                "Things that detectors of the chosen domains saw in the last day.",
                Query(f"{within(FOUND, '24h')} or {UNSEEN}"),
                width=8,
            ),
            stat(
                "Incident changes, 24 h",
                "Published revisions of incidents: findings that counted.",
                Query(within("tocsin_incident_changes_total", "24h")),
                width=8,
            ),
            stat(
                "Judged wrong",
                "Share of the verdicts since the notifier's start that say false positive.",
                Query(
                    'sum(tocsin_verdicts_total{verdict="false_positive"}) / clamp_min(sum(tocsin_verdicts_total), 1)'
                ),
                unit="percentunit",
                thresholds=steps((0.2, YELLOW), (0.5, RED)),
                width=8,
            ),
            stat(
                "Late objects",
                "Share of the objects of the last hour that came too late to be put in order.",
                Query("sum(rate(tocsin_late_events_total[1h])) / clamp_min(sum(rate(tocsin_events_total[1h])), 1e-9)"),
                unit="percentunit",
                thresholds=steps((0.01, YELLOW), (0.1, RED)),
                width=8,
            ),
            stat(
                "Duplicates",
                "Share of the objects of the last hour that had been seen before.",
                Query("sum(rate(tocsin_duplicates_total[1h])) / clamp_min(sum(rate(tocsin_events_total[1h])), 1e-9)"),
                unit="percentunit",
                thresholds=steps((0.05, YELLOW), (0.3, RED)),
                width=8,
            ),
            stat(
                "Sites warming up",
                "Sites of less than three days: what is learnt or silent does not weigh in full there yet.",
                Query("sum(tocsin_warming_sites)"),
                thresholds=steps((1, YELLOW)),
                width=8,
            ),
            graph(
                "Findings by detector",
                "One bar for ten minutes or more. Who shouts all day has learnt the wrong normal, or a device fails.",
                Query(f"{counted(FOUND, 'detector')} > 0", "{{detector}}", step="10m"),
                width=14,
                height=10,
                style="bars",
                stacked=True,
                listed=True,
            ),
            bars(
                "Loudest detectors, 24 h",
                "Findings of the last day by detector.",
                Query(f"sort_desc(topk(12, {within(FOUND, '24h', 'detector')}))", "{{detector}}"),
                width=10,
                height=10,
            ),
            graph(
                "Incident changes by severity",
                "Published revisions, one bar for ten minutes or more.",
                Query(counted("tocsin_incident_changes_total", "severity"), "{{severity}}", step="10m"),
                style="bars",
                stacked=True,
                hues=SEVERITIES,
            ),
            bars(
                "Verdicts",
                "What people found incidents to be, since the notifier's start.",
                Query("sum by (verdict) (tocsin_verdicts_total)", "{{verdict}}"),
            ),
            *_judged(),
            graph(
                "Commands",
                "Lock-downs, releases and held shipments that were advised or ordered within the hour before.",
                Query(within("tocsin_commands_total", "1h", "command"), "{{command}}"),
                height=6,
            ),
            graph(
                "What people did",
                "Acknowledged, assigned, noted, released, confirmed within the hour before. `unknown` is about an "
                "incident or a command that is not under way, `idle` changed nothing.",
                Query(within("tocsin_actions_total", "1h", "outcome"), "{{outcome}}"),
                height=6,
            ),
        ],
        variables=[variable("domain", "Domain", "label_values(tocsin_events_total, domain)", multi=True)],
        since="now-24h",
    )


def _judged() -> Panels:
    """Build what tells whether scores and risks mean what they say."""
    wrong = 'tocsin_detector_verdicts_total{verdict=~"false_positive|benign"}'
    judged = 'increase(tocsin_judged_risk_bucket{le!="+Inf"}[30d])'
    attacks = 'increase(tocsin_judged_risk_bucket{attack="yes", le!="+Inf"}[30d])'
    return [
        graph(
            "Scores",
            "Median and 90th percentile of the scores of an hour. A rise without incidents: something learns wrong.",
            Query(_scored(0.5), "median"),
            Query(_scored(0.9), "90 %"),
            unit="percentunit",
            most=1,
        ),
        bars(
            "Mean score by detector, 24 h",
            "How sure each detector was on average; the surest first.",
            Query(
                "sort_desc(topk(10, sum by (detector) (increase(tocsin_finding_score_sum[24h]))"
                " / (sum by (detector) (increase(tocsin_finding_score_count[24h])) > 0)))",
                "{{detector}}",
            ),
            unit="percentunit",
            most=1,
        ),
        bars(
            "Part in false alarms",
            "Verdicts against attack on incidents in which a detector had a part, since the notifier's start.",
            Query(or_none(f"sort_desc(topk(10, sum by (detector) ({wrong})))", "detector", QUIET), "{{detector}}"),
            thresholds=steps((1, YELLOW), (5, RED)),
        ),
        bars(
            "Calibration, 30 days",
            "Share of attacks among judged incidents up to each risk. Well calibrated, it stays below the risk itself.",
            Query(f"sum by (le) ({attacks}) / clamp_min(sum by (le) ({judged}), 1)", "risk ≤ {{le}}"),
            unit="percentunit",
            most=1,
        ),
    ]


def _scored(share: float) -> str:
    return f"histogram_quantile({share}, sum by (le) (increase(tocsin_finding_score_bucket[1h])))"

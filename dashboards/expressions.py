"""PromQL that says zero where nothing happened, and nothing where nobody would know."""

QUIET = "0 * sum(tocsin_open_incidents)"
"""Zero for a site without an incident, as long as a notifier answers."""
UNSEEN = "0 * sum(tocsin_sites)"
"""Zero for what a worker counts by a label and has not seen yet, as long as one answers."""


def within(counter: str, window: str, by: str = "") -> str:
    """Count what happened within a window such as `12h`; Prometheus extrapolates, so it is rounded."""
    return f"round(sum{f' by ({by})' if by else ''} (increase({counter}[{window}])))"


def counted(counter: str, by: str) -> str:
    """Count what happened since the value before: one bar of a graph."""
    return within(counter, "$__interval", by)


def or_none(expr: str, label: str, zero: str = "vector(0)") -> str:
    """Draw a line `none` at zero where there is not a single series, such as of a process that few people run.

    `zero` says nothing itself where nobody would know: `QUIET`, `UNSEEN`.
    """
    return f'{expr} or on() label_replace({zero}, "{label}", "none", "", "")'

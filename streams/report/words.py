"""A shift as Markdown, which reads well on a terminal, too."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from streams.report.shift import Shift, Site

MOST_SITES = 40
MOST_LINES = 15
"""Detectors and reasons that are listed at most."""
LONGEST = 90


def markdown(shift: Shift) -> str:
    """Write the report."""
    parts = [f"# Shift from {_moment(shift.since)} to {_moment(shift.until)}", table(["", ""], _figures(shift))]
    if shift.pages:
        head = ["page", "site", "after first sign", "after second domain", "verdict", "acknowledged", "what"]
        rows = [
            [
                _moment(page.time) + (f" (no. {page.number})" if page.number > 1 else ""),
                page.site,
                _span(page.delay_s),
                _span(page.delay_second_domain_s),
                page.verdict or "",
                page.acknowledged_by or "",
                _short(page.summary.removeprefix(f"{page.site}: ")),
            ]
            for page in shift.pages
        ]
        parts += ["## Pages", table(head, rows)]
    parts += ["## Sites", _sites(shift)] if shift.sites else []
    for title, what, counts in (
        ("Findings", "detector", shift.findings),
        ("Dead letters", "reason", shift.dead_letters),
    ):
        if counts:
            parts += [f"## {title}", table([what, "count"], _counts(counts))]
    return "\n\n".join(parts) + "\n"


def _figures(shift: Shift) -> list[list[str]]:
    verdicts = ", ".join(f"{count} {name}" for name, count in shift.verdicts.items())
    return [
        ["pages", f"{len(shift.pages)}, of them false {shift.false_pages}"],
        ["first sign → page", f"{_span(shift.delay_s)} (median)"],
        ["second domain → page", f"{_span(shift.delay_second_domain_s)} (median)"],
        ["verdicts", verdicts or "none"],
        ["open incidents", f"{shift.open_incidents}, of them critical and not acknowledged {shift.unacknowledged}"],
        ["silent devices", str(shift.silent_devices)],
        ["coverage", _share(shift.coverage)],
        ["dead letters", str(sum(shift.dead_letters.values()))],
    ]


def _sites(shift: Shift) -> str:
    head = ["site", "pages", "false", "open", "findings", "devices", "silent", "coverage"]
    rows = [[site.site, *map(str, _numbers(site)), _share(site.coverage)] for site in shift.sites[:MOST_SITES]]
    more = len(shift.sites) - MOST_SITES
    return table(head, rows) + (f"\n\nand {more} more, without pages" if more > 0 else "")


def _numbers(site: Site) -> tuple[int, ...]:
    return site.pages, site.false_pages, site.open, site.findings, site.devices, site.silent_devices


def _counts(counts: Mapping[str, int]) -> list[list[str]]:
    listed = list(counts.items())
    rows = [[_short(name), str(count)] for name, count in listed[:MOST_LINES]]
    rest = sum(count for _, count in listed[MOST_LINES:])
    return [*rows, ["others", str(rest)]] if rest else rows


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table of Markdown whose columns stand under each other."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([f"{lines[0]} |", rule, *(f"{line} |" for line in lines[1:])])


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"

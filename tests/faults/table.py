"""The table of faults × invariants, as the README carries it."""

from pathlib import Path

from tests.faults.checker import INVARIANTS, Verdict

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- faults -->\n", "<!-- end -->"


def table(verdicts: dict[str, Verdict]) -> str:
    """Make the table: for each fault how often each invariant was violated, and how long a site went unprocessed."""
    head = ("fault", "objects", "incidents", "pages", *INVARIANTS, "longest pause, s", "then × the load")
    rows = [head, ("---",) * len(head)]
    for name, verdict in verdicts.items():
        broken = [str(len(verdict.violations[invariant])) for invariant in INVARIANTS]
        gap = f"{verdict.gap:.0f}"
        drained = "" if verdict.drained is None else f"{verdict.drained:.1f}"
        rows.append((name, f"{verdict.objects:,}", str(verdict.incidents), str(verdict.pages), *broken, gap, drained))
    total = sum(verdict.objects for verdict in verdicts.values())
    broken = [str(sum(len(each.violations[name]) for each in verdicts.values())) for name in INVARIANTS]
    sums = (sum(each.incidents for each in verdicts.values()), sum(each.pages for each in verdicts.values()))
    rows.append(("**all**", f"{total:,}", *map(str, sums), *broken, "", ""))
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write(verdicts: dict[str, Verdict]) -> None:
    """Put the table into the README."""
    before, _, rest = README.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}{table(verdicts)}{END}{after}")

"""`python -m tests.quality`: every scenario at several seeds, months of ordinary life; prints and saves the table."""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from tests.quality.run import Outcome, run
from tests.quality.suites import Case, ordinary, scenarios
from tests.quality.table import show
from tests.quality.tally import base_rates, measures, reliability


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="estates for each scenario")
    parser.add_argument("--first", type=int, default=0, help="number of the first seed and estate: others are held out")
    parser.add_argument("--attacks", nargs="*", metavar="NAME", help="only these attacks; none: no attack")
    parser.add_argument("--benign", nargs="*", metavar="NAME", help="only these look-alikes; none: no look-alike")
    parser.add_argument("--ordinary", type=int, default=16, help="estates of ordinary life")
    parser.add_argument("--sites", type=int, default=4, help="sites of each of them")
    parser.add_argument("--days", type=int, default=60, help="days of each of them")
    parser.add_argument("--warm-up", type=int, default=14, help="days before a scenario")
    parser.add_argument("--dense", action="store_true", help="with all devices of a site, not a few slow ones")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, help="save everything to this JSON file")
    return parser.parse_args()


def cases(chosen: argparse.Namespace) -> list[Case]:
    """List what is to be run, the longest first."""
    found = list(ordinary(chosen.ordinary, chosen.sites, chosen.days, chosen.first))
    for kind, names in (("attack", chosen.attacks), ("benign", chosen.benign)):
        if names is None or names:
            found += scenarios(kind, chosen.seeds, names, chosen.warm_up, chosen.first)
    if chosen.dense:
        found = [msgspec.structs.replace(case, sparse=False) for case in found]
    return sorted(found, key=lambda case: -case.weight)


def outcomes(found: list[Case], processes: int, progress: Progress) -> Iterator[Outcome]:
    """Run the cases in processes of their own; yield as they are done."""
    task = progress.add_task("site-days", total=sum(case.weight for case in found))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            for future in as_completed([pool.submit(run, case) for case in found]):
                outcome = future.result()
                progress.advance(task, outcome.case.weight)
                name = outcome.case.scenario or "ordinary life"
                progress.console.print(f"{name}, seed {outcome.case.seed}: {outcome.seconds:.0f} s")
                yield outcome
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise


def save(done: list[Outcome], path: Path) -> None:
    """Write measures and outcomes as JSON."""
    whole = {
        "measures": [asdict(one) | {"good": one.good} for one in measures(done)],
        "reliability": reliability(done),
        "base_rates": base_rates(done),
        "outcomes": done,
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1) + b"\n")


def main() -> int:
    """Run, print, save; 1 when a floor is missed, 130 when interrupted (with the table of what was done)."""
    chosen = options()
    done: list[Outcome] = []
    code = 0
    try:
        with Progress(console=Console(stderr=True)) as progress:
            for outcome in outcomes(cases(chosen), chosen.processes, progress):
                done.append(outcome)
    except KeyboardInterrupt:
        code = 130
    done.sort(key=lambda outcome: (outcome.case.kind, outcome.case.scenario, outcome.case.seed))
    show(done, Console(width=None if sys.stdout.isatty() else 180))
    if chosen.out:
        save(done, chosen.out)
    return code or int(not all(one.good for one in measures(done)))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.quality.grafts`: attacks grafted onto another hand's ordinary week; prints how each was noticed."""

import argparse
from concurrent.futures import ProcessPoolExecutor
from statistics import median, quantiles

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.quality.grafts.host import RECORDING
from tests.quality.grafts.nights import ATTACKS, SITES, Night, live


def main() -> None:
    """Run them and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.quality.grafts", description=__doc__)
    parser.add_argument("--attacks", nargs="*", choices=ATTACKS, default=list(ATTACKS), metavar="NAME")
    parser.add_argument("--days", nargs="*", type=int, default=[2, 3], help="after which of the recording's days")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    if not RECORDING.is_file():
        parser.error(f"{RECORDING} is not here: it comes beside the project, not with it")
    jobs = [(attack, site, day) for attack in chosen.attacks for site in SITES for day in chosen.days]
    with ProcessPoolExecutor(chosen.processes) as pool:
        nights = list(track(pool.map(live, *zip(*jobs, strict=True)), "nights", total=len(jobs)))
    show(nights)


def show(nights: list[Night]) -> None:
    """Print what came of them, and the sum."""
    table = Table("attack", "site", "second domain, min", "page, min", "goods, min", "other pages")
    for night in nights:
        times = ("–" if at is None else f"{at:.0f}" for at in (night.second, night.page, night.goods))
        table.add_row(night.attack, night.site, *times, str(night.elsewhere))
    console = Console()
    console.print(table)
    after = [one.page - one.second for one in nights if one.page is not None and one.second is not None]
    ahead = [one.page is not None and one.page < one.goods for one in nights if one.goods is not None]
    console.print(f"paged {sum(one.page is not None for one in nights)} of {len(nights)}")
    if len(after) > 1:
        worst = quantiles(after, n=10, method="inclusive")[-1]
        console.print(f"page after the second domain, min: median {median(after):.1f}, p90 {worst:.1f}")
    console.print(
        f"before the goods: {sum(ahead)} of {len(ahead)}; other pages: {sum(one.elsewhere for one in nights)}"
    )


if __name__ == "__main__":
    main()

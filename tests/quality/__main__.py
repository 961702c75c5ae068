"""`python -m tests.quality`: reference nights and thirty ordinary days at ten sites, several seeds; takes an hour."""

import sys

from tests.quality.run import simulated


def main() -> None:
    """Print a table."""
    show = sys.stdout.write
    show("reference nights: seed, paged, seconds after the second domain's first sign, false pages\n")
    for seed in range(101, 111):
        report = simulated(seed, 1, 3, ["reference-night"])
        [row] = report["labels"]
        show(f"{seed:5} {row['paged']!s:5} {row['delay_second_domain_s']} {report['false_pages']}\n")
    show("ordinary: seed, site-days, pages, false warnings a site-month\n")
    for seed in range(101, 104):
        report = simulated(seed, 10, 30)
        show(f"{seed:5} {report['site_days']:.0f} {report['pages']} {report['false_warnings_per_site_month']}\n")


main()

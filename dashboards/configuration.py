"""The configuration files of Prometheus and Alertmanager, the same ones wherever they run, and the runbooks.

Alertmanager has no variables, so whom it tells is put into its file when it is deployed:
`python -m dashboards.configuration alertmanager.yml PAGER SHIFT WATCHDOG`; `dashboards.receivers` tells what these may
be, and the variables of a mail server.
"""

import json
import os
import sys
from pathlib import Path

from dashboards.receivers import NAMES, Addresses, mail_server, receiver, sort_out

PROMETHEUS = Path(__file__).parent / "prometheus"
RUNBOOKS = Path(__file__).parent / "runbooks"
ALERTMANAGER = Path(__file__).parent / "alertmanager" / "alertmanager.yml"
ALERTMANAGER_FLAGS = ("--data.retention=1440h", "--cluster.listen-address=")
"""Longer than the longest `repeat_interval`: else Alertmanager forgets that it has paged, and pages again."""
PROMETHEUS_FLAGS = ("--storage.tsdb.retention.time=30d", "--rules.alert.resend-delay=15s")
"""Resent soon: an Alertmanager that started a moment ago knows all alerts a quarter of a minute later."""


def alertmanager(
    pager: str, shift: str | None = None, watchdog: str | None = None, mail: dict[str, str] | None = None
) -> str:
    """Fill in whom the receivers are; what is left out goes to the pager's.

    `mail` are Alertmanager's global settings of a mail server. Alertmanager's message names its receiver, so one
    webhook can serve all three. Raises `ValueError` for what can't be an address.
    """
    text, _, _ = ALERTMANAGER.read_text("utf-8").partition("\nreceivers:\n")
    listed = []
    for name, given in zip(NAMES, (pager, shift or pager, watchdog or pager), strict=True):
        regions = sort_out(name, given)
        routes = [{"matchers": [f'region="{region}"'], "receiver": f"{name}-{region}"} for region in regions if region]
        text = text.replace(f"routes: []  # {name}", f"routes: {json.dumps(routes)}")
        listed += [_named(name, region, addresses, mail) for region, addresses in regions.items()]
    settings = f"global: {json.dumps(mail)}\n\n" if mail else ""
    return f"{settings}{text}\nreceivers: {json.dumps(listed, indent=2)}\n"


def _named(name: str, region: str, addresses: Addresses, mail: dict[str, str] | None) -> dict[str, object]:
    if not mail and any(kind == "mailto" for kind, _ in addresses):
        raise ValueError(f"The {name} is told by e-mail: set SMTP_HOST and SMTP_FROM as well.")
    return receiver(name, region, addresses)


def runbooks() -> dict[str, str]:
    """Read the runbooks: the name of the alert → Markdown."""
    return {file.stem: file.read_text("utf-8") for file in sorted(RUNBOOKS.glob("*.md"))}


def main(arguments: list[str]) -> int:
    """Write the filled-in file; answers 0, or 2 after saying what is wrong."""
    if len(arguments) != 4:
        sys.stderr.write(f"Give the file to write and the addresses of {', '.join(NAMES)}.\n")
        return 2
    file, pager, shift, watchdog = arguments
    try:
        Path(file).write_text(alertmanager(pager, shift, watchdog, mail_server(os.environ)), "utf-8")
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

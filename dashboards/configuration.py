"""The configuration files of Prometheus and Alertmanager, the same ones wherever they run, and the runbooks.

Alertmanager has no variables, so the receivers' addresses are put into its file when it is deployed:
`python -m dashboards.configuration alertmanager.yml PAGER_URL SHIFT_URL WATCHDOG_URL`
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

PROMETHEUS = Path(__file__).parent / "prometheus"
RUNBOOKS = Path(__file__).parent / "runbooks"
ALERTMANAGER = Path(__file__).parent / "alertmanager" / "alertmanager.yml"
ALERTMANAGER_FLAGS = ("--data.retention=1440h", "--cluster.listen-address=")
"""Longer than the longest `repeat_interval`: else Alertmanager forgets that it has paged, and pages again."""
PROMETHEUS_FLAGS = ("--storage.tsdb.retention.time=30d", "--rules.alert.resend-delay=15s")
"""Resent soon: an Alertmanager that started a moment ago knows all alerts a quarter of a minute later."""
RECEIVERS = ("pager", "shift", "watchdog")


def alertmanager(pager_url: str, shift_url: str | None = None, watchdog_url: str | None = None) -> str:
    """Fill in the receivers' addresses; what is left out goes to the pager's.

    Alertmanager's message names its receiver, so one address can serve all three. Raises `ValueError` for what is no
    http(s) address.
    """
    text = ALERTMANAGER.read_text("utf-8")
    urls = (pager_url, shift_url or pager_url, watchdog_url or pager_url)
    for receiver, url in zip(RECEIVERS, urls, strict=True):
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.netloc or any(sign in url for sign in "'\n\r"):
            raise ValueError(f"The {receiver}'s address {url!r} is not one such as https://pager.example/hook.")
        text = text.replace(f"http://{receiver}.invalid/", f"'{url}'")
    return text


def runbooks() -> dict[str, str]:
    """Read the runbooks: the name of the alert → Markdown."""
    return {file.stem: file.read_text("utf-8") for file in sorted(RUNBOOKS.glob("*.md"))}


def main(arguments: list[str]) -> int:
    """Write the filled-in file; answers 0, or 2 after saying what is wrong."""
    if len(arguments) != 1 + len(RECEIVERS):
        sys.stderr.write(f"Give the file to write and the addresses of {', '.join(RECEIVERS)}.\n")
        return 2
    try:
        Path(arguments[0]).write_text(alertmanager(*arguments[1:]), "utf-8")
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

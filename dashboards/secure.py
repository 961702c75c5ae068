"""Prometheus's configuration for where everything speaks TLS: `python -m dashboards.secure FOLDER`."""

import re
import shutil
import sys
from pathlib import Path

from dashboards.configuration import PROMETHEUS

AUTHORITY = "/authority/ca.pem"
JOB = "\n  - job_name: "


def scrapes(text: str) -> str:
    """Let Prometheus speak TLS to all that it asks and tells.

    What it finds by its address shows a certificate for the name under which it was looked up.
    """
    head, *jobs = text.split(JOB)
    told = f"    - scheme: https\n      tls_config: {{ca_file: {AUTHORITY}}}\n      file_sd_configs:"
    return JOB.join([head.replace("    - file_sd_configs:", told), *map(_job, jobs)])


def _job(block: str) -> str:
    name, _, rest = block.partition("\n")
    looked_up = re.search(r"names: \[(.+)\]", rest)
    shown = f", server_name: {looked_up[1]}" if looked_up else ""
    return f"{name}\n    scheme: https\n    tls_config: {{ca_file: {AUTHORITY}{shown}}}\n{rest}"


def links(text: str) -> str:
    """Let the rules' alerts link to pages that speak TLS."""
    return text.replace("http://127.0.0.1", "https://127.0.0.1")


def main(folder: str) -> None:
    """Write all of it into a folder."""
    shutil.copytree(PROMETHEUS, folder, dirs_exist_ok=True)
    for name, change in (("prometheus.yml", scrapes), ("rules.yml", links)):
        Path(folder, name).write_text(change((PROMETHEUS / name).read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
